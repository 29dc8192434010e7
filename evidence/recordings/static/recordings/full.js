// Full screen, under the names that browsers had for it (Safari before 16.4; a phone's film alone).
export const isFull = () => Boolean(document.fullscreenElement || document.webkitFullscreenElement); // requestFullscreen: as below

/** Into it or out of it. `refused` is told where a browser has none, or does not want to. */
export async function full(root, refused = () => {}) {
  try {
    if (isFull()) await (document.exitFullscreen || document.webkitExitFullscreen).call(document);
    else if (root.requestFullscreen || root.webkitRequestFullscreen)
      await (root.requestFullscreen || root.webkitRequestFullscreen).call(root);
    else root.querySelector("video").webkitEnterFullscreen();
  } catch { refused(); }
}

export function whenFull(act) {
  for (const name of ["fullscreenchange", "webkitfullscreenchange"]) document.addEventListener(name, act);
}
