// The review room: the cameras on one clock, with notes, frames and a bar a reviewer.
import { Frames } from "../recordings/frames.js";
import { draw, percent } from "../recordings/layers.js";
import { stamp, typed } from "../recordings/times.js";
import { Together } from "../recordings/together.js";

const by = (id) => document.getElementById(id);

class Room extends Together {
  constructor(root) {
    super(root);
    this.notes = new Notes(by("notes"), this);
    for (const [id, act] of [["frame-back", () => this.step(-1)], ["frame-on", () => this.step(1)], ["unplayed", () => this.unplayed()]])
      by(id).addEventListener("click", act);
    for (const camera of this.cameras) {
      camera.frames = [];
      this.facts(camera);
    }
    this.bars();
    this.notes.draw();
    const asked = typed(new URLSearchParams(location.search).get("t") || "");
    if (asked !== null) this.to(this.cameras[0], asked);
  }

  /** Keys besides those of cameras side by side. */
  more() {
    return [
      [[","], "One frame back", () => this.step(-1)], [["."], "One frame on", () => this.step(1)],
      [["n"], "Note about this place", () => this.notes.note()],
    ];
  }

  /** Go to a position of one camera. */
  to(camera, position) {
    const spans = camera.spans(), last = spans[spans.length - 1];
    const span = spans.find(({ segment }) => position < segment.at + segment.seconds) || last;
    this.go(span.start + position - span.segment.at);
  }

  async facts(camera) {
    for (const segment of camera.data.segments.filter((one) => one.frames)) {
      const query = new URLSearchParams({ file: segment.index, look: camera.data.look });
      try {
        const answer = await fetch(`${camera.data.facts}?${query}`, { credentials: "same-origin" });
        const found = answer.ok ? await answer.json() : {};
        if (found.frames) camera.frames[segment.index] = new Frames(found.frames);
      } catch { /* steps are not there, playing is */ }
    }
  }

  /** One frame of the camera that is heard; the others follow. */
  step(by) {
    if (this.playing) this.pause();
    const camera = this.heard, { position, words } = camera.at(this.moment);
    if (words) { this.say(`${camera.name}: ${words}`); return; }
    const segment = camera.source.axis.segment(position), frames = camera.frames[segment.index];
    if (!frames) { this.say("Frame steps are being prepared."); return; }
    const number = frames.at(position - segment.at) + by;
    if (number < 0 || number >= frames.count) { this.say(by < 0 ? "This is the first frame." : "This is the last frame."); return; }
    for (const one of this.cameras) one.exact = true;
    this.to(camera, segment.at + frames.middle(number, segment.seconds));
    this.say(`About frame ${(number + 1).toLocaleString("en-GB")} of ${frames.count.toLocaleString("en-GB")}`);
  }

  // --- coverage: a bar a reviewer and camera ---
  bars() {
    for (const camera of this.cameras) {
      this.lane(`${camera.number}-own`, camera, camera.coverage.ranges);
      for (const [key, ranges] of Object.entries(camera.data.bars))
        this.lane(key, camera, ranges.map(([from, to]) => [from / 1000, to / 1000]));
      this.ownWords(camera);
    }
  }

  lane(key, camera, ranges) {
    const lane = this.root.querySelector(`[data-bar="${key}"]`);
    let svg = lane.querySelector("svg");
    if (!svg) { svg = draw("svg", { "aria-hidden": "true", class: "lane-picture" }); lane.append(svg); }
    this.bar(svg, camera, ranges, { y: 4, height: 12 });
  }

  ownWords(camera) {
    const words = this.root.querySelector(`[data-bar="${camera.number}-own"]`).previousElementSibling;
    const played = camera.coverage.percent(camera.source.axis.total);
    words.textContent = `You ${played}%`;
    const listed = document.querySelector(`[data-own="${camera.name}"]`);
    if (listed) listed.textContent = played;
  }

