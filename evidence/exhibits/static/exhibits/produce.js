// The range of a clip: set from the player's place, and played before it is produced. Everything
// here can be typed as well; without this script the buttons are not there.
const by = (id) => document.getElementById(id);
const player = by("player"), form = by("produce");
const now = () => by("time").value;

/** Put the range into the player's own loop, and play it from its start. */
function play() {
  for (const end of ["from", "to"]) {
    const loop = by(`loop-${end}`);
    loop.value = by(end).value;
    loop.dispatchEvent(new Event("change"));
  }
  by("goto-time").value = by("from").value;
  by("goto").dispatchEvent(new Event("submit", { cancelable: true })); // requestSubmit: Safari 16
  const button = player.querySelector('[data-do="play"]');
  if (button.textContent.trim() === "Play") button.click();
  player.scrollIntoView({ block: "nearest" });
}

function show() {
  by("range").hidden = by("what-whole").checked;
}

if (form) {
  for (const radio of form.querySelectorAll('input[name="what"]')) radio.addEventListener("change", show);
  show();
}
if (player && form) {
  for (const button of form.querySelectorAll("[data-set]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      if (button.dataset.set === "try") play();
      else by(button.dataset.set).value = now();
    });
  }
}
