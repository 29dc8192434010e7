// Asks every few seconds whether the share still stands. Where it does not, what plays stops at
// once and the page says whom to ask. A network that is away is no end of a share.
import { full, isFull } from "../recordings/full.js";
const EVERY = 3000;
const guard = document.getElementById("share-guard");
const ended = document.getElementById("share-ended");
const offline = document.getElementById("share-offline");
const video = document.getElementById("video");
let busy = false, over = false, timer = 0;

const wanted = () => document.visibilityState === "visible" || (video && !video.paused);

/** Nothing of it stays on show: not the picture, its sound, its stills, nor what would fetch more. */
function stop(words) {
  over = true;
  clearInterval(timer);
  if (video) {
    video.pause();
    video.removeAttribute("src");
    video.removeAttribute("poster");
    video.load();
  }
  for (const picture of document.querySelectorAll("#stills, #preview-picture, .tile")) picture.style.backgroundImage = "none";
  if (isFull()) full();
  const content = document.getElementById("share-content");
  if (content) content.hidden = true;
  offline.hidden = true;
  ended.hidden = false;
  ended.textContent = words;
  ended.focus();
}

async function ask() {
  if (busy || over || !wanted()) return;
  busy = true;
  try {
    const answer = await fetch(guard.dataset.state, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
    offline.hidden = true;
    if (answer.status === 404) {
      let said = "";
      try { said = (await answer.json()).said; } catch { /* said to strangers: no words */ }
      stop(said || "This share has ended. Ask the person who sent the link.");
    }
  } catch { offline.hidden = false; }
  busy = false;
}

timer = setInterval(ask, EVERY);
document.addEventListener("visibilitychange", ask);
addEventListener("online", ask);
addEventListener("pageshow", (event) => { if (event.persisted) ask(); }); // back from another page: it may have ended

// "Mark this time" takes the player's position. The list comes anew with each mark, so the page listens.
document.addEventListener("click", (event) => {
  if (!event.target.closest("#mark-this")) return;
  const time = document.getElementById("time"), field = document.getElementById("mark-at");
  if (!time || !field) return;
  field.value = time.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("mark-text").focus();
});
