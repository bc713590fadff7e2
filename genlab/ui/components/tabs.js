// A tab list over panels: the arrow keys go from tab to tab, one panel is shown.

import { element } from "./dom.js";

export class TabList {
  /** panels: name -> element; titles: name -> text; onTab(name). */
  constructor(panels, titles, onTab) {
    Object.assign(this, { panels, onTab });
    this.tabs = {};
    for (const [name, panel] of Object.entries(panels)) {
      this.tabs[name] = element("button", {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        onclick: () => onTab(name),
        onkeydown: (event) => this.key(event, name),
      }, titles[name]);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${name}`);
    }
    this.element = element("div", { class: "tabs", role: "tablist", "aria-label": "More views" },
      ...Object.values(this.tabs));
  }

  key(event, name) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const names = Object.keys(this.tabs);
    const next = names[(names.indexOf(name) + step + names.length) % names.length];
    this.onTab(next);
    this.tabs[next].focus();
  }

  draw(shown) {
    for (const [name, tab] of Object.entries(this.tabs)) {
      this.panels[name].hidden = name !== shown;
      tab.setAttribute("aria-selected", String(name === shown));
      tab.tabIndex = name === shown ? 0 : -1;
    }
  }
}
