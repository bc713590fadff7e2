// Where z may be put at once: back at the start image, at the prior mean, at a seeded draw.

import { element } from "./dom.js";

export class PriorControls {
  /** onStart(), onMean(), onDraw(seed, temperature). */
  constructor({ hasImages, onStart, onMean, onDraw }) {
    const again = (step) => onDraw(this.seedValue() + step, this.temperatureValue());
    this.seed = element("input", {
      type: "number", min: 0, max: 999999, step: 1, value: 0, onchange: () => again(0),
    });
    this.temperature = element("input", {
      type: "range", min: 0, max: 2, step: 0.05, value: 1, oninput: () => again(0),
      "aria-label": "Temperature of the draw",
    });
    this.shown = element("output", {});
    const button = (text, title, onclick) =>
      element("button", { type: "button", title, onclick }, text);
    const back = button("Back to \u03bc", "z = \u03bc of the start image", onStart);
    back.hidden = !hasImages;
    this.element = element("div", { class: "prior", role: "group", "aria-label": "Where z is put" },
      back,
      button("z = 0", "The prior mean", onMean),
      button("Draw z", "A draw from the prior, with the next seed", () => again(1)),
      element("label", {}, "seed ", this.seed),
      element("label", { title: "Temperature: the draw's standard deviation; 1 is the prior" },
        "T ", this.temperature, this.shown));
  }

  seedValue() {
    return Math.min(999999, Math.max(0, Math.round(Number(this.seed.value)) || 0));
  }

  temperatureValue() {
    return Number(this.temperature.value);
  }

  /** seed: null before any draw. */
  draw(seed, temperature) {
    this.seed.value = seed ?? 0;
    this.temperature.value = temperature;
    this.shown.textContent = temperature.toFixed(2);
  }
}