  cover(camera) {
    this.lane(`${camera.number}-own`, camera, camera.coverage.ranges);
    this.ownWords(camera);
  }

  chart() {
    super.chart();
    if (this.notes) { this.notes.draw(); this.bars(); }
  }
}

class Notes {
  constructor(section, room) {
    Object.assign(this, { section, room });
    section.addEventListener("submit", (event) => { event.preventDefault(); this.send(event.target); });
    section.addEventListener("click", (event) => {
      const link = event.target.closest("[data-seek]"), camera = link && this.camera(link.dataset.camera);
      if (camera) { event.preventDefault(); room.to(camera, Number(link.dataset.seek)); }
    });
    section.addEventListener("input", (event) => {
      if (!event.target.closest("#note")) return;
      // A note is about what is on show when somebody begins to write it.
      if (event.target.id === "note-text" && !this.placed) this.place();
      if (event.target.id === "note-at") this.placed = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), 700);
    });
    addEventListener("pagehide", () => { if (this.timer) navigator.sendBeacon(section.dataset.draft, this.body()); });
    this.placed = Boolean(by("note-text")?.value);
  }

  camera(number) { return this.room.cameras.find((one) => String(one.number) === number); }
  body() { return new URLSearchParams(new FormData(by("note"))); }

  place() {
    const camera = this.room.heard, { position } = camera.at(this.room.moment);
    by("note-camera").value = camera.name;
    by("note-at").value = stamp(position ?? 0);
    this.placed = true;
  }

  /** To the field, for a note about what is on show now; what is being written stays. */
  note() {
    if (!by("note-text").value) this.place();
    by("note-text").focus();
  }

  async post(url, body) {
    return fetch(url, { method: "POST", body, credentials: "same-origin", headers: { "X-Part": "notes" } });
  }

  async keep() {
    this.timer = null;
    try {
      const answer = await this.post(this.section.dataset.draft, this.body());
      const said = by("draft-said");
      if (said) said.textContent = answer.ok && !answer.redirected ? (await answer.json()).said : "The draft is not kept. Sign in again.";
    } catch { by("draft-said").textContent = "No connection: the draft is not kept yet."; }
  }

  async send(form) {
    clearTimeout(this.timer);
    this.timer = null;
    const failed = () => this.room.say("That was not saved. Your text is kept here.");
    let answer;
    try { answer = await this.post(form.action, new URLSearchParams(new FormData(form))); } catch { failed(); return; }
    if (!answer.ok && answer.status !== 422) { failed(); return; }
    const inside = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#notes");
    if (!inside) { failed(); return; }
    this.section.replaceChildren(...inside.childNodes);
    for (const told of document.querySelectorAll("[data-notes]")) {
      const count = this.section.querySelectorAll(`[data-about="${told.dataset.notes}"]`).length;
      told.textContent = `${count} note${count === 1 ? "" : "s"}`;
    }
    this.placed = answer.status === 422 || Boolean(by("note-text")?.value);
    (by("note-text") || this.section).focus();
    this.draw();
  }

  /** Notes and marks on the cameras' lanes. */
  draw() {
    const signs = JSON.parse(by("note-signs").textContent);
    for (const camera of this.room.cameras) {
      const group = this.room.root.querySelector(`[data-lane="${camera.number}"] .signs`);
      group.replaceChildren(...signs.filter((sign) => sign.camera === camera.number).map((sign) => {
        const spans = camera.spans(), last = spans[spans.length - 1];
        const span = spans.find(({ segment }) => sign.at < segment.at + segment.seconds) || last;
        const x = percent((span.start + sign.at - span.segment.at - this.room.start) / this.room.span);
        return draw("svg", { x, y: 19, overflow: "visible" }, draw("path", { d: "M0 -11l8 11-8 11-8-11z", class: sign.note ? "note" : "marker" }));
      }));
    }
  }
}

const root = by("room");
if (root) new Room(root);
