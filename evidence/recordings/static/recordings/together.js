// Two to four cameras on one clock: a virtual clock in corrected time that all follow.
// Each drifts in by its rate (5 % at most), seeks when it is more than a second off; when one
// stalls, all wait and it is named.
import { Coverage, COUNTS } from "./coverage.js";
import { full } from "./full.js";
import { Keys } from "./keys.js";
import { draw, percent } from "./layers.js";
import { Reports } from "./reports.js";
import { Source } from "./source.js";
import { clock, stamp, typed, words } from "./times.js";

const NEAR = 0.04, FAR = 1, MOST = 0.05, TICK = 100, SPEEDS = [0.25, 0.5, 1, 2, 4];
const by = (id) => document.getElementById(id);

class Camera {
  constructor(box, data, csrf, sitting) {
    Object.assign(this, { box, data, number: data.number, name: data.reference });
    this.video = box.querySelector("video");
    this.overlay = box.querySelector(".camera-words");
    this.source = new Source(this.video, data.segments, { play: data.play, csrf, sitting, advance: false });
    this.coverage = new Coverage(data.played);
    this.moved = data.moved / 1000;
    this.known = data.segments.every((segment) => segment.start !== null);
  }

  /** When each file runs, on the shared clock. */
  spans() {
    return this.data.segments.map((segment) => {
      const start = this.known ? segment.start : this.from + segment.at;
      return { segment, start: start + this.moved, end: start + this.moved + segment.seconds };
    });
  }

  /** Where it is at a moment: a position, or in words why nothing is recorded. */
  at(moment) {
    let before = null;
    for (const span of this.spans()) {
      if (moment < span.start) {
        const { time } = clock(span.start);
        return { words: before ? `Not recording: goes on at ${time}` : `Not recording until ${time}` };
      }
      if (moment < span.end) return { position: span.segment.at + moment - span.start };
      before = span;
    }
    return { words: `Not recording after ${clock(before.end).time}` };
  }

  /** What runs now counts at the speed of the shared clock: pulling to it is none of its own. */
  cover(rate) {
    const { video, source } = this;
    // After a pause the picture may still run on by a little: what follows a part that ran.
    const runs = !video.paused || this.coverage.last;
    if (this.coverage.at(source.position, rate, runs && source.current && !video.seeking && !source.moving)) this.covered = true;
  }

  say(text) {
    this.overlay.textContent = text || "";
    this.overlay.hidden = !text;
  }
}

export class Together {
  constructor(root) {
    this.root = root;
    const data = JSON.parse(by("together-data").textContent);
    this.cameras = data.map((item) => new Camera(root.querySelector(`[data-camera="${item.number}"]`), item, root.dataset.csrf, root.dataset.sitting));
    this.reports = new Reports({
      url: root.dataset.played, sitting: root.dataset.sitting, csrf: root.dataset.csrf,
      parts: this.cameras.map((camera) => [camera.name, camera.coverage]),
      answered: ({ said }) => { if (said && this.rate <= COUNTS) this.say(said); }, refused: (words) => this.say(words),
    });
    const known = this.cameras.filter((camera) => camera.known && camera.data.segments.length);
    const first = Math.min(...known.flatMap((camera) => camera.spans().map((span) => span.start)));
    for (const camera of this.cameras) camera.from = known.length ? first : 0;
    this.range();
    this.moment = this.start;
    this.rate = 1;
    this.playing = false;
    this.used = false;
    this.head = by("head");
    this.sound(0);
    this.large(this.cameras[0]);
    this.controls();
    this.chart();
    this.show();
    setInterval(() => this.tick(), TICK);
    this.last = performance.now();
    by("play").disabled = false; // until here a click would have been lost
  }

  say(text) { by("said").textContent = text; }

  range() {
    const spans = this.cameras.flatMap((camera) => camera.spans());
    this.start = Math.min(...spans.map((span) => span.start));
    this.end = Math.max(...spans.map((span) => span.end));
    this.span = Math.max(0.1, this.end - this.start);
  }

  // --- the clock ---
  tick() {
    const now = performance.now(), passed = Math.min(0.5, (now - this.last) / 1000);
    this.last = now;
    if (!this.used) return;
    const late = this.playing ? this.cameras.filter((camera) => this.stalls(camera)) : [];
    this.waiting = late;
    by("waiting").textContent = late.length ? `Waiting for ${late.map((camera) => camera.name).join(", ")}` : "";
    if (this.playing && !late.length) this.moment = Math.min(this.end, this.moment + passed * this.rate);
    if (this.moment >= this.end && this.playing) this.pause();
    for (const camera of this.cameras) { this.follow(camera); camera.cover(this.rate); }
    this.played();
    this.show();
  }

  /** What was played of each, as it is drawn and said. */
  played() {
    for (const camera of this.cameras.filter((one) => one.covered)) {
      camera.covered = false;
      this.cover(camera);
    }
  }

