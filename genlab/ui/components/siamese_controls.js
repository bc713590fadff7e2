// The controls above the Siamese bench: which pairs, where the threshold is to stand, and how the
// histograms are drawn.

import { element } from "./dom.js";

export const MOST_SEED = 10000;
const SPLITS = { test: "Test pairs", train: "Training pairs" };

export class Controls {
  /** hands: change(patch of the view), reseed(steps), setThresholds(pick). */
  constructor({ change, reseed, setThresholds }) {
    const button = (words, title, act) => element("button", { type: "button", title,
      onclick: act }, words);
    this.splits = Object.entries(SPLITS).map(([split, words]) => element("button", {
      type: "button", "data-split": split, onclick: () => change({ split }) }, words));
    this.seed = element("input", { type: "number", min: 0, max: MOST_SEED - 1, step: 1,
      "aria-label": "Seed of the pairs", onchange: () => change({ seed: this.typed() }) });
    this.log = element("input", { type: "checkbox",
      onchange: () => change({ log: this.log.checked }) });
    this.element = element("div", { class: "controls" },
      element("div", { class: "segments", role: "group", "aria-label": "Which images" },
        ...this.splits),
      button("Draw other pairs", "The next seed", () => reseed(1)),
      element("label", {}, "seed ", this.seed),
      element("span", { class: "push" }, element("span", {}, "Threshold to"),
        button("\u25b2 training choice", "The threshold that is most accurate on training pairs",
          () => setThresholds(() => null)),
        button("\u25c7 equal errors", "Where false accepts and false rejects are equal here",
          () => setThresholds((set) => set.eer_threshold))),
      element("label", { title: "The heights of the histograms: logarithmic, or even" }, this.log,
        " log heights"));
  }

  typed() {
    return Math.min(MOST_SEED - 1, Math.max(0, Math.round(Number(this.seed.value)) || 0));
  }

  show({ split, seed, log }) {
    for (const button of this.splits) button.ariaPressed = String(button.dataset.split === split);
    this.seed.value = seed;
    this.log.checked = log;
  }
}
