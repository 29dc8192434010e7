// The keys: one table, from which both the handler and the help are made.
const SAVED = "bwv.keys";
const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

export class Keys {
  /** rows: [[keys…], words, act]; they act only while the focus is inside `root`. */
  constructor(root, dialog, rows) {
    this.dialog = dialog;
    this.acts = new Map(rows.flatMap(([keys, , act]) => keys.map((key) => [key, act])));
    const body = dialog.querySelector("tbody");
    for (const [keys, words] of rows) {
      const row = body.insertRow();
      keys.forEach((key, index) => {
        if (!index) row.insertCell();
        const shown = document.createElement("kbd");
        shown.textContent = NAMES[key] || key.toUpperCase();
        row.cells[0].append(index ? " " : "", shown);
      });
      row.insertCell().textContent = words;
    }
    const box = dialog.querySelector("input");
    try { box.checked = localStorage.getItem(SAVED) !== "off"; } catch { /* kept for this page only */ }
    this.on = box.checked;
    box.addEventListener("change", () => {
      this.on = box.checked;
      try { localStorage.setItem(SAVED, this.on ? "on" : "off"); } catch { /* as above */ }
    });
    root.addEventListener("keydown", (event) => this.#pressed(event));
    dialog.querySelector("form").addEventListener("submit", (event) => this.#closes(event));
  }

  /** Browsers that know no dialogs (Firefox before 98, Safari before 15.4) have it in the page. */
  open() {
    if (this.dialog.showModal) { this.dialog.showModal(); return; } // without showModal: below
    this.before = document.activeElement;
    this.dialog.setAttribute("open", "");
    this.dialog.querySelector("button").focus();
  }

  #closes(event) {
    if (this.dialog.showModal) return; // without showModal: it would be sent to the server
    event.preventDefault();
    this.dialog.removeAttribute("open");
    this.before?.focus();
  }

  #pressed(event) {
    if (!this.on || event.defaultPrevented || this.dialog.hasAttribute("open")) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { target } = event;
    if (["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) || target.isContentEditable) return;
    // A button's own key stays its own.
    if (event.key === " " && target.closest("button, a, summary")) return;
    const act = this.acts.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!act) return;
    event.preventDefault();
    act(event);
  }
}
