// While the package is being made, its part of the page is asked for anew every two seconds.
(() => {
  "use strict";
  const part = document.getElementById("package-state");
  if (!part) return;
  const again = async () => {
    if (!part.querySelector("[data-package-making]")) return;
    try {
      const answer = await fetch(part.dataset.url, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) part.innerHTML = await answer.text();
      else if (answer.status < 500) { location.reload(); return; }
    } catch { /* no connection: asked again */ }
    setTimeout(again, 2000);
  };
  setTimeout(again, 1000);
})();
