// The player of one recording: native video, our own controls, keys and timeline.
// Runs under script-src 'self'; style-src 'self'.
import { Coverage, COUNTS } from "./coverage.js";
import { Frames } from "./frames.js";
import { full, isFull, whenFull } from "./full.js";
import { Keys } from "./keys.js";
import { folds, Layers, percent, tile } from "./layers.js";
import { Marks } from "./marks.js";
import { Picture } from "./picture.js";
import { Plan } from "./plan.js";
import { Reports } from "./reports.js";
import { Source } from "./source.js";
import { clock, stamp, typed, words } from "./times.js";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8];
const SMALLEST_LOOP = 0.1;
const by = (id) => document.getElementById(id);

class Player {
  constructor(root) {
    this.root = root;
    this.csrf = root.dataset.csrf;
    this.data = JSON.parse(by("player-data").textContent);
    this.video = by("video");
    this.source = new Source(this.video, this.data.segments, { play: root.dataset.play, csrf: this.csrf, sitting: this.data.sitting });
    this.axis = this.source.axis;
    this.go = (position, options) => { this.jump(); return this.source.seek(position, options); };
    this.layers = new Layers(by("timeline"), this.axis, this.go);
    this.plan = new Plan(by("plan"), this.data.tiles, this.go);
    folds(by("plan"));
    this.coverage = new Coverage(this.data.played);
    this.layers.played(this.coverage.ranges);
    this.reports = new Reports({
      url: root.dataset.played, sitting: this.data.sitting, csrf: this.csrf, parts: [[this.data.reference, this.coverage]],
      answered: (answer) => this.counted(answer), refused: (words) => this.say(words),
    });
    this.frames = []; // a table for each file, when it has come
    this.loop = { from: null, to: null };
    this.head = by("head");
    this.head.setAttribute("aria-valuemax", Math.floor(this.axis.total));
    if (!this.data.segments.some((segment) => segment.picture)) root.classList.add("sound-only");
    this.controls();
    this.keys();
    this.pointer();
    this.listen();
    const section = by("markers");
    if (section) this.marks = new Marks(section, this);
    const asked = typed(new URLSearchParams(location.search).get("t") || "");
    if (asked !== null) this.source.wanted = Math.min(asked, this.axis.total);
    this.show();
    // Until here a click would have been lost, so the button said that it can't be pressed.
    this.button("play").disabled = false;
    this.facts();
  }

  button(name) { return this.root.querySelector(`[data-do="${name}"]`); }
  say(text) { by("said").textContent = text; }
  jump() { this.coverage.jump(); this.target = null; }

  // --- what is asked for after the page: frame times, positions ---
  async facts() {
    for (const segment of this.data.segments) {
      if (!this.root.dataset.facts || !(segment.frames || segment.track)) continue;
      const query = new URLSearchParams({ file: segment.index, look: this.data.look });
      try {
        const answer = await fetch(`${this.root.dataset.facts}?${query}`, { credentials: "same-origin" });
        if (!answer.ok) continue;
        const found = await answer.json();
        if (found.frames) this.frames[segment.index] = new Frames(found.frames);
        if (found.track) this.plan.add(segment.at, found.track.fixes);
        this.show();
      } catch { /* the player does without */ }
    }
  }

  // --- controls ---
  controls() {
    const does = {
      play: () => this.source.toggle(), back: () => this.by(-10), on: () => this.by(10),
      "frame-back": () => this.step(-1), "frame-on": () => this.step(1),
      mute: () => this.silence(), captions: () => this.say("There is no transcript of this recording."),
      full: () => this.full(), keys: () => this.help.open(), copy: () => this.copy(),
      "loop-from": () => this.loopAt("from"), "loop-to": () => this.loopAt("to"), "loop-clear": () => this.loopAt(null),
    };
    for (const [name, act] of Object.entries(does)) this.button(name).addEventListener("click", act);
    folds(this.root.querySelector(".controls"));
    this.button("speed").addEventListener("change", (event) => this.speed(Number(event.target.value)));
    this.picture = new Picture(this.button("quality"), this, this.root.dataset.small);
    by("goto").addEventListener("submit", (event) => { event.preventDefault(); this.goTo(); });
    for (const end of ["from", "to"]) by(`loop-${end}`).addEventListener("change", (event) => this.loopTyped(end, event.target.value));
  }

  by(seconds) { this.go(this.source.position + seconds); }

