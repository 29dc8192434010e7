// The back office under script-src 'self': what the theme's templates ask of Alpine, registered,
// and the few of its expressions that Alpine's build without eval can't read, said in other words.
(() => {
  "use strict";
  const SIDEBAR = "sidebarDesktopOpen";

  // attribute, how its value begins, what stands there instead (null: nothing).
  const WORDS = [
    ["x-bind:action", "activeTab &&", "formAction"], // names window
    ["x-bind:style", "'width: '", null], // writes a style attribute; admin.css sets the width
    ["x-on:click", "sidebarDesktopOpen = !sidebarDesktopOpen; localStorage", "toggleSidebar()"],
    ["x-on:click", "['h3', 'strong']", "isTitle($event) && (openRow = !openRow)"],
    ["x-on:click", "$el.parentElement.remove()", "removeParent($el)"],
    ["x-on:keydown.escape.prevent", "openSearchResults = false; if", "openSearchResults = false"],
  ];
  function reword(root) {
    for (const [name, begins, instead] of WORDS) {
      const found = root.querySelectorAll(`[${CSS.escape(name)}]`);
      for (const element of found) {
        if (!element.getAttribute(name).startsWith(begins)) continue;
        if (instead === null) element.removeAttribute(name);
        else element.setAttribute(name, instead);
      }
    }
  }
  reword(document);
  // Icons stand beside words: read out, each would be the name of its picture.
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) {
    const alone = icon.parentElement.textContent.trim() === icon.textContent.trim();
    if (!alone) icon.setAttribute("aria-hidden", "true");
  }
  // What htmx brings is reworded before Alpine hears of it.
  document.addEventListener("htmx:afterSwap", (event) => reword(event.detail.elt || document));

  // Theme: light only. The names are the theme's own.
  function theme() {
    return {
      openModal: false, filterOpen: false, openAllApplications: false, adminTheme: "light",
      init() {
        const still = (value) => document.body.classList.toggle("overflow-hidden", value);
        for (const name of ["openModal", "filterOpen", "openAllApplications"]) this.$watch(name, still);
      },
      switchTheme() {},
    };
  }
  function page() {
    return {
      activeTab: "", sidebarMobileOpen: false,
      sidebarDesktopOpen: localStorage.getItem(SIDEBAR) !== "0",
      moveRecords, sortRecords,
      init() { this.activeTab = getCurrentTab() || document.body.dataset.tab || ""; },
      toggleSidebar() {
        this.sidebarDesktopOpen = !this.sidebarDesktopOpen;
        localStorage.setItem(SIDEBAR, this.sidebarDesktopOpen ? "1" : "0");
      },
      get formAction() {
        const here = location.pathname + location.search;
        return this.activeTab && this.activeTab !== "general" ? `${here}#${this.activeTab}` : here;
      },
      isTitle: (event) => ["H3", "STRONG"].includes(event.target.tagName),
      removeParent: (element) => element.parentElement.remove(),
    };
  }
  document.addEventListener("alpine:init", () => {
    const parts = { theme, page, searchForm, searchDropdown, searchCommand };
    for (const [name, part] of Object.entries(parts)) window.Alpine.data(name, part);
  });
})();
