// The rows of what a redacted copy covers and silences: added, taken from the player's place and
// drawn on its picture. Everything here can be typed; without this script there are empty rows.
import { stamp, typed } from "../recordings/times.js";
import { Boxes } from "./boxes.js";

const FIELDS = { cover: ["from", "to", "area", "left", "top", "width", "height", "reason"], silence: ["from", "to", "reason"] };
const SIDES = ["left", "top", "width", "height"];
const LONG = 3; // seconds of a cover that was just drawn
const by = (id) => document.getElementById(id);
const form = by("produce"), section = by("hides"), player = by("player"), video = by("video");

const now = () => typed(by("time").value) ?? 0;
const total = JSON.parse(by("player-data").textContent).segments.reduce((sum, one) => sum + one.seconds, 0);
const field = (row, name) => row.querySelector(`[name="${row.dataset.kind}_${name}"]`);
const rows = (kind) => [...by(`${kind}-list`).children];
const number = (row) => rows(row.dataset.kind).indexOf(row) + 1;
const say = (words) => { by("cover-said").textContent = words; };
const per = (text) => { const value = Number(text.replace(",", ".").replace("%", "").trim()); return text.trim() && value >= 0 && value <= 100 ? value : null; };

/** The box that is typed in a row; null where there is none yet. */
function box(row) {
  if (field(row, "area").value === "whole") return { left: 0, top: 0, width: 100, height: 100 };
  const sides = SIDES.map((side) => per(field(row, side).value));
  if (sides.includes(null) || !sides[2] || !sides[3]) return null;
  return Object.fromEntries(SIDES.map((side, at) => [side, sides[at]]));
}

let chosen = null;
const boxes = new Boxes(player.querySelector(".picture"), video, {
  drawn: (made) => { add("cover", made); say(`Part ${rows("cover").length} drawn. Select why, and its times.`); },
  changed: (row, made) => { fill(row, made); chosen = row; show(); },
  keyed: (key, row) => {
    if (key === "Enter") { field(row, "from").focus(); return true; }
    if (key === "Delete" || key === "Backspace") { remove(row); return true; }
    return false;
  },
});

function fill(row, made) {
  field(row, "area").value = "part";
  for (const side of SIDES) field(row, side).value = String(made[side]);
}

/** Every box as the copy will have it at this moment; the chosen one always. */
function show() {
  const at = now();
  for (const row of rows("cover")) {
    const from = typed(field(row, "from").value), to = typed(field(row, "to").value);
    const due = from !== null && to !== null && at >= from - 0.0005 && at <= to + 0.0005;
    const picked = row === chosen || boxes.drawing && due;
    boxes.show(row, section.hidden ? null : box(row), number(row), picked ? "chosen" : due ? "shown" : "hidden");
    row.querySelector(".hide-box").hidden = field(row, "area").value === "whole";
  }
}

function turn() { show(); if (!video.paused) requestAnimationFrame(turn); }

function seek(position) {
  by("goto-time").value = stamp(position);
  by("goto").dispatchEvent(new Event("submit", { cancelable: true })); // requestSubmit: Safari 16
}

/** The picture, where it was not asked for yet: boxes need its shape. */
function load() { if (!video.videoWidth) seek(now()); }

function renumber(kind) {
  rows(kind).forEach((row, at) => {
    row.querySelector("[data-number]").textContent = at + 1;
    for (const node of row.querySelectorAll("[id], [for], [aria-describedby]"))
      for (const name of ["id", "for", "aria-describedby"])
        if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace(/^(cover|silence)-\w+-/, `$1-${at + 1}-`));
  });
}

