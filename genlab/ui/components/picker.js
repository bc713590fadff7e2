// Choose one test image: a row of images of one class, a draw at random, or its number.

import { element } from "./dom.js";

const SHOWN = 9;

export class TestImagePicker {
  /** title: what the image is for; images: TestImages; onPick(index). */
  constructor({ title, images, classes, onPick }) {
    Object.assign(this, { images, classes, onPick, from: 0, row: [], chosen: null });
    this.filter = element("select", { "aria-label": `${title}: class`,
      onchange: () => this.show(0) },
      element("option", { value: "" }, "any class"),
      ...classes.map((name, k) => element("option", { value: k }, name)));
    this.number = element("input", { type: "number", min: 0, max: images.count - 1, step: 1,
      "aria-label": `${title}: number`, onchange: () => this.typed() });
    this.thumbs = Array.from({ length: SHOWN }, (_, i) => element("button", {
      type: "button", class: "thumb", onclick: () => onPick(this.row[i]),
    }, element("canvas", {})));
    this.element = element("div", { class: "picker", role: "group", "aria-label": title },
      element("b", {}, title), this.filter,
      element("span", { class: "thumbs" }, ...this.thumbs),
      element("button", { type: "button", title: "The next images of this class",
        onclick: () => this.show(this.row[this.row.length - 1] + 1) }, "More"),
      element("button", { type: "button", title: "Any image of this class",
        onclick: () => this.random() }, "Random"),
      element("label", {}, "no. ", this.number));
    this.show(0);
  }

  label() {
    return this.filter.value === "" ? null : Number(this.filter.value);
  }

  /** Fill the row with images of the class, from place `from` on. */
  show(from) {
    this.row = this.images.ofClass(this.label(), from, SHOWN);
    this.thumbs.forEach((thumb, i) => {
      thumb.hidden = i >= this.row.length;
      if (thumb.hidden) return;
      const name = this.classes[this.images.labels[this.row[i]]];
      this.images.draw(thumb.firstChild, this.row[i]);
      thumb.title = `no. ${this.row[i]}, ${name}`;
      thumb.setAttribute("aria-label", thumb.title);
    });
    this.mark();
  }

  mark() {
    this.thumbs.forEach((thumb, i) => {
      thumb.setAttribute("aria-pressed", String(this.row[i] === this.chosen));
    });
  }

  random() {
    const place = Math.floor(Math.random() * this.images.count);
    this.onPick(this.images.ofClass(this.label(), place, 1)[0]);
  }

  typed() {
    const index = Math.round(Number(this.number.value));
    this.onPick(Math.min(this.images.count - 1, Math.max(0, index)));
  }

  /** Show which image is chosen (null for none); the row moves there if it is not in sight. */
  draw(index) {
    if (index === this.chosen) return;
    this.chosen = index;
    this.number.value = index ?? "";
    if (index === null || this.row.includes(index)) return this.mark();
    if (this.label() !== null && this.label() !== this.images.labels[index]) this.filter.value = "";
    this.show(index);
  }
}
