// Play, pause, D's step, G's step, the scrubber over all frames, and the speed.

import { element } from "./dom.js";

export const SPEEDS = { "\u00bc\u00d7": 3, "\u00bd\u00d7": 6, "1\u00d7": 12, "2\u00d7": 24, "4\u00d7": 48 }; // beats a second
const USUAL = "1\u00d7";

export class Transport {
  /** hands: toggle(), step("D" or "G"), to(index), close(). */
  constructor(hands) {
    this.hands = hands;
    const button = (text, title, onclick, extra = "") =>
      element("button", { type: "button", title, class: extra, onclick }, text);
    this.play = button("Play", "Space: play or pause", () => hands.toggle(), "primary");
    this.start = button("\u21e4", "Home: back to the start", () => hands.to(0));
    this.start.setAttribute("aria-label", "Back to the start");
    this.stepD = button("D step", "d: on to the discriminator's next step", () => hands.step("D"));
    this.stepG = button("G step", "g: on to the generator's next step", () => hands.step("G"));
    this.bar = element("input", {
      type: "range",
      min: 0,
      step: 1,
      "aria-label": "Moment of the training",
      oninput: () => hands.to(Number(this.bar.value)),
    });
    this.where = element("span", { class: "where" });
    this.speed = element("select", { "aria-label": "Speed" },
      ...Object.keys(SPEEDS).map((name) => element("option", { selected: name === USUAL }, name)));
    this.closer = button("Every step from here",
      "Train again and keep every half step of the next eight updates", () => hands.close());
    this.element = element("div", { class: "transport", onkeydown: (event) => this.key(event) },
      this.play, this.start, this.stepD, this.stepG, this.bar, this.where, this.speed, this.closer);
  }

  key(event) {
    const act = {
      d: () => this.hands.step("D"),
      g: () => this.hands.step("G"),
      " ": () => this.hands.toggle(),
    }[event.key];
    const ownKeys = event.target === this.speed || (event.key === " " && event.target !== this.bar);
    if (!act || ownKeys || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  get beatsPerSecond() {
    return SPEEDS[this.speed.value];
  }

  draw({ film, index, time, playing }) {
    this.bar.max = film.times.length - 1;
    if (Number(this.bar.value) !== index) this.bar.value = index;
    this.play.textContent = playing ? "Pause" : "Play";
    const words = momentWords(playing ? Math.floor(time) : film.times[index], film, playing);
    this.where.textContent = words;
    this.bar.setAttribute("aria-valuetext", words);
  }
}

export function momentWords(time, film, playing = false) {
  const update = Math.ceil(time).toLocaleString("en");
  if (time === 0) return "the start";
  if (playing) return `update ${update}`;
  return `update ${update}, after ${Number.isInteger(time) ? "G" : "D"}\u2019s step`;
}
