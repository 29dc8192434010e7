// Whether the line is thin: what the browser knows of it, or that the film stood still for want
// of bytes twice in half a minute. Said once: a picture that changes to and fro helps nobody.
const LONG = 2000, TWICE_WITHIN = 30000, THIN = ["slow-2g", "2g", "3g"];

export class Line extends EventTarget {
  constructor(source) {
    super();
    this.source = source;
    this.stalls = [];
    this.told = false;
    this.timer = 0;
    const { connection } = navigator; // Chromium's alone; elsewhere the stalls decide
    this.thin = () => Boolean(connection && (connection.saveData || THIN.includes(connection.effectiveType)));
    connection?.addEventListener?.("change", () => { if (this.thin() && source.playing) this.tell(); });
    source.addEventListener("play", () => { if (this.thin()) this.tell(); });
    source.addEventListener("waiting", () => this.waits());
    for (const name of ["playing", "pause", "seeked"]) source.addEventListener(name, () => this.goes());
  }

  /** It wants bytes. After a jump it always does, which says nothing of the line. */
  waits() {
    const { source } = this;
    if (this.timer || !source.playing || source.moving || source.video.seeking) return;
    this.timer = setTimeout(() => { this.timer = 0; this.stalled(performance.now()); }, LONG);
  }

  goes() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  stalled(now) {
    this.stalls = [...this.stalls.filter((before) => now - before < TWICE_WITHIN), now];
    if (this.stalls.length > 1) this.tell();
  }

  tell() {
    if (this.told) return;
    this.told = true;
    this.dispatchEvent(new Event("thin"));
  }
}
