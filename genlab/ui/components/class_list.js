/**
 * The classes: a legend that filters, and how many images of each are chosen, as bars.
 *
 * A click on a class shows or hides it, a double click or its "only" button shows it alone.
 */

import { element } from "./dom.js";

export class ClassList {
  /** classes: names; palette: hex colours; onHidden(set of class ids): the visitor changed it. */
  constructor(classes, palette, onHidden) {
    this.count = classes.length;
    this.hidden = new Set();
    this.onHidden = onHidden;
    this.heading = element("h3", {}, "Classes");
    this.showAll = element(
      "button",
      { type: "button", class: "small", onclick: () => this.change([]) },
      "Show all",
    );
    this.rows = classes.map((name, id) => this.buildRow(name, palette[id], id));
    this.node = element(
      "section",
      { class: "classes", "aria-label": "Classes" },
      element("header", {}, this.heading, this.showAll),
      element("ul", {}, ...this.rows.map((row) => row.node)),
    );
  }

  buildRow(name, colour, id) {
    const toggle = element(
      "button",
      {
        type: "button",
        class: "toggle",
        title: "Click: show or hide. Double click: show alone.",
        onclick: () => this.toggle(id),
        ondblclick: () => this.showOnly(id),
      },
      element("i", { class: "swatch", style: `background: ${colour}` }),
      name,
    );
    const bar = element("i", { class: "bar", style: `background: ${colour}` });
    const number = element("span", { class: "number" });
    const only = element(
      "button",
      { type: "button", class: "small only", "aria-label": `Only ${name}` },
      "only",
    );
    only.onclick = () => this.showOnly(id);
    const track = element("span", { class: "track" }, bar);
    return { toggle, bar, number, name, node: element("li", {}, toggle, track, number, only) };
  }

  toggle(id) {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(id)) hidden.add(id);
    this.change(hidden.size === this.count ? [] : hidden); // an empty map helps nobody
  }

  showOnly(id) {
    this.change(this.rows.map((_, other) => other).filter((other) => other !== id));
  }

  change(hidden) {
    this.onHidden(new Set(hidden));
  }

  /** Draws the bars and numbers of a PointState. */
  show(state) {
    this.hidden = state.hidden;
    this.showAll.hidden = state.hidden.size === 0;
    const choosing = state.chosen > 0;
    this.heading.textContent = choosing ? "Classes of the chosen images" : "Classes";
    const counts = choosing ? state.chosenOfClass : state.totals;
    const longest = Math.max(1, ...counts.filter((_, id) => !state.hidden.has(id)));
    this.rows.forEach((row, id) => {
      const shown = !state.hidden.has(id);
      const total = countText(state.totals[id]);
      row.toggle.setAttribute("aria-pressed", String(shown));
      row.node.classList.toggle("off", !shown);
      row.bar.style.width = shown ? `${(100 * counts[id]) / longest}%` : "0";
      row.number.textContent = !shown
        ? "hidden"
        : choosing
          ? `${countText(state.chosenOfClass[id])} of ${total}`
          : total;
    });
  }
}

/** 2131 becomes "2,131". */
export function countText(count) {
  return count.toLocaleString("en-US");
}