function button(words, act, label = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "govuk-button govuk-button--secondary";
  made.textContent = words;
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** What a row can do with a script: times from the player, its box, away with it. */
function equip(row) {
  const line = document.createElement("div"), cover = row.dataset.kind === "cover";
  line.className = "hide-acts";
  for (const [name, words] of [["from", "From here"], ["to", "To here"]])
    line.append(button(words, () => { field(row, name).value = stamp(now()); show(); }));
  if (cover) line.append(button("On the picture", () => edit(row)));
  line.append(button("Remove", () => remove(row)));
  row.querySelector("fieldset").append(line);
  row.addEventListener("input", show);
  if (cover) row.addEventListener("focusin", () => { chosen = row; show(); });
}

function add(kind, made) {
  by(`${kind}-list`).append(by(`${kind}-blank`).content.cloneNode(true));
  const row = by(`${kind}-list`).lastElementChild;
  renumber(kind);
  equip(row);
  const least = typed(by("from").value) ?? 0, most = typed(by("to").value) || total;
  const from = Math.max(least, Math.min(now(), most - 0.1)), to = Math.min(most, from + LONG);
  field(row, "from").value = stamp(Math.max(0, from));
  field(row, "to").value = stamp(Math.max(to, 0));
  if (made) { fill(row, made); chosen = row; }
  show();
  return row;
}

function edit(row) {
  if (!box(row)) fill(row, { left: 40, top: 40, width: 20, height: 20 });
  seek(typed(field(row, "from").value) ?? now());
  chosen = row;
  show();
  player.scrollIntoView({ block: "nearest" });
  boxes.focus(row);
  say(`Part ${number(row)} is on the picture. Arrows move it, Shift and arrows size it, Enter goes to its times.`);
}

function remove(row) {
  const { kind } = row.dataset, at = number(row);
  boxes.forget(row);
  if (chosen === row) chosen = null;
  row.remove();
  renumber(kind);
  (by(`${kind}-list`).children[Math.max(0, at - 2)]?.querySelector("input") || by(`${kind}-add`)).focus();
  say(`${kind === "cover" ? "Part" : "Silence"} ${at} removed`);
  show();
}

function drawing(on) {
  by("cover-draw").setAttribute("aria-pressed", String(on));
  boxes.draw(on);
  if (on) { load(); player.scrollIntoView({ block: "nearest" }); say("Drag a box over the picture. Drag a box to move it, its corner to size it. Press Draw on the picture again when you are done."); }
  show();
}

function toggle() {
  section.hidden = !by("what-redacted").checked;
  if (section.hidden) drawing(false);
  show();
}

for (const node of section.querySelectorAll(".hide-tools")) node.hidden = false;
for (const node of section.querySelectorAll(".hide-typed")) node.hidden = true;
for (const kind of Object.keys(FIELDS)) {
  for (const row of rows(kind)) {
    const empty = FIELDS[kind].every((name) => name === "area" || !field(row, name).value);
    if (empty) row.remove(); else equip(row);
  }
  renumber(kind);
}
by("cover-draw").addEventListener("click", () => drawing(!boxes.drawing));
by("cover-add").addEventListener("click", () => { const row = add("cover", { left: 40, top: 40, width: 20, height: 20 }); load(); edit(row); });
by("silence-add").addEventListener("click", () => field(add("silence"), "from").focus());
for (const radio of form.querySelectorAll('input[name="what"]')) radio.addEventListener("change", toggle);
document.addEventListener("focusin", (event) => {
  const row = boxes.rowOf(event.target) || event.target.closest?.('[data-kind="cover"]');
  if (row !== chosen) { chosen = row || null; show(); }
});
for (const name of ["timeupdate", "seeked", "pause", "loadedmetadata"]) video.addEventListener(name, show);
video.addEventListener("play", turn);
// One field instead of eight a row: a form has no room for five hundred rows.
form.addEventListener("formdata", ({ formData }) => {
  const packed = {};
  for (const [kind, names] of Object.entries(FIELDS)) {
    packed[kind] = rows(kind).map((row) => names.map((name) => field(row, name).value));
    for (const name of names) formData.delete(`${kind}_${name}`);
  }
  formData.set("packed", JSON.stringify(packed));
});
toggle();
