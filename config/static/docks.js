// A dock's screen says that it is not up to date when nothing came for ten seconds. The cover
// stands there from the start: it goes only with news, so a script that never ran hides nothing.
const PATIENCE = 10000;
const cover = document.getElementById("stale");
const main = document.getElementById("main");
let news = performance.now();

const judge = () => {
  const stale = performance.now() - news > PATIENCE;
  if (cover.hidden === stale) {
    cover.hidden = !stale;
    main.inert = stale; // an older browser (inert: Safari 15.5) has the cover alone
  }
};

document.body.addEventListener("htmx:afterSwap", () => {
  news = performance.now();
  judge();
});
// A page that the browser kept while the machine slept is old, whatever its clock says.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
setInterval(judge, 500);
judge();
