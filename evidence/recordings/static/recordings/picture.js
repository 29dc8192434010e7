// Which picture plays: the usual one, the small one, or the sound over stills. Somebody picks;
// Automatic takes the small one where the line is thin and it is there.
import { Line } from "./line.js";

const AGAIN = [5, 10, 15, 30, 30, 60, 60, 120, 120, 300]; // seconds between two questions

export class Picture {
  constructor(select, player, asks) {
    Object.assign(this, { select, player, asks });
    this.source = player.source;
    this.segments = player.data.segments;
    this.turn = 0; // each pick ends what an earlier one waits for
    select.addEventListener("change", () => this.pick(select.value));
    new Line(this.source).addEventListener("thin", () => this.thin());
  }

  /** Whether each file that has a picture has a small one. */
  get small() { return this.segments.every((segment) => segment.small || !segment.picture); }
  get picture() { return this.segments.some((segment) => segment.picture); }

  pick(value) {
    this.turn++;
    if (value === "sound" && !this.segments.every((segment) => segment.quiet))
      this.back("There is no copy of the sound alone of this recording.");
    else if (value === "low" && !this.picture) this.back("There is no picture in this recording.");
    else if (value === "low" && !this.small) this.wait();
    else this.show(value);
  }

  back(words) {
    this.select.value = "auto";
    this.show("auto");
    this.player.say(words);
  }

  show(value) {
    const sound = value === "sound";
    this.player.root.classList.toggle("stills-on", sound);
    document.getElementById("stills").hidden = !sound;
    this.source.quality({ low: "small", sound: "sound" }[value] || "proxy");
    if (sound) this.player.say("The sound, and a still every few seconds.");
    if (value === "low") this.player.say("The small picture plays.");
    this.player.show();
  }

  thin() {
    if (this.select.value !== "auto" || !this.picture) return;
    if (this.small) {
      this.source.quality("small");
      this.player.say("The line is slow: the small picture plays. Pick another under Picture.");
    } else this.player.say(`The line is slow. Pick ${this.asks ? "Low, or " : ""}Sound and stills, under Picture.`);
  }

  /** It is not there: have it made, and take it when it is. Until then the usual one plays. */
  async wait() {
    const { turn } = this;
    this.show("auto");
    if (!this.asks) { this.back("There is no small picture of this recording."); return; }
    this.player.say("The small picture is being made. Until then the usual one plays.");
    for (const seconds of AGAIN) {
      let found;
      try {
        const answer = await fetch(this.asks, {
          method: "POST", headers: { "X-CSRFToken": this.player.csrf }, credentials: "same-origin",
        });
        found = answer.ok ? await answer.json() : {};
      } catch { found = {}; } // no connection now: asked again
      if (turn !== this.turn) return;
      if (found.failed) { this.back("No small picture could be made of this recording."); return; }
      if (found.ready) { await this.come(turn); return; }
      await new Promise((go) => { setTimeout(go, seconds * 1000); });
      if (turn !== this.turn) return;
    }
    this.back("The small picture is still being made. Pick Low again later.");
  }

  async come(turn) {
    for (const segment of this.segments) segment.small = segment.picture;
    await this.source.refresh();
    if (turn === this.turn) this.show("low");
  }
}
