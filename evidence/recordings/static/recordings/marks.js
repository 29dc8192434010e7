// Markers and notes beside the player: the page's own forms, sent without leaving it.
import { stamp } from "./times.js";

export class Marks {
  constructor(section, player) {
    Object.assign(this, { section, player });
    section.addEventListener("submit", (event) => { event.preventDefault(); this.send(event.target); });
    section.addEventListener("click", (event) => {
      const link = event.target.closest("[data-seek]");
      if (link) { event.preventDefault(); player.go(Number(link.dataset.seek)); }
    });
    // A note is about what is on show when somebody begins to write it.
    section.addEventListener("input", (event) => {
      if (event.target.id === "mark-at") this.typed = true;
      if (event.target.id === "mark-text" && !this.typed) { this.place(); this.typed = true; }
    });
    this.read();
  }

  get form() { return this.section.querySelector("#mark"); }

  read() {
    const data = this.section.querySelector("#marker-data");
    this.player.layers.marks(data ? JSON.parse(data.textContent) : []);
  }

  place() {
    const field = this.section.querySelector("#mark-at");
    if (field && !this.typed) field.value = stamp(this.player.source.position);
  }

  /** The field says what is on show, until somebody types or is in it. */
  follow() {
    if (!this.section.contains(document.activeElement)) this.place();
  }

  /** Mark what is on show now. */
  mark() {
    if (!this.form) { this.player.say("You can see this recording, but not mark it."); return; }
    this.typed = false;
    this.place();
    const at = this.section.querySelector("#mark-at").value;
    this.send(this.form, () => this.player.say(`Marked at ${at}`), new URLSearchParams({ at, text: "" }));
  }

  /** Go to the field for a note about what is on show now. */
  note() {
    if (!this.form) { this.player.say("You can see this recording, but not mark it."); return; }
    this.typed = false;
    this.place();
    this.typed = true;
    this.section.querySelector("#mark-text").focus();
  }

  async send(form, done, body = new URLSearchParams(new FormData(form))) {
    const draft = this.section.querySelector("#mark-text")?.value;
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST", body, credentials: "same-origin",
        headers: { "X-CSRFToken": this.player.csrf, "X-Part": "markers" },
      });
    } catch { this.player.say("Stopped: no connection. Your text is kept."); return; }
    if (!answer.ok && answer.status !== 422) { this.player.say("That was not saved. Sign in again; your text is kept."); return; }
    const inside = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#markers");
    if (!inside) { this.player.say("That was not saved. Sign in again; your text is kept."); return; }
    const had = this.section.contains(document.activeElement);
    this.section.replaceChildren(...inside.childNodes);
    this.typed = answer.status === 422;
    // A mark by key leaves a note that somebody is writing as it is.
    if (form.id !== "mark" || (body.get("text") === "" && draft)) {
      const field = this.section.querySelector("#mark-text");
      if (field && draft) { field.value = draft; this.typed = true; }
    }
    this.read();
    this.place();
    if (had) (this.section.querySelector(".marks-said button") || this.section.querySelector("#mark-text") || this.section).focus();
    if (answer.ok && done) done();
  }
}
