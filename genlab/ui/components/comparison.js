// The decoded image, large, beside the original and its reconstruction at mu; below them the
// Bernoulli NLL of the original, as bars beside the floor that no such NLL can go below.

import { element } from "./dom.js";
import { norm } from "./latent.js";
import { paint } from "./mlp.js";
import { bernoulliNll, pixelEntropy } from "./test_images.js";

export class Comparison {
  /** images and means may be null: then there is nothing to compare with. */
  constructor({ decoder, side, images, classes }) {
    Object.assign(this, { decoder, side, images, classes, numbers: null });
    this.pixels = new Float32Array(decoder.pixels);
    this.now = picture("now", "Decoded now");
    this.original = picture("original", "Original");
    this.mean = picture("mean", "Decoded at its \u03bc");
    const aside = element("div", { class: "aside", hidden: images === null },
      this.original.element, this.mean.element);
    this.bars = { now: bar("now"), mean: bar("at \u03bc"), floor: bar("floor") };
    this.title = element("h3", {});
    this.gauge = element("div", { class: "gauge" }, this.title,
      ...Object.values(this.bars).map((one) => one.element));
    this.element = element("section", { class: "comparison" },
      element("div", { class: "pictures" }, this.now.element, aside), this.gauge);
  }

  /** A new start: test image `index` with mean z (Z floats), or null for none. */
  drawStart(index, z) {
    this.numbers = null;
    this.x = index === null ? null : this.images.pixels(index);
    this.original.canvas.toggleAttribute("data-empty", this.x === null);
    this.mean.canvas.toggleAttribute("data-empty", this.x === null);
    this.gauge.hidden = this.x === null;
    this.original.note.textContent = "Choose a test image above.";
    if (this.x === null) return;
    const label = this.images.labels[index];
    this.images.draw(this.original.canvas, index);
    paint(this.mean.canvas, this.decoder.decode(z, this.labelFor(label), this.pixels), this.side);
    this.numbers = {
      floor: pixelEntropy(this.x),
      mean: bernoulliNll(this.x, this.decoder.logits(z, this.labelFor(label))),
    };
    this.original.note.textContent = `no. ${index}, ${this.classes[label]}`;
    this.title.textContent = `Bernoulli NLL of image ${index}, nats`;
  }

  labelFor(label) {
    return this.decoder.classes > 0 ? label : null;
  }

  /** Decode z into the large image and put the original's NLL under it. */
  drawNow(z, label) {
    const begun = performance.now();
    this.decoder.decode(z, label, this.pixels);
    const decoded = performance.now();
    paint(this.now.canvas, this.pixels, this.side);
    this.now.element.dataset.decodeMs = (decoded - begun).toFixed(2);
    this.now.note.textContent = `\u2016z\u2016 = ${norm(z).toFixed(2)}`;
    if (this.x === null) return;
    this.numbers.now = bernoulliNll(this.x, this.decoder.logits(z, label));
    const full = Math.max(1.5 * this.numbers.mean, this.numbers.now);
    for (const [name, { fill, value }] of Object.entries(this.bars)) {
      fill.style.setProperty("--share", this.numbers[name] / full);
      value.textContent = this.numbers[name].toFixed(1);
    }
  }

  /** What a listener should hear about the large image. */
  describe(text) {
    this.now.canvas.setAttribute("aria-label", text);
  }
}

function picture(kind, title) {
  const canvas = element("canvas", { role: "img", "aria-label": title });
  const note = element("span", { class: "note" });
  const caption = element("figcaption", {}, element("b", {}, title), note);
  return { canvas, note, element: element("figure", { class: kind }, canvas, caption) };
}

function bar(name) {
  const fill = element("i", {});
  const value = element("output", {});
  return { fill, value, element: element("div", { class: `bar ${name}` },
    element("span", {}, name), element("span", { class: "rail" }, fill), value) };
}
