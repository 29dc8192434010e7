// One recording behind one video element: asks for addresses when it is played, renews them when
// they ran out, and turns several files into one. Says what happens by events.
import { Axis } from "./axis.js";

class Refused extends Error {}

export class Source extends EventTarget {
  constructor(video, segments, { play, csrf, sitting = "", advance = true }) {
    super();
    Object.assign(this, { video, play, csrf, sitting, advance });
    this.axis = new Axis(segments);
    this.urls = null;
    this.asking = null;
    this.current = null; // the file that is loaded
    this.wanted = 0;
    this.turn = 0;
    this.renewed = 0;
    this.kind = "proxy"; // or small, or sound
    this.playing = false; // what somebody asked for, not what the element happens to do
    for (const name of ["timeupdate", "seeked", "play", "pause", "waiting", "playing"])
      video.addEventListener(name, () => this.#tell(name));
    video.addEventListener("playing", () => { this.renewed = 0; });
    video.addEventListener("ended", () => this.#ended());
    video.addEventListener("error", () => this.#renew());
  }

  get position() {
    if (!this.current || this.moving) return this.wanted;
    return Math.min(this.axis.total, this.current.at + this.video.currentTime);
  }

  /** Go to a position; load its file where it is another. */
  async seek(position, { play = this.playing, exact = false } = {}) {
    const turn = ++this.turn;
    this.wanted = Math.min(Math.max(0, position), Math.max(0, this.axis.total - (exact ? 0.001 : 0.05)));
    this.playing = play;
    this.moving = true;
    this.#tell("timeupdate");
    let found;
    try { found = await this.#addresses(); } catch (error) {
      this.playing = false;
      this.#problem(error instanceof Refused ? error.message : navigator.onLine ? "This can't be played now. Sign in again, or try later."
        : "Stopped: no connection. Press Play to go on.");
      return;
    }
    if (turn !== this.turn) return;
    this.#problem("");
    const segment = this.axis.segment(this.wanted);
    const url = found[segment.index][this.kind] || found[segment.index].proxy;
    if (segment !== this.current || this.video.src !== url) {
      const rate = this.video.playbackRate;
      this.current = segment;
      this.video.preload = "auto"; // until now nothing was to be fetched: not before the event
      this.video.src = url;
      this.video.defaultPlaybackRate = rate;
      this.video.playbackRate = rate;
      await new Promise((go) => this.video.addEventListener("loadedmetadata", go, { once: true }));
      if (turn !== this.turn) return;
    }
    this.moving = false;
    this.video.currentTime = Math.max(0, this.wanted - segment.at);
    if (play) this.start();
  }

  start() {
    this.playing = true;
    this.video.play().catch((error) => {
      if (error.name === "NotAllowedError") { this.playing = false; this.#tell("pause"); }
    });
  }

  pause() {
    this.playing = false;
    this.video.pause();
  }

  toggle() {
    if (this.playing) { this.pause(); return; }
    const at = this.position >= this.axis.total - 0.1 ? 0 : this.position;
    if (this.current && !this.moving && at === this.position) this.start(); else this.seek(at, { play: true });
  }

  get soundOnly() { return this.kind === "sound"; }

  /** The usual picture (proxy), the small one, or the sound alone: from where it is, as it goes. */
  quality(kind) {
    if (kind === this.kind) return;
    this.kind = kind;
    if (this.current) { const at = this.position; this.current = null; this.seek(at, { exact: true }); }
  }

  /** What is there now: a rendition was made since the addresses were given. */
  async refresh() {
    if (!this.urls) return; // nothing was played yet: they will be asked for
    try { this.urls = await this.#ask(true); this.#tell("addresses"); } catch { /* those it has go on */ }
  }

  #tell(name) { this.dispatchEvent(new Event(name)); }
  #problem(text) { this.dispatchEvent(new CustomEvent("problem", { detail: text })); }

  async #ask(again) {
    const body = new URLSearchParams({ again: again ? "1" : "0", sitting: this.sitting });
    const answer = await fetch(this.play, {
      method: "POST", body, headers: { "X-CSRFToken": this.csrf }, credentials: "same-origin",
    });
    if (answer.status === 409) throw new Refused((await answer.json()).detail);
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).segments;
  }

  #addresses() {
    // The event is written before the first byte: ask once, on the first play or seek.
    if (!this.urls && !this.asking) {
      this.asking = this.#ask(false)
        .then((found) => { this.urls = found; this.#tell("addresses"); return found; })
        .finally(() => { this.asking = null; });
    }
    return this.urls ? Promise.resolve(this.urls) : this.asking;
  }

  #ended() {
    if (!this.advance) return;
    const next = this.current && this.axis.segments[this.current.index + 1];
    if (next) {
      if (next.hole) this.dispatchEvent(new CustomEvent("gap", { detail: next.hole }));
      this.seek(next.at, { play: true });
    } else this.playing = false;
  }

  async #renew() {
    if (!this.current) return;
    // Signed addresses live for minutes: renew them, then go on where it stopped.
    const at = this.moving ? this.wanted : this.position, play = this.playing;
    if (this.renewed++ > 1) { this.#problem("This can't be played here. It is kept; tell the evidence manager."); return; }
    try { this.urls = await this.#ask(true); } catch (error) {
      this.#problem(error instanceof Refused ? error.message : "Sign in to go on.");
      return;
    }
    this.#tell("addresses");
    this.current = null;
    this.seek(at, { play });
  }
}
