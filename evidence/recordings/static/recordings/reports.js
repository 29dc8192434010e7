// Tells the server what was played: every few seconds, on pause, and when the page goes.
// One report after the other; one that did not arrive is sent again as it was, so that it
// counts once.
const EVERY = 5000;

export class Reports {
  /** parts: reference → Coverage; answered({percent, ranges, said}), refused(words). */
  constructor({ url, sitting, csrf, parts, answered, refused }) {
    Object.assign(this, { url, sitting, csrf, parts, answered, refused, number: 0, unsent: null, busy: false });
    if (!sitting) return; // a page on which nothing is counted
    setInterval(() => this.send(), EVERY);
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.send(); });
    addEventListener("pagehide", () => this.leave());
  }

  #next(last = false) {
    const parts = {};
    for (const [reference, coverage] of this.parts) {
      const found = coverage.take();
      if (found.length) parts[reference] = found;
    }
    if (!Object.keys(parts).length) return null;
    return JSON.stringify({ number: ++this.number, parts, last });
  }

  #body(report) { return new URLSearchParams({ csrfmiddlewaretoken: this.csrf, sitting: this.sitting, report }); }

  async send() {
    if (!this.sitting) return;
    if (this.busy) { this.more = true; return; }
    const report = this.unsent || this.#next();
    if (!report) return;
    this.busy = true;
    this.unsent = report;
    try {
      const answer = await fetch(this.url, {
        method: "POST", body: this.#body(report), credentials: "same-origin", keepalive: true,
      });
      if (answer.status < 500) this.unsent = null;
      if (answer.status === 409) this.refused((await answer.json()).detail);
      else if (answer.ok && !answer.redirected) this.answered(await answer.json());
      else if (answer.status < 500) { this.sitting = ""; this.refused("What you play is not being counted any more. Load the page again."); }
    } catch { /* no connection: the same again in a few seconds */ }
    this.busy = false;
    if (this.more && !this.unsent) { this.more = false; this.send(); }
  }

  /** The page goes: what is left is handed to the browser, which sends it by itself. */
  leave() {
    if (!this.sitting) return;
    if (this.unsent && !this.busy) navigator.sendBeacon(this.url, this.#body(this.unsent));
    const report = this.#next(true);
    if (report) navigator.sendBeacon(this.url, this.#body(report));
  }
}
