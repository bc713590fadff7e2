// Twelve new samples, and under each the training image that is nearest to it: new, or a copy?

import { element } from "./dom.js";
import { drawNoise } from "./gan_noise.js";
import { paint } from "./mlp.js";

const COUNT = 12, SIDE = 28, PIXELS = SIDE * SIDE;
const EMPTY = { class: "crisp", role: "img", width: SIDE, height: SIDE };

export class NewSamples {
  /** change(patch): seed draws other samples. */
  constructor(change) {
    this.left = 0;
    this.greys = new Uint8Array(COUNT * PIXELS);
    this.pairs = Array.from({ length: COUNT }, (_, i) => {
      const made = element("canvas", { ...EMPTY, "aria-label": `Sample ${i}` });
      const near = element("canvas", EMPTY);
      const words = element("span", {});
      return { made, near, words, element: element("figure", { class: "pair" }, made, near,
        element("figcaption", {}, words)) };
    });
    this.floor = element("p", { class: "note", role: "status" });
    this.element = element("div", { class: "samples" },
      element("div", { class: "line" },
        element("button", { type: "button", class: "primary",
          onclick: () => change({ seed: this.seed + 1 }) }, "Draw twelve new ones"), this.floor),
      element("div", { class: "pairs" },
        element("div", { class: "heads" }, element("span", {}, "sample"),
          element("span", {}, "nearest training image")),
        ...this.pairs.map((pair) => pair.element)));
  }

  /** Show the samples of the view's seed; nearest: the URL to ask for training images. */
  draw({ seed }, generator, nearest) {
    if (this.generator === generator && this.seed === seed) return;
    Object.assign(this, { generator, seed, nearest, left: COUNT });
    for (const pair of this.pairs) {
      pair.words.textContent = "\u2026";
      pair.element.classList.remove("copy");
    }
    this.floor.textContent = "";
  }

  /** Make samples until the time is over, then ask for their neighbours; true while some lack. */
  drawUntil(deadline) {
    if (this.left === 0) return false;
    do {
      const i = COUNT - this.left;
      const pixels = this.generator.generate(drawNoise(this.generator, 1000 * this.seed + i));
      paint(this.pairs[i].made, pixels, SIDE);
      for (let p = 0; p < PIXELS; p++) this.greys[i * PIXELS + p] = Math.round(255 * pixels[p]);
      this.left--;
    } while (this.left > 0 && performance.now() < deadline);
    if (this.left === 0) this.ask();
    return this.left > 0;
  }

  async ask() {
    const { seed, generator } = this;
    try {
      const response = await fetch(new URL(this.nearest, document.baseURI), {
        method: "POST", body: this.greys.slice() });
      if (!response.ok) throw new Error((await response.text()).trim());
      const answer = await response.json();
      if (seed === this.seed && generator === this.generator) this.show(answer);
    } catch (error) {
      if (seed === this.seed) this.floor.textContent = error.message;
    }
  }

  show({ index, distance, label, pixels, floor }) {
    this.pairs.forEach(({ near, words, element: figure }, i) => {
      const bytes = Uint8Array.from(atob(pixels[i]), (letter) => letter.charCodeAt(0));
      paint(near, Float32Array.from(bytes, (grey) => grey / 255), SIDE);
      near.setAttribute("aria-label", `Training image ${index[i]}, a ${label[i]}`);
      const copy = distance[i] < floor.low;
      words.textContent = `${distance[i].toFixed(1)}${copy ? " near copy?" : ""}`;
      figure.classList.toggle("copy", copy);
    });
    const [median, low] = [floor.median.toFixed(1), floor.low.toFixed(1)];
    this.floor.textContent = "Distances of pixels. Of test images, which nobody can have copied, "
      + `half lie within ${median} of a training image and one in twenty within ${low}; a sample `
      + `nearer than that is marked. ${floor.origin}.`;
    this.element.dataset.seed = this.seed;
  }
}