  cover(camera) {
    const words = camera.box.querySelector(".camera-played");
    if (words) words.textContent = `You have played ${camera.coverage.percent(camera.source.axis.total)}%`;
    this.bar(this.root.querySelector(`[data-lane="${camera.number}"] .covered`), camera, camera.coverage.ranges);
  }

  /** Ranges of one camera's positions, drawn where they are on the shared clock. */
  bar(target, camera, ranges, place = { y: 34, height: 6 }) {
    const shapes = [];
    for (const { segment, start } of camera.spans()) for (const [from, to] of ranges) {
      const left = Math.max(from, segment.at), right = Math.min(to, segment.at + segment.seconds);
      if (left >= right) continue;
      shapes.push(draw("rect", { x: percent((start + left - segment.at - this.start) / this.span), width: percent((right - left) / this.span), class: "played", ...place }));
    }
    target.replaceChildren(...shapes);
  }

  stalls(camera) {
    if (camera.at(this.moment).words) return false;
    return camera.source.moving || camera.video.seeking || camera.video.readyState < 3;
  }

  follow(camera) {
    const { position, words: why } = camera.at(this.moment), { source, video } = camera;
    camera.say(why);
    if (why) { if (!video.paused) source.pause(); return; }
    if (source.moving) return;
    const off = source.current ? position - source.position : Infinity;
    if (Math.abs(off) > FAR || this.axisChanged(camera, position)) { source.seek(position, { play: false, exact: true }); return; }
    const run = this.playing && !this.waiting.length;
    if (!run) {
      if (!video.paused) source.pause();
      if (!this.playing && (camera.exact || Math.abs(off) > NEAR) && !video.seeking) {
        camera.exact = false; // a frame is nearer than what is pulled
        source.seek(position, { play: false, exact: true });
      }
      return;
    }
    const pull = Math.abs(off) < NEAR ? 0 : Math.max(-MOST, Math.min(MOST, off * 0.5));
    video.playbackRate = this.rate * (1 + pull);
    if (video.paused) source.start();
  }

  axisChanged(camera, position) { return camera.source.axis.segment(position) !== camera.source.current; }

  play() { this.used = true; this.playing = true; by("play").textContent = "Pause"; this.last = performance.now(); }
  pause() {
    this.playing = false;
    by("play").textContent = "Play";
    setTimeout(() => this.reports.send(), 3 * TICK); // the cameras stop with the next tick
  }
  toggle() {
    if (this.playing) { this.pause(); return; }
    if (this.moment >= this.end - 0.05) this.moment = this.start;
    this.play();
  }

  go(moment) {
    this.used = true;
    this.moment = Math.min(this.end, Math.max(this.start, moment));
    for (const camera of this.cameras) camera.coverage.jump();
    this.show();
  }

  speed(rate) {
    for (const camera of this.cameras) camera.cover(this.rate);
    this.rate = rate;
    by("speed").value = String(rate);
    by("speed-note").textContent = `Played at ${rate}×. Not counted as reviewed.`;
    by("speed-note").hidden = rate <= COUNTS;
  }

