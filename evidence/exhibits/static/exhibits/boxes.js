// The covers as boxes over the player's picture: drawn, moved and sized by pointer and by keys,
// and shown at their times as a preview. Boxes are in per cent of the picture.
const SVG = "http://www.w3.org/2000/svg";
const SMALLEST = 0.5, STEP = 1;
const made = (name, attributes) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};
const between = (value, low, high) => Math.min(Math.max(value, low), high);
const round = (value) => Math.round(value * 10) / 10;

export class Boxes {
  /** `drawn(box)`: somebody drew one. `keyed(key, row)`: a key that is not ours to answer. */
  constructor(picture, video, { drawn, changed, keyed }) {
    Object.assign(this, { picture, video, drawn, changed, keyed });
    this.svg = made("svg", { class: "covers", "aria-label": "Covers", role: "group" });
    picture.append(this.svg);
    this.shapes = new Map(); // row -> its shapes
    this.drawing = false;
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    this.svg.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.svg.addEventListener(end, (event) => this.#up(event));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.place()).observe(video);
    video.addEventListener("loadedmetadata", () => this.place());
  }

  /** Where the film's own picture lies inside its element. */
  get area() {
    const { clientWidth: wide, clientHeight: high, videoWidth, videoHeight } = this.video;
    if (!videoWidth) return { x: 0, y: 0, w: wide, h: high };
    const scale = Math.min(wide / videoWidth, high / videoHeight);
    const w = videoWidth * scale, h = videoHeight * scale;
    return { x: (wide - w) / 2, y: (high - h) / 2, w, h };
  }

  draw(on) {
    this.drawing = on;
    this.svg.classList.toggle("drawing", on);
  }

  /** Show a row's box: `state` is hidden, shown (as the copy will be) or chosen. */
  show(row, box, number, state) {
    const shapes = this.shapes.get(row) || this.#shapes(row);
    const here = box && state !== "hidden";
    for (const one of Object.values(shapes)) one.classList.toggle("away", !here);
    if (!here) return;
    shapes.box.classList.toggle("chosen", state === "chosen");
    shapes.box.setAttribute("aria-label", `Part ${number}: left ${box.left} %, top ${box.top} %, width ${box.width} %, height ${box.height} %. Arrows move it, Shift and arrows size it.`);
    shapes.text.textContent = number;
    row.boxNow = box;
    this.#put(shapes, box);
  }

  forget(row) {
    const shapes = this.shapes.get(row);
    if (shapes) for (const one of Object.values(shapes)) one.remove();
    this.shapes.delete(row);
  }

  focus(row) { this.shapes.get(row)?.box.focus(); }
  has(node) { return this.svg.contains(node); }
  rowOf(node) { for (const [row, shapes] of this.shapes) if (Object.values(shapes).includes(node)) return row; return null; }
  place() { for (const [row, shapes] of this.shapes) if (row.boxNow) this.#put(shapes, row.boxNow); }

  #shapes(row) {
    const shapes = {
      box: made("rect", { class: "cover", tabindex: "0", role: "img" }),
      text: made("text", { class: "cover-number", "aria-hidden": "true" }),
      grip: made("rect", { class: "cover-grip", width: 20, height: 20 }),
    };
    this.svg.append(...Object.values(shapes));
    this.shapes.set(row, shapes);
    return shapes;
  }

  #put({ box, text, grip }, { left, top, width, height }) {
    const { x, y, w, h } = this.area;
    const at = { x: x + (left * w) / 100, y: y + (top * h) / 100, width: (width * w) / 100, height: (height * h) / 100 };
    for (const [name, value] of Object.entries(at)) box.setAttribute(name, value);
    text.setAttribute("x", at.x + 6); text.setAttribute("y", at.y + 18);
    grip.setAttribute("x", at.x + at.width - 10); grip.setAttribute("y", at.y + at.height - 10);
  }

  /** A pointer's place in per cent of the picture. */
  #place(event) {
    const rect = this.video.getBoundingClientRect(), { x, y, w, h } = this.area;
    return {
      x: between(((event.clientX - rect.left - x) / w) * 100, 0, 100),
      y: between(((event.clientY - rect.top - y) / h) * 100, 0, 100),
    };
  }

  #down(event) {
    if (!this.drawing || event.button) return;
    event.preventDefault();
    const row = this.rowOf(event.target), start = this.#place(event);
    const does = !row ? "new" : event.target.classList.contains("cover-grip") ? "size" : "move";
    this.act = { does, row, start, box: row && { ...row.boxNow }, id: event.pointerId };
    if (!row) { this.act.shape = made("rect", { class: "cover chosen" }); this.svg.append(this.act.shape); } else this.focus(row);
    this.svg.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const { act } = this;
    if (!act || event.pointerId !== act.id) return;
    const now = this.#place(event), dx = now.x - act.start.x, dy = now.y - act.start.y;
    if (act.does === "new") {
      act.made = this.#sane({ left: Math.min(now.x, act.start.x), top: Math.min(now.y, act.start.y), width: Math.abs(dx), height: Math.abs(dy) });
      this.#put({ box: act.shape, text: act.shape.cloneNode(), grip: act.shape.cloneNode() }, act.made);
    } else if (act.does === "move") this.#moved(act.row, act.box, dx, dy);
    else this.#sized(act.row, act.box, dx, dy);
  }

  #up(event) {
    const { act } = this;
    if (!act || event.pointerId !== act.id) return;
    this.act = null;
    if (act.shape) act.shape.remove();
    if (act.made && event.type === "pointerup" && act.made.width >= SMALLEST && act.made.height >= SMALLEST) this.drawn(act.made);
  }

  #moved(row, box, dx, dy) {
    this.changed(row, this.#sane({ ...box, left: between(box.left + dx, 0, 100 - box.width), top: between(box.top + dy, 0, 100 - box.height) }));
  }

  #sized(row, box, dx, dy) {
    this.changed(row, this.#sane({ ...box, width: between(box.width + dx, SMALLEST, 100 - box.left), height: between(box.height + dy, SMALLEST, 100 - box.top) }));
  }

  #sane({ left, top, width, height }) {
    const at = { left: round(left), top: round(top) };
    return { ...at, width: round(Math.min(width, 100 - at.left)), height: round(Math.min(height, 100 - at.top)) };
  }

  #key(event) {
    const row = this.rowOf(event.target);
    if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
    const [dx, dy] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] || [0, 0];
    if (dx || dy) {
      event.preventDefault(); // the player would jump
      if (event.shiftKey) this.#sized(row, row.boxNow, dx, dy); else this.#moved(row, row.boxNow, dx, dy);
    } else if (this.keyed(event.key, row)) event.preventDefault();
  }
}
