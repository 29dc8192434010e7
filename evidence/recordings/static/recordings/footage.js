// "Select group" chooses its rows, and the bar says how many are chosen. Without this script the
// box stands for its rows when the form is sent.
const list = document.querySelector(".worklist");
const words = document.getElementById("chosen");
const rows = (box) => [...box.closest(".group").querySelectorAll('input[name="pick"]')];

function count() {
  const chosen = list.querySelectorAll('input[name="pick"]:checked').length;
  if (words) words.textContent = chosen === 1 ? "1 chosen" : `${chosen} chosen`;
  for (const box of list.querySelectorAll('input[name="group"]')) {
    const all = rows(box);
    const some = all.filter((one) => one.checked).length;
    box.checked = all.length > 0 && some === all.length;
    box.indeterminate = some > 0 && some < all.length;
  }
}

list?.addEventListener("change", (event) => {
  if (event.target.name === "group") {
    for (const one of rows(event.target)) one.checked = event.target.checked;
  }
  if (event.target.name === "group" || event.target.name === "pick") count();
});
document.body.addEventListener("htmx:afterSettle", count);
if (list) count();
