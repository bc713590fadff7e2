// One slider per latent dimension, ranked by KL; inactive dimensions are folded away.
//
// Drag, arrow keys (0.1; with Shift 0.01), Page Up/Down (0.5), Home/End, the wheel on the slider
// that has the focus; double-click, Delete or Backspace go back to where the start image is.

import { element } from "./dom.js";
import { signed } from "./latent.js";

export const REACH = 4; // sliders go from -4 to 4 prior standard deviations
const STEPS = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1,
  PageDown: -0.5, PageUp: 0.5 };

export class Sliders {
  /**
   * kl: nats per dimension; active: bool per dimension.
   * onMove(dimension, value) while a hand moves one, onChoose(dimension) when one gets the focus,
   * onReset(dimension) when it should go back to its start.
   */
  constructor({ kl, active, onMove, onChoose, onReset }) {
    this.hands = { onMove, onChoose, onReset };
    this.order = ranked(kl, active);
    const widest = Math.max(...kl, 1e-9);
    this.rows = new Map(this.order.map((d) => [d, this.row(d, kl[d], kl[d] / widest)]));
    const lines = (wanted) =>
      this.order.filter((d) => active[d] === wanted).map((d) => this.rows.get(d).element);
    const [shown, idle] = [lines(true), lines(false)];
    this.element = element("div", {
      class: "sliders", role: "group", "aria-label": "Latent dimensions",
    }, heading(), ...shown);
    if (idle.length > 0) {
      const count = `${idle.length} inactive dimension${idle.length > 1 ? "s" : ""}`;
      const summary = element("summary", {}, count);
      this.element.append(element("details", { class: "idle" }, summary, ...idle));
    }
  }

  row(dimension, nats, share) {
    const { onMove, onChoose, onReset } = this.hands;
    const input = element("input", {
      type: "range", min: -REACH, max: REACH, step: "any", "aria-label": `z${dimension}`,
      oninput: () => onMove(dimension, Number(input.value)),
      onfocus: () => onChoose(dimension),
      ondblclick: () => onReset(dimension),
      onkeydown: (event) => this.key(event, dimension, input),
    });
    input.addEventListener("wheel", (event) => {
      if (input.getRootNode().activeElement !== input) return; // the page scrolls
      event.preventDefault();
      this.nudge(dimension, input, -0.1 * Math.sign(event.deltaY));
    }, { passive: false });
    const origin = element("i", { class: "origin", title: "the start" });
    const value = element("output", {});
    const name = element("button", {
      type: "button", class: "name", tabindex: -1, title: `Show what z${dimension} does`,
      onclick: () => onChoose(dimension),
    }, `z${dimension}`);
    const title = `KL of z${dimension}: ${nats.toFixed(3)} nats`;
    const bar = element("span", { class: "kl", title },
      element("i", { style: `--share: ${share}` }), element("span", {}, nats.toFixed(2)));
    const track = element("span", { class: "track" }, bell(), origin, input);
    const whole = element("div", { class: "slider", "data-dimension": dimension },
      name, track, value, bar);
    return { input, origin, value, element: whole };
  }

  /** The input moves at once: two keys may come within one frame. */
  nudge(dimension, input, step) {
    input.value = within(Number(input.value) + step);
    this.hands.onMove(dimension, Number(input.value));
  }

  key(event, dimension, input) {
    const { onMove, onReset } = this.hands;
    const finer = event.shiftKey ? 0.1 : 1;
    if (event.key in STEPS) this.nudge(dimension, input, finer * STEPS[event.key]);
    else if (event.key === "Home") onMove(dimension, -REACH);
    else if (event.key === "End") onMove(dimension, REACH);
    else if (event.key === "Delete" || event.key === "Backspace") onReset(dimension);
    else return;
    event.preventDefault();
  }

  /** Show z (Z floats), the start (Z floats) as ticks, and which dimension is chosen. */
  draw(z, start, chosen) {
    for (const [dimension, row] of this.rows) {
      row.input.value = z[dimension];
      row.input.setAttribute("aria-valuetext", `${z[dimension].toFixed(2)} standard deviations`);
      row.value.textContent = signed(z[dimension]);
      row.origin.style.setProperty("--at", (within(start[dimension]) + REACH) / (2 * REACH));
      row.element.toggleAttribute("data-chosen", dimension === chosen);
    }
  }
}

/** Dimensions by falling KL, the active ones first. */
export function ranked(kl, active) {
  return kl.map((_, d) => d).sort((a, b) => active[b] - active[a] || kl[b] - kl[a]);
}

function heading() {
  const marks = [-4, -2, 0, 2, 4].map((value) => element("i", {}, signed(value, 0)));
  return element("div", { class: "slider heading", "aria-hidden": "true" },
    element("span", {}, "z"), element("span", { class: "scale" }, ...marks),
    element("span", {}, "value"), element("span", {}, "KL, nats"));
}

function within(value) {
  return Math.min(REACH, Math.max(-REACH, value));
}

/** The prior's density over the slider's reach, as a filled curve. */
function bell() {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  const points = Array.from({ length: 41 }, (_, i) => {
    const x = -REACH + (2 * REACH * i) / 40;
    return `${i},${(1 - Math.exp(-0.5 * x * x)).toFixed(3)}`;
  });
  path.setAttribute("d", `M0,1L${points.join("L")}L40,1Z`);
  svg.setAttribute("viewBox", "0 0 40 1");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  return svg;
}