  faster(step) {
    this.speed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(this.rate) + step))]);
    this.say(`Speed ${this.rate}×`);
  }

  /** The next place that no camera showed, first of the camera that is heard. */
  unplayed() {
    const order = [this.heard, ...this.cameras.filter((one) => one !== this.heard)];
    for (const camera of order) {
      const now = camera.at(this.moment).position, total = camera.source.axis.total;
      const next = camera.coverage.next(now ?? -1, total);
      if (next === null) continue;
      const span = camera.spans().find(({ segment }) => next < segment.at + segment.seconds);
      this.say(`${camera.name}, not played yet: from ${stamp(next)}`);
      this.go(span.start + next - span.segment.at);
      return;
    }
    this.say("You have played all of it.");
  }

  // --- one sound at a time, one large on narrow screens ---
  sound(index) {
    const camera = this.cameras[index];
    if (!camera) return;
    this.heard = camera;
    this.cameras.forEach((one) => {
      one.video.muted = one !== camera;
      one.box.querySelector(".camera-sound").setAttribute("aria-pressed", String(one === camera));
    });
    if (this.used) this.say(`Sound of ${camera.name}`);
  }

  large(camera) {
    for (const one of this.cameras) one.box.classList.toggle("large", one === camera);
  }

  /** Keys of a page that does more. */
  more() { return []; }

  // --- controls ---
  controls() {
    by("play").addEventListener("click", () => this.toggle());
    for (const [name, step] of [["back", -10], ["on", 10]]) by(name).addEventListener("click", () => this.go(this.moment + step));
    by("speed").addEventListener("change", (event) => this.speed(Number(event.target.value)));
    by("goto").addEventListener("submit", (event) => {
      event.preventDefault();
      const found = typed(by("goto-time").value);
      if (found === null) { this.say("Enter a time like 00:02:16.480, from the first camera's start"); return; }
      this.go(this.start + found);
    });
    this.cameras.forEach((camera, index) => {
      camera.box.querySelector(".camera-sound").addEventListener("click", () => this.sound(index));
      camera.box.querySelector(".camera-large").addEventListener("click", () => this.large(camera));
      camera.source.addEventListener("problem", (event) => {
        const at = camera.box.querySelector(".stage-error");
        at.textContent = event.detail;
        at.hidden = !event.detail;
        if (event.detail) this.pause();
      });
    });
    by("keys-open").addEventListener("click", () => this.help.open());
    this.help = new Keys(this.root, by("keys"), [
      [[" ", "k"], "Play, pause", () => this.toggle()],
      [["j"], "10 seconds back", () => this.go(this.moment - 10)], [["l"], "10 seconds on", () => this.go(this.moment + 10)],
      [["ArrowLeft"], "1 second back", () => this.go(this.moment - 1)], [["ArrowRight"], "1 second on", () => this.go(this.moment + 1)],
      [["<"], "Slower", () => this.faster(-1)], [[">"], "Faster", () => this.faster(1)],
      [["u"], "Next part that was not played", () => this.unplayed()],
      ...this.more(),
      [["1", "2", "3", "4"], "The sound of that camera", (event) => this.sound(Number(event.key) - 1)],
      [["f"], "Full screen", () => full(this.root)],
      [["?"], "This help", () => this.help.open()],
    ]);
    const moves = {
      ArrowLeft: () => this.moment - 1, ArrowDown: () => this.moment - 1, ArrowRight: () => this.moment + 1,
      ArrowUp: () => this.moment + 1, PageDown: () => this.moment - 60, PageUp: () => this.moment + 60,
      Home: () => this.start, End: () => this.end,
    };
    this.head.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !moves[event.key]) return;
      event.preventDefault();
      this.go(moves[event.key]());
    });
    this.head.addEventListener("pointerdown", (event) => {
      const box = this.head.getBoundingClientRect();
      this.head.focus();
      this.go(this.start + ((event.clientX - box.left) / box.width) * this.span);
    });
    const move = by("move");
    if (move) {
      const seconds = move.querySelector("[name=seconds]"), which = move.querySelector("[name=camera]");
      // Tried out at once; kept when it is saved.
      const attempt = () => {
        const camera = this.cameras.find((one) => one.name === which.value), value = Number(seconds.value.replace(",", ".").replace("−", "-"));
        if (!camera || !Number.isFinite(value)) return;
        camera.moved = value;
        this.range();
        this.chart();
        this.show();
      };
      seconds.addEventListener("input", attempt);
      which.addEventListener("change", () => {
        seconds.value = this.cameras.find((one) => one.name === which.value).moved.toFixed(3);
      });
      for (const button of move.querySelectorAll("[data-by]")) button.addEventListener("click", () => {
        seconds.value = (Number(seconds.value.replace(",", ".")) + Number(button.dataset.by)).toFixed(3);
        attempt();
      });
    }
  }

  // --- what is shown ---
  chart() {
    for (const camera of this.cameras) {
      const lane = this.root.querySelector(`[data-lane="${camera.number}"]`);
      const svg = draw("svg", { "aria-hidden": "true", class: "lane-picture" }, ...camera.spans().map((span) => draw("rect", {
        x: percent((span.start - this.start) / this.span), width: percent((span.end - span.start) / this.span), y: 8, height: 22, class: "chart-lane" })),
        draw("g", { class: "covered" }), draw("g", { class: "signs" }));
      const now = document.createElement("i");
      now.className = "now";
      lane.replaceChildren(svg, now);
      this.cover(camera);
      const said = camera.spans().map((span) => `${clock(span.start).time} to ${clock(span.end).time}`).join(", ");
      this.root.querySelector(`[data-said="${camera.number}"]`).textContent = camera.known ? said
        : "Its clock is not known: placed at the start. Move it by hand.";
    }
    by("together-span").textContent = `${clock(this.start).time} to ${clock(this.end).time} ${clock(this.end).zone}`;
    this.head.setAttribute("aria-valuemax", Math.floor(this.span));
  }

  show() {
    const left = percent((this.moment - this.start) / this.span);
    for (const now of this.root.querySelectorAll(".now")) now.style.left = left;
    by("head-mark").style.left = left;
    const { time, zone } = clock(this.moment), since = this.moment - this.start;
    by("clock").textContent = `${time} ${zone} · ${stamp(since)} from the first start`;
    this.head.setAttribute("aria-valuenow", Math.floor(since));
    this.head.setAttribute("aria-valuetext", `${words(since)}, ${time}`);
    for (const camera of this.cameras) {
      const { position } = camera.at(this.moment);
      camera.box.querySelector(".camera-time").textContent = position === undefined ? "" : `${stamp(position)} in`;
    }
  }
}

const root = by("together");
if (root) new Together(root);