  goTo() {
    const position = typed(by("goto-time").value);
    if (position === null) { this.say("Enter a time like 00:02:16.480, or seconds like 136.48"); return; }
    if (position > this.axis.total) { this.say(`The recording ends at ${stamp(this.axis.total)}`); return; }
    this.say(`At ${stamp(position)}`);
    this.go(position);
  }

  silence() {
    this.video.muted = !this.video.muted;
    this.button("mute").setAttribute("aria-pressed", String(this.video.muted));
  }

  volume(by) {
    this.video.volume = Math.min(1, Math.max(0, Math.round((this.video.volume + by) * 10) / 10));
    this.say(`Volume ${Math.round(this.video.volume * 100)} %`);
  }

  speed(rate) {
    this.cover();
    this.video.playbackRate = this.video.defaultPlaybackRate = rate;
    this.button("speed").value = String(rate);
    by("speed-note").textContent = `Played at ${rate}×. Not counted as reviewed.`;
    by("speed-note").hidden = rate <= COUNTS;
  }

  faster(step) {
    const at = SPEEDS.indexOf(this.video.playbackRate);
    const rate = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 3 : at) + step))];
    this.speed(rate);
    this.say(`Speed ${rate}×`);
  }

  full() { full(this.root, () => this.say("Full screen is not allowed here.")); }

  async copy() {
    const text = by("clock").textContent;
    try { await navigator.clipboard.writeText(text); this.say("Copied."); } catch {
      // Without permission: select it, so that the keyboard's copy takes it.
      getSelection().selectAllChildren(by("clock"));
      this.say("Selected. Press Ctrl and C to copy.");
    }
  }

  // --- loop ---
  loopAt(end) {
    if (!end) { this.loop = { from: null, to: null }; this.say("The loop is cleared."); }
    else this.loopTyped(end, stamp(this.source.position));
    this.loopShow();
  }

  loopTyped(end, text) {
    const position = text.trim() ? typed(text) : null;
    if (text.trim() && (position === null || position > this.axis.total)) {
      this.say("Enter a time like 00:02:16.480, within the recording");
      return;
    }
    const loop = { ...this.loop, [end]: position };
    if (loop.from !== null && loop.to !== null && loop.to - loop.from < SMALLEST_LOOP) {
      this.say(`The loop's end must be after its start, ${stamp(loop.from)}`);
      this.loopShow();
      return;
    }
    this.loop = loop;
    if (loop.from !== null && loop.to !== null) this.say(`Loops from ${stamp(loop.from)} to ${stamp(loop.to)}`);
    else if (position !== null) this.say(`The loop ${end === "from" ? "begins" : "ends"} at ${stamp(position)}`);
    this.loopShow();
  }

  loopShow() {
    for (const end of ["from", "to"]) by(`loop-${end}`).value = this.loop[end] === null ? "" : stamp(this.loop[end]);
  }

  // --- frames ---
  step(by) {
    this.source.pause();
    const { position } = this.source, segment = this.axis.segment(position), frames = this.frames[segment.index];
    if (!frames) { this.say("Frame steps are being prepared."); return; }
    // Keys come faster than pictures: count from the frame that was asked for last.
    const now = this.target?.segment === segment ? this.target.number : this.frameNow(segment, frames, position);
    const number = now + by;
    if (number < 0 || number >= frames.count) {
      const other = this.axis.segments[segment.index + by];
      if (!other || !this.frames[other.index]) { this.say(by < 0 ? "This is the first frame." : "This is the last frame."); return; }
      this.toFrame(other, by < 0 ? this.frames[other.index].count - 1 : 0);
      return;
    }
    this.toFrame(segment, number);
  }

  /** The number of the frame on show: what the browser said of it, else by the time. */
  frameNow(segment, frames, position) {
    if (this.target?.segment === segment) return this.target.number;
    const number = frames.at(position - segment.at), said = this.presented;
    return this.video.paused && said?.segment === segment && Math.abs(said.number - number) <= 1 ? said.number : number;
  }

  async toFrame(segment, number) {
    const frames = this.frames[segment.index], target = { segment, number };
    this.coverage.jump();
    this.target = target;
    await this.source.seek(segment.at + frames.middle(number, segment.seconds), { play: false, exact: true });
    this.frameWords();
  }

  /** Each picture that the browser puts on show, where it says so. */
  watch() {
    this.video.requestVideoFrameCallback?.((_, meta) => {
      const segment = this.source.current, frames = segment && this.frames[segment.index];
      if (frames) this.presented = { segment, number: frames.nearest(meta.mediaTime) };
      this.frameWords();
      this.watch();
    });
  }

  /** Whether the browser said that it shows the frame that was asked for. */
  get confirmed() {
    if (!this.video.requestVideoFrameCallback) return false;
    const { target, presented } = this;
    return !target || (presented?.segment === target.segment && presented.number === target.number);
  }

  frameWords() {
    const { position } = this.source, segment = this.axis.segment(position), frames = this.frames[segment.index];
    const place = by("frame");
    if (!segment.picture) { place.textContent = "No picture"; return; }
    if (!frames) { place.textContent = segment.frames ? "" : "Frame steps are being prepared"; return; }
    const number = this.frameNow(segment, frames, position);
    const all = this.data.segments.every((item) => item.frames);
    const before = all ? this.data.segments.slice(0, segment.index).reduce((sum, item) => sum + item.frames, 0) : 0;
    const total = all ? this.data.segments.reduce((sum, item) => sum + item.frames, 0) : frames.count;
    const count = (value) => value.toLocaleString("en-GB");
    place.textContent = `${this.confirmed ? "Frame" : "About frame"} ${count(before + number + 1)} of ${count(total)}` +
      (all ? "" : ` of file ${segment.index + 1}`);
  }

  // --- what is shown ---
  listen() {
    const { source } = this;
    source.addEventListener("timeupdate", () => this.moved());
    source.addEventListener("seeked", () => this.show());
    source.addEventListener("play", () => {
      this.target = null;
      this.button("play").textContent = "Pause";
      this.run();
    });
    source.addEventListener("pause", () => {
      this.button("play").textContent = "Play";
      this.cover();
      this.reports.send();
      this.played();
      this.show();
    });
    source.addEventListener("addresses", () => { this.layers.storyboard(source.urls); this.show(); });
    source.addEventListener("gap", (event) => this.say(`${event.detail.toFixed(1)} s not recorded`));
    source.addEventListener("problem", (event) => {
      by("player-error").textContent = event.detail;
      by("player-error").hidden = !event.detail;
    });
    this.watch();
    this.video.addEventListener("click", () => source.toggle());
    whenFull(() => { this.button("full").textContent = isFull() ? "Leave full screen" : "Full screen"; });
  }

  /** While it plays, at each picture of the screen: the time, the loop. */
  run() {
    if (this.video.paused) return;
    const { position } = this.source, { from, to } = this.loop;
    this.cover();
    if (to !== null && position >= to && position < to + 1.5 && !this.source.moving) this.go(from ?? 0, { play: true });
    this.clockWords(position);
    requestAnimationFrame(() => this.run());
  }

  moved() {
    this.cover();
    if (!this.video.paused) this.played();
    this.show();
  }

  cover() {
    const { video, source } = this;
    // After a pause the picture may still run on by a little: what follows a part that ran.
    const runs = !video.paused || this.coverage.last;
    this.coverage.at(source.position, video.playbackRate, runs && source.current && !video.seeking && !source.moving);
  }

  /** What was played, as it is drawn and said. */
  played() {
    this.layers.played(this.coverage.ranges);
    const words = by("coverage");
    if (words) words.textContent = `You have played ${this.coverage.percent(this.axis.total)}% of it.`;
  }

  /** What the server has counted. */
  counted({ said }) { if (said && this.video.playbackRate <= COUNTS) this.say(said); }

  clockWords(now) {
    const segment = this.axis.segment(now), parts = [], { checked, within } = this.data.clock;
    if (segment.said === null) parts.push("The camera did not say when");
    else {
      const said = clock(segment.said + now - segment.at);
      parts.push(`Camera said ${said.time}${checked ? "" : ` ${said.zone}`}`);
      if (checked) {
        const right = clock(segment.start + now - segment.at);
        parts.push(`corrected ${right.time} ${right.zone}`);
      }
      parts.push(checked && within !== null ? `within ${Math.round(within)} s` : "clock not checked");
    }
    by("clock").textContent = [...parts, `${stamp(now)} in`].join(" · ");
    by("time").value = stamp(now);
  }

  show() {
    const now = this.source.position, segment = this.axis.segment(now);
    this.clockWords(now);
    this.head.setAttribute("aria-valuenow", Math.floor(now));
    const right = segment.start === null ? "" : `, ${clock(segment.start + now - segment.at).time}`;
    this.head.setAttribute("aria-valuetext", words(now) + right);
    if (!this.dragging) by("head-mark").style.left = percent(this.axis.fraction(now));
    this.layers.head(now);
    this.plan.show(now);
    if (this.source.soundOnly && this.source.urls) this.still(now);
    this.marks?.follow();
    this.frameWords();
  }

  still(now) {
    const box = by("stills"), segment = this.axis.segment(now);
    if (!segment.board) return;
    const width = box.parentElement.clientWidth, most = box.parentElement.clientHeight;
    const height = Math.min(most, (width * segment.board.height) / segment.board.width);
    box.style.width = `${tile(box, this.axis, this.source.urls, now, height)}px`;
  }

  // --- keys ---
  keys() {
    const to = (position) => () => this.go(position());
    const { position } = { position: () => this.source.position };
    this.help = new Keys(this.root, by("keys"), [
      [[" ", "k"], "Play, pause", () => this.source.toggle()],
      [["j"], "10 seconds back", () => this.by(-10)], [["l"], "10 seconds on", () => this.by(10)],
      [["ArrowLeft"], "1 second back", () => this.by(-1)], [["ArrowRight"], "1 second on", () => this.by(1)],
      [[","], "One frame back", () => this.step(-1)], [["."], "One frame on", () => this.step(1)],
      [["<"], "Slower", () => this.faster(-1)], [[">"], "Faster", () => this.faster(1)],
      [["["], "The loop begins here", () => this.loopAt("from")], [["]"], "The loop ends here", () => this.loopAt("to")],
      [["\\"], "Clear the loop", () => this.loopAt(null)],
      [["m"], "Mark this place", () => this.marks?.mark()], [["n"], "Note about this place", () => this.marks?.note()],
      [["u"], "Next part that was not played", () => this.unplayed()],
      [["ArrowUp"], "Louder", () => this.volume(0.1)], [["ArrowDown"], "Quieter", () => this.volume(-0.1)],
      [["s"], "Sound off, on", () => this.silence()], [["c"], "Captions", () => this.button("captions").click()],
      [["f"], "Full screen", () => this.full()], [["?"], "This help", () => this.help.open()],
    ]);
    // The head is a slider: these are its own, whatever the switch says.
    const moves = {
      ArrowLeft: () => position() - 1, ArrowDown: () => position() - 1, ArrowRight: () => position() + 1,
      ArrowUp: () => position() + 1, PageDown: () => position() - 60, PageUp: () => position() + 60,
      Home: () => 0, End: () => this.axis.total,
    };
    this.head.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !moves[event.key]) return;
      event.preventDefault();
      to(moves[event.key])();
    });
  }

  unplayed() {
    const next = this.coverage.next(this.source.position, this.axis.total);
    if (next === null) { this.say("You have played all of it."); return; }
    this.say(`Not played yet: from ${stamp(next)}`);
    this.go(next);
  }

  // --- pointing ---
  pointer() {
    const { head } = this, timeline = by("timeline");
    const at = (event, box = head.getBoundingClientRect()) => this.axis.position((event.clientX - box.left) / box.width);
    const mark = (position) => { by("head-mark").style.left = percent(this.axis.fraction(position)); };
    head.addEventListener("pointerdown", (event) => {
      this.dragging = true; head.setPointerCapture(event.pointerId); head.focus(); mark(at(event));
    });
    head.addEventListener("pointermove", (event) => { this.peek(at(event)); if (this.dragging) mark(at(event)); });
    head.addEventListener("pointerup", (event) => { if (this.dragging) { this.dragging = false; this.go(at(event)); } });
    head.addEventListener("pointercancel", () => { this.dragging = false; this.show(); });
    head.addEventListener("pointerleave", () => { by("preview").hidden = true; });
    for (const lane of timeline.querySelectorAll(".lane:not(.rail)"))
      lane.addEventListener("click", (event) => this.go(at(event, lane.getBoundingClientRect())));
  }

  peek(position) {
    const preview = by("preview"), picture = by("preview-picture");
    const width = tile(picture, this.axis, this.source.urls, position, 90);
    if (!width) return;
    picture.style.width = `${width}px`;
    by("preview-time").textContent = stamp(position);
    preview.hidden = false;
    const box = this.head.getBoundingClientRect(), around = by("timeline").getBoundingClientRect();
    const left = box.left - around.left + this.axis.fraction(position) * box.width - width / 2;
    preview.style.left = `${Math.min(Math.max(0, left), Math.max(0, around.width - width - 10))}px`;
  }
}

const root = by("player");
if (root) new Player(root);
