// The layers of the timeline. Each is a lane to look at and point into, and a list of buttons.
import { stamp } from "./times.js";

const SVG = "http://www.w3.org/2000/svg";
export function draw(name, attributes, ...inside) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}
export const percent = (fraction) => `${(fraction * 100).toFixed(4)}%`;

/** Buttons that open and close what `aria-controls` names. */
export function folds(root) {
  for (const button of root.querySelectorAll("[aria-expanded][aria-controls]")) {
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
    });
  }
}

/** Fill a list with buttons that go somewhere: [[position, words]…]. */
export function list(target, rows, go, empty) {
  target.replaceChildren(...rows.map(([position, words]) => {
    const item = document.createElement("li");
    if (position === null) { item.className = "words"; item.textContent = words; return item; }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", () => go(position));
    item.append(button);
    return item;
  }));
  if (!rows.length) { const item = document.createElement("li"); item.className = "words"; item.textContent = empty; target.append(item); }
}

export class Layers {
  constructor(root, axis, go) {
    Object.assign(this, { root, axis, go, urls: null });
    folds(root);
    this.lanes = [...root.querySelectorAll(".lane")];
    for (const lane of this.lanes) {
      const now = document.createElement("i");
      now.className = "now";
      if (!lane.classList.contains("rail")) lane.append(now);
    }
    this.nows = [...root.querySelectorAll(".now")];
    this.#ruler();
    this.#waveform();
    this.#files();
    this.storyboard(null);
    this.played([]);
    new ResizeObserver(() => { this.#ruler(); this.storyboard(this.urls); }).observe(root);
  }

  lane(name) { return this.root.querySelector(`#lane-${name}`); }
  list(name, rows, empty) { const at = this.root.querySelector(`#list-${name}`); if (at) list(at, rows, this.go, empty); }

  /** Put a picture into a lane, under the head. */
  #show(name, ...pictures) {
    const lane = this.lane(name);
    if (!lane) return;
    lane.replaceChildren(...pictures, lane.querySelector(".now"));
  }
  #svg(...inside) { return draw("svg", { "aria-hidden": "true", class: "lane-picture" }, ...inside); }
  #words(text) { const made = document.createElement("span"); made.className = "lane-words"; made.textContent = text; return made; }

  head(position) {
    const left = percent(this.axis.fraction(position));
    for (const now of this.nows) now.style.left = left;
  }

  #ruler() {
    const ruler = this.root.querySelector("#ruler"), width = ruler.clientWidth || 600;
    const steps = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    const step = steps.find((one) => (one / this.axis.span) * width >= 74) || 14400;
    const marks = [];
    for (let place = 0; place < this.axis.span; place += step) {
      const x = percent(place / this.axis.span);
      marks.push(draw("line", { x1: x, x2: x, y1: "26", y2: "44", class: "tick" }));
      if ((place / this.axis.span) * width < width - 60) {
        const text = draw("text", { x, y: "40", dx: "4", class: "tick-words" });
        text.textContent = stamp(this.axis.position(place / this.axis.span)).slice(0, step < 1 ? 10 : 8);
        marks.push(text);
      }
    }
    ruler.replaceChildren(...marks);
  }

