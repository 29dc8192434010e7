// Where the camera was, as a plan: drawn here, no map asked for. Tiles lie under it only where
// the force has set a server of its own.
import { draw, list } from "./layers.js";
import { stamp } from "./times.js";

const HEIGHT = 260, EDGE = 36, TILE = 256, EQUATOR = 40075016.686;
const across = (longitude) => (longitude + 180) / 360;
const down = (latitude) => {
  const sine = Math.sin((Math.min(85, Math.max(-85, latitude)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

export class Plan {
  constructor(root, tiles, go) {
    Object.assign(this, { root, tiles, go, fixes: [] });
    this.picture = root.querySelector("#plan-picture");
    this.picture.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(() => { if (this.fixes.length) this.#draw(); }).observe(root);
  }

  /** Add one file's positions: [[seconds, latitude, longitude, speed]…] from the file's start. */
  add(at, rows) {
    for (const [seconds, latitude, longitude, speed] of rows)
      this.fixes.push({ at: at + seconds, latitude, longitude, speed, x: across(longitude), y: down(latitude) });
    this.fixes.sort((a, b) => a.at - b.at);
    this.root.hidden = !this.fixes.length;
    if (this.fixes.length) this.#draw();
  }

  #draw() {
    const width = this.picture.clientWidth || 600, { fixes } = this;
    const xs = fixes.map((fix) => fix.x), ys = fixes.map((fix) => fix.y);
    const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    // Not nearer than 60 m across: a camera that stood still is a point, not a scribble.
    const metre = 1 / (EQUATOR * Math.cos((fixes[0].latitude * Math.PI) / 180));
    const scale = Math.min((width - 2 * EDGE) / Math.max(east - west, 60 * metre), (HEIGHT - 2 * EDGE) / Math.max(south - north, 60 * metre));
    const [middleX, middleY] = [(west + east) / 2, (north + south) / 2];
    this.place = (fix) => [(fix.x - middleX) * scale + width / 2, (fix.y - middleY) * scale + HEIGHT / 2];
    this.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const points = fixes.map((fix) => this.place(fix).map((value) => value.toFixed(1)).join(",")).join(" ");
    const [first, last] = [this.place(fixes[0]), this.place(fixes[fixes.length - 1])];
    this.dot = draw("circle", { r: 8, class: "plan-now", cx: first[0], cy: first[1] });
    this.picture.replaceChildren(
      ...this.#under(width, scale, middleX, middleY),
      draw("polyline", { points, class: "plan-way" }),
      ...(fixes.length > 1 ? [this.#label(last, "End")] : []), this.#label(first, "Start"),
      ...this.#scale(width, scale * metre), ...this.#north(width), this.dot,
    );
    const far = fixes.length > 1 ? `${fixes.length.toLocaleString("en-GB")} positions. ` : "One position. ";
    this.root.querySelector("#plan-words").textContent =
      `${far}Starts at ${fixes[0].latitude.toFixed(5)}, ${fixes[0].longitude.toFixed(5)} (WGS 84), as the camera wrote it; not checked. North is up. Click to go there.`;
    const step = Math.max(1, Math.ceil(fixes.length / 100));
    list(this.root.querySelector("#plan-list"), fixes.filter((_, index) => index % step === 0).map((fix) => [
      fix.at, `${stamp(fix.at)} ${fix.latitude.toFixed(5)}, ${fix.longitude.toFixed(5)}${fix.speed === null ? "" : `, ${(fix.speed * 2.236936).toFixed(0)} mph`}`]), this.go, "");
  }

  #label([x, y], words) {
    const text = draw("text", { x: x + 10, y: y - 8, class: "plan-words" });
    text.textContent = words;
    return draw("g", {}, draw("circle", { cx: x, cy: y, r: 5, class: "plan-end" }), text);
  }

  #scale(width, perMetre) {
    const metres = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000].find((one) => one * perMetre > 60) || 100000;
    const text = draw("text", { x: 16, y: HEIGHT - 20, class: "plan-words" });
    text.textContent = metres < 1000 ? `${metres} m` : `${metres / 1000} km`;
    return [draw("path", { d: `M16 ${HEIGHT - 16}v6h${(metres * perMetre).toFixed(1)}v-6`, class: "plan-scale" }), text];
  }

  #north(width) {
    const text = draw("text", { x: width - 24, y: 44, class: "plan-words", "text-anchor": "middle" });
    text.textContent = "N";
    return [draw("path", { d: `M${width - 24} 10l6 18-6-4-6 4z`, class: "plan-north" }), text];
  }

  #under(width, scale, middleX, middleY) {
    if (!this.tiles) return [];
    const zoom = Math.min(19, Math.max(0, Math.floor(Math.log2(scale / TILE)))), count = 2 ** zoom, size = scale / count;
    const tiles = [];
    const from = (middle, half) => Math.floor((middle - half / scale) * count), to = (middle, half) => Math.floor((middle + half / scale) * count);
    for (let x = from(middleX, width / 2); x <= to(middleX, width / 2); x++)
      for (let y = from(middleY, HEIGHT / 2); y <= to(middleY, HEIGHT / 2); y++) {
        if (y < 0 || y >= count || tiles.length > 60) continue;
        const href = this.tiles.replace("{z}", zoom).replace("{x}", ((x % count) + count) % count).replace("{y}", y);
        tiles.push(draw("image", { href, x: (x / count - middleX) * scale + width / 2, y: (y / count - middleY) * scale + HEIGHT / 2, width: size, height: size }));
      }
    return tiles;
  }

  /** The dot follows, between two positions in proportion. */
  show(position) {
    if (!this.dot) return;
    const after = this.fixes.findIndex((fix) => fix.at > position);
    const two = after < 0 ? [this.fixes[this.fixes.length - 1]] : after === 0 ? [this.fixes[0]] : [this.fixes[after - 1], this.fixes[after]];
    let [x, y] = this.place(two[0]);
    if (two[1]) {
      const share = (position - two[0].at) / (two[1].at - two[0].at), [nextX, nextY] = this.place(two[1]);
      x += (nextX - x) * share; y += (nextY - y) * share;
    }
    this.dot.setAttribute("cx", x.toFixed(1));
    this.dot.setAttribute("cy", y.toFixed(1));
  }

  #clicked(event) {
    if (!this.fixes.length) return;
    const box = this.picture.getBoundingClientRect(), [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const away = (fix) => { const [a, b] = this.place(fix); return (a - x) ** 2 + (b - y) ** 2; };
    this.go(this.fixes.reduce((best, fix) => (away(fix) < away(best) ? fix : best)).at);
  }
}
