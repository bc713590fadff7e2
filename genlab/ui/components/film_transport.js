// What moves the film: play, step, scrub, speed; what it keeps step by; how it is drawn.

import { element } from "./dom.js";
import { OPINION_SCALE } from "./film_screen.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const CLOCKS = { updates: "updates", images: "images seen" };

export class Transport {
  /** hands: toggle(), step(n), scrubToStop(i), change(patch), enlarge(). */
  constructor(hands) {
    this.button = button("Play", "primary", "Play or pause (Space)", () => hands.toggle());
    this.slider = element("input", { type: "range", min: 0, step: 1, class: "scrub",
      "aria-label": "Place in the film",
      oninput: () => hands.scrubToStop(Number(this.slider.value)) });
    this.moment = element("output", { class: "moment" });
    this.speed = choice("Speed", SPEEDS.map((speed) => [speed, `${speed} ×`]),
      (value) => hands.change({ speed: Number(value) }));
    this.clock = choice("Runs keep step by", Object.entries(CLOCKS),
      (value) => hands.change({ clock: value }));
    this.bent = box((checked) => hands.change({ bent: checked }));
    this.borders = box((checked) => hands.change({ borders: checked }));
    this.element = element("div", { class: "transport" },
      element("div", { class: "line" }, this.button,
        button("\u2039", "step", "Frame before (Left arrow)", () => hands.step(-1)), this.slider,
        button("\u203a", "step", "Next frame (Right arrow)", () => hands.step(1)), this.moment),
      element("div", { class: "line settings" },
        element("label", {}, "Speed ", this.speed),
        element("label", {}, "In step by ", this.clock),
        element("label", { title: "The time axis of the curves: bent, or even" }, this.bent,
          " early updates wide"),
        element("label", {}, this.borders, " tiles framed by D’s opinion"),
        element("span", { class: "legend" }, "fake",
          element("i", { style: `background: linear-gradient(to right, ${OPINION_SCALE})` }),
          "real"),
        button("Full screen", "", "Full screen (F)", () => hands.enlarge())));
  }

  /** filmClock: the FilmClock of the view. */
  draw({ at, clock, speed, bent, borders }, filmClock) {
    const { stops, last, playing } = filmClock;
    this.button.textContent = playing ? "Pause" : "Play";
    this.slider.max = stops.length - 1;
    this.slider.value = Math.floor(filmClock.placeOf(at));
    const unit = clock === "updates" ? "update" : "image";
    const words = `${unit} ${at.toLocaleString("en")} of ${last.toLocaleString("en")}`;
    if (this.moment.textContent !== words) this.moment.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    this.speed.value = speed;
    this.clock.value = clock;
    this.bent.checked = bent;
    this.borders.checked = borders;
    this.element.classList.toggle("plain", !borders);
  }
}

function button(text, kind, title, act) {
  return element("button", { type: "button", class: kind, title, "aria-label": title,
    onclick: act }, text);
}

function choice(label, options, act) {
  return element("select", { "aria-label": label, onchange: (event) => act(event.target.value) },
    ...options.map(([value, words]) => element("option", { value }, words)));
}

function box(act) {
  return element("input", { type: "checkbox", onchange: (event) => act(event.target.checked) });
}
