// Play, the E step and the M step apart, the scrubber over all half steps, speed; what is drawn.

import { element } from "./dom.js";

export const SPEEDS = { "\u00bc\u00d7": 0.25, "\u00bd\u00d7": 0.5, "1\u00d7": 1, "2\u00d7": 2, "4\u00d7": 4, "8\u00d7": 8 };
const LAYERS = { lines: "matches", truth: "true matches", trail: "trail" };
const MODES = { view: "View", move: "Move", turn: "Turn" };

export class Transport {
  /** hands: toggle(), step("E" or "M"), to(time), layers(set), mode(name), home(). */
  constructor(hands) {
    const button = (text, title, onclick, extra = "") =>
      element("button", { type: "button", title, class: extra, onclick }, text);
    this.play = button("Play", "Space: play or pause", () => hands.toggle(), "primary");
    const start = button("\u21e4", "Back to the start", () => hands.to(0));
    start.setAttribute("aria-label", "Back to the start");
    this.stepE = button("E step", "e: find the matches", () => hands.step("E"));
    this.stepM = button("M step", "m: move the points", () => hands.step("M"));
    this.bar = element("input", { type: "range", min: 0, step: 1, "aria-label": "Step of the fit",
      oninput: () => hands.to(Number(this.bar.value) / 2) });
    this.where = element("span", { class: "where" });
    this.speed = element("select", { "aria-label": "Speed" },
      ...Object.keys(SPEEDS).map((name) => element("option", { selected: name === "1\u00d7" }, name)));
    this.boxes = {};
    const layers = Object.entries(LAYERS).map(([name, title]) => {
      this.boxes[name] = element("input", { type: "checkbox", onchange: () =>
        hands.layer(name, this.boxes[name].checked) });
      return element("label", {}, this.boxes[name], title);
    });
    this.modes = Object.fromEntries(Object.entries(MODES).map(([name, title]) =>
      [name, button(title, "", () => hands.mode(name))]));
    this.home = button("Put it back", "Start where the source lies in its file", () => hands.home());
    const key = (kind, words) => element("span", { class: "key" }, element("i", { class: kind }), words);
    this.element = element("div", { class: "controls" },
      element("div", { class: "transport" }, this.play, start, this.stepE, this.stepM, this.bar,
        this.where, this.speed),
      element("div", { class: "look" }, key("disc", "source, moves"), key("ring", "target, stays"),
        ...layers, element("span", { class: "gap" }), "drag to",
        element("span", { class: "segments", role: "group", "aria-label": "What a drag does" },
          ...Object.values(this.modes)), this.home));
  }

  get pace() {
    return SPEEDS[this.speed.value];
  }

  /** A layer that has nothing to show is left out. */
  fit({ axes, known }) {
    this.boxes.truth.parentElement.hidden = !known;
    this.modes.view.hidden = axes === 2;
  }

  draw({ time, end, playing, layers, mode, moved }) {
    this.bar.max = Math.round(2 * end);
    this.bar.value = Math.round(2 * time);
    this.play.textContent = playing ? "Pause" : "Play";
    const words = momentWords(time, end);
    if (this.where.textContent !== words) this.where.textContent = words;
    this.bar.setAttribute("aria-valuetext", words);
    for (const [name, box] of Object.entries(this.boxes)) box.checked = layers.has(name);
    for (const [name, button] of Object.entries(this.modes)) {
      button.ariaPressed = String(name === mode);
    }
    this.home.disabled = !moved;
  }
}

export function momentWords(time, end) {
  const half = Math.round(2 * time), step = Math.floor(half / 2);
  const name = step ? `step ${step}` : "the start";
  const what = half % 2 ? ", E: matches" : step ? ", M: moved" : "";
  return `${name}${what} (of ${Math.floor(end)})`;
}