  #waveform() {
    const shapes = [], rows = [];
    for (const segment of this.axis.segments) {
      const left = segment.place / this.axis.span, wide = segment.seconds / this.axis.span;
      let path = "";
      segment.levels.forEach((level, index) => {
        const x = (index / segment.levels.length) * 1000, step = 1000 / segment.levels.length;
        const half = Math.max(0.4, level * 0.2);
        path += `M${x.toFixed(2)} ${(20 - half).toFixed(1)}h${step.toFixed(2)}v${(half * 2).toFixed(1)}h-${step.toFixed(2)}z`;
      });
      const inner = draw("svg", { x: percent(left), width: percent(wide), height: "100%", viewBox: "0 0 1000 40", preserveAspectRatio: "none" });
      for (const [from, to] of segment.loud) {
        const x = (from / segment.seconds) * 1000;
        inner.append(draw("rect", { x, width: Math.max(2, (to / segment.seconds) * 1000 - x), y: 0, height: 40, class: "loud" }));
        rows.push([segment.at + from, `Loud from ${stamp(segment.at + from)} to ${stamp(segment.at + to)}`]);
      }
      inner.append(draw("path", { d: path, class: "wave-shape" }));
      shapes.push(inner);
    }
    const heard = this.axis.segments.some((segment) => segment.sound);
    this.#show("waveform", ...(heard ? [this.#svg(...shapes)] : [this.#words("No sound was recorded")]));
    this.list("waveform", rows, heard ? "Nothing is much louder than the rest." : "No sound was recorded.");
  }

  #files() {
    const shapes = [], rows = [];
    for (const segment of this.axis.segments) {
      const place = (at) => percent(at / this.axis.span);
      if (segment.hole) {
        shapes.push(draw("rect", { x: place(segment.place - segment.hole), width: place(segment.hole), y: 4, height: 32, class: "gap" }));
        rows.push([null, `${segment.hole.toFixed(1)} s not recorded`]);
      }
      shapes.push(draw("rect", { x: place(segment.place), width: place(segment.seconds), y: 12, height: 16, class: "file", "data-file": segment.index }));
      rows.push([segment.at, `File ${segment.index + 1}, from ${stamp(segment.at)}, ${segment.seconds.toFixed(1)} s`]);
    }
    const holes = this.axis.segments.filter((segment) => segment.hole);
    this.#show("files", this.#svg(...shapes), ...holes.map((segment) => {
      const made = this.#words(`${segment.hole.toFixed(1)} s not recorded`);
      made.classList.add("gap-words");
      made.style.left = percent((segment.place - segment.hole) / this.axis.span);
      return made;
    }));
    this.list("files", rows, "");
  }

  /** The strip; its pictures are evidence, so they come with the first play. */
  storyboard(urls) {
    this.urls = urls;
    const lane = this.lane("storyboard"), height = 40;
    const boards = this.axis.segments.filter((segment) => segment.board);
    if (!boards.length) { this.#show("storyboard", this.#words("There is no picture")); this.list("storyboard", [], "There is no picture."); return; }
    this.list("storyboard", boards.flatMap((segment) => Array.from({ length: segment.board.count },
      (_, tile) => [segment.at + tile * segment.board.interval, stamp(segment.at + tile * segment.board.interval).slice(0, 8)])
      .filter(([at]) => at < segment.at + segment.seconds)), "");
    if (!urls) { this.#show("storyboard", this.#words("Comes with the first play")); return; }
    const width = lane.clientWidth, pictures = [];
    const tileWidth = (height * boards[0].board.width) / boards[0].board.height;
    for (let x = 0; x < width; x += tileWidth) {
      const picture = document.createElement("span");
      const position = this.axis.position((x + tileWidth / 2) / width);
      picture.className = "tile";
      picture.style.left = `${x}px`;
      picture.style.width = `${Math.min(tileWidth, width - x)}px`;
      if (tile(picture, this.axis, urls, position, height)) pictures.push(picture);
    }
    this.#show("storyboard", ...pictures);
  }

  /** What somebody has played, as far as it counts: [[from, to]…]. */
  played(ranges) {
    this.#show("played", this.#svg(...ranges.map(([from, to]) => {
      const x = this.axis.fraction(from);
      return draw("rect", { x: percent(x), width: percent(this.axis.fraction(to) - x), y: 12, height: 16, class: "played" });
    })));
    this.list("played", ranges.map(([from, to]) => [from, `Played from ${stamp(from)} to ${stamp(to)}`]),
      "Nothing was played yet.");
  }

  marks(rows) {
    for (const [name, shown, empty] of [
      ["markers", rows.filter((row) => !row.text), "No marker yet."],
      ["notes", rows.filter((row) => row.text), "No note yet."],
    ]) {
      this.#show(name, this.#svg(...shown.map((row) => draw("svg", { x: percent(this.axis.fraction(row.at)), y: 20, overflow: "visible" },
        draw("path", { d: "M0 -11l8 11-8 11-8-11z", class: name === "notes" ? "note" : "marker" })))));
      this.list(name, shown.map((row) => [row.at, `${stamp(row.at)} ${row.by}${row.text ? `: ${row.text}` : ""}`]), empty);
    }
  }
}

/** Put the storyboard's tile of a position onto an element, scaled to a height. */
export function tile(element, axis, urls, position, height) {
  const segment = axis.segment(position), { board } = segment;
  if (!board || !urls || !urls[segment.index].board) return false;
  const number = Math.max(0, Math.min(board.count - 1, Math.floor((position - segment.at) / board.interval)));
  const scale = height / board.height, columns = Math.min(board.columns, board.count);
  element.style.height = `${height}px`;
  element.style.backgroundImage = `url("${urls[segment.index].board}")`;
  element.style.backgroundSize = `${board.width * columns * scale}px auto`;
  element.style.backgroundPosition =
    `-${(number % board.columns) * board.width * scale}px -${Math.floor(number / board.columns) * height}px`;
  return board.width * scale;
}
