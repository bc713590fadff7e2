// What all thresholds do, as one picture: the ROC, the DET curve, or both error rates over the
// threshold; several runs and the raw pixels in one, with the point each is at.

import { element } from "./dom.js";
import { brief, evenTicks } from "./film_chart.js";
import { interpolated } from "./film_data.js";
import { distance, percent } from "./siamese_pairs.js";

export const CURVES = {
  roc: { title: "ROC", x: "false accepts", y: "same pairs accepted" },
  det: { title: "DET", x: "false accepts", y: "false rejects" },
  rates: { title: "FAR, FRR", x: "threshold", y: "" },
};
const LEFT = 64, RIGHT = 26, TOP = 12, BOTTOM = 42; // CSS pixels around the plot
const LEAST = 1e-4, MOST = 0.6; // of a DET axis
const DET_TICKS = [0.001, 0.01, 0.05, 0.2, 0.5];
const POINTS = 900; // of a curve that the hand finds

export class CurvePlot {
  /** onCurve(name), onThreshold(value): of the run that is held. */
  constructor({ onCurve, onThreshold }) {
    Object.assign(this, { onThreshold, kind: "roc", lines: [] });
    this.buttons = Object.entries(CURVES).map(([name, { title }]) => element("button", {
      type: "button", "data-curve": name, onclick: () => onCurve(name),
    }, title));
    this.still = element("canvas", { "aria-hidden": "true" });
    this.moving = element("canvas", { "aria-hidden": "true" });
    this.plot = element("div", { class: "plot", role: "img",
      onpointerdown: (event) => this.grab(event),
      onpointermove: (event) => this.plot.hasPointerCapture(event.pointerId) && this.move(event),
    }, this.still, this.moving);
    this.keys = element("p", { class: "note keys" });
    this.element = element("section", { class: "curves" },
      element("div", { class: "segments", role: "group", "aria-label": "Which curve" },
        ...this.buttons), this.plot, this.keys);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
  }

  /** lines: [{ set, colour, dash }], the held run's with `held`. */
  show(kind, lines) {
    Object.assign(this, { kind, lines, held: lines.find((line) => line.held) });
    for (const button of this.buttons) button.ariaPressed = String(button.dataset.curve === kind);
    this.keys.replaceChildren(...(kind === "rates"
      ? [key("different", "false accepts"), key("same", "false rejects"), "\u25c7 equal errors"]
      : ["\u25cf threshold", "\u25c7 equal errors", "dashed: raw pixels"])
      .map((words) => element("span", {}, words)));
    this.draw();
  }

  draw() {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    if (!this.held || !this.width) return;
    const context = this.fresh(this.still);
    const style = getComputedStyle(this.plot);
    this.ink = style.color;
    this.colours = { same: style.getPropertyValue("--same").trim(),
      different: style.getPropertyValue("--different").trim() };
    context.font = `${style.fontSize} ${style.fontFamily}`;
    this.drawAxes(context);
    const drawn = this.kind === "rates" ? [this.held] : this.lines;
    for (const line of drawn) this.drawLine(context, line);
    this.findable = this.pointsOf(this.held.set);
    if (this.thresholds) this.mark(this.thresholds);
  }

  fresh(canvas) {
    const ratio = devicePixelRatio;
    Object.assign(canvas, { width: Math.round(this.width * ratio),
      height: Math.round(this.height * ratio) });
    // Drawn by the processor: a canvas that is drawn once must not wait for the GPU's letters
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.scale(ratio, ratio);
    return context;
  }

  /** Where a point of a curve stands, in CSS pixels. */
  place([threshold, accepts, rejects]) {
    const [wide, tall] = [this.width - LEFT - RIGHT, this.height - TOP - BOTTOM];
    let x = accepts, y = 1 - rejects;
    if (this.kind === "det") [x, y] = [detShare(accepts), detShare(rejects)];
    if (this.kind === "rates") {
      x = Math.min(1, Math.max(0, threshold / this.held.set.farthest));
      y = accepts;
    }
    return [LEFT + x * wide, TOP + (1 - y) * tall];
  }

  pointsOf({ curve }) {
    const every = Math.max(1, Math.floor(curve.length / POINTS));
    return curve.filter((_, i) => i % every === 0 || i === curve.length - 1);
  }

  drawAxes(context) {
    const right = this.width - RIGHT, bottom = this.height - BOTTOM;
    const shares = evenTicks(0, 1, 4).map((tick) => [tick, percent(tick, 0)]);
    const deviates = DET_TICKS.map((tick) => [detShare(tick), percent(tick, tick < 0.01 ? 1 : 0)]);
    const { farthest } = this.held.set;
    const across = { roc: shares, det: deviates,
      rates: evenTicks(0, farthest, 4).map((t) => [t / farthest, brief(t)]) }[this.kind];
    const up = this.kind === "det" ? deviates : shares;
    context.fillStyle = this.ink;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const [share, words] of across) {
      const x = LEFT + share * (right - LEFT);
      context.globalAlpha = 0.15;
      context.fillRect(Math.round(x), TOP, 1, bottom - TOP);
      context.globalAlpha = 0.8;
      context.fillText(words, x, bottom + 5);
    }
    context.fillText(CURVES[this.kind].x, (LEFT + right) / 2, bottom + 22);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [share, words] of up) {
      const y = bottom - share * (bottom - TOP);
      context.globalAlpha = 0.15;
      context.fillRect(LEFT, Math.round(y), right - LEFT, 1);
      context.globalAlpha = 0.8;
      context.fillText(words, LEFT - 6, y);
    }
    context.save();
    context.translate(11, (TOP + bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(CURVES[this.kind].y, 0, 0);
    context.restore();
    if (this.kind !== "rates") { // where both errors are equal
      context.globalAlpha = 0.4;
      context.strokeStyle = this.ink;
      context.setLineDash([2, 4]);
      context.beginPath();
      context.moveTo(LEFT, this.kind === "det" ? bottom : TOP);
      context.lineTo(right, this.kind === "det" ? TOP : bottom);
      context.stroke();
      context.setLineDash([]);
    }
    context.globalAlpha = 1;
  }

  drawLine(context, { set, colour, dash = [] }) {
    context.lineWidth = 3;
    context.lineJoin = "round";
    if (this.kind === "rates") {
      this.stroke(context, set.curve, this.colours.different);
      const rejects = set.curve.map(([t, , share]) => [t, share, 0]);
      this.stroke(context, rejects, this.colours.same);
    } else {
      context.setLineDash(dash);
      this.stroke(context, set.curve, colour ?? this.ink);
      context.setLineDash([]);
    }
  }

  stroke(context, curve, colour) {
    context.strokeStyle = colour;
    context.save();
    context.beginPath();
    context.rect(LEFT - 2, TOP - 2, this.width - LEFT - RIGHT + 4, this.height - TOP - BOTTOM + 4);
    context.clip();
    context.beginPath();
    let last = null;
    for (const point of curve) {
      const [x, y] = this.place(point);
      if (last && Math.hypot(x - last[0], y - last[1]) < 0.4) continue;
      context.lineTo(x, y);
      last = [x, y];
    }
    context.lineTo(...this.place(curve[curve.length - 1]));
    context.stroke();
    context.restore();
  }

  /** thresholds: of each line, in order. */
  mark(thresholds) {
    this.thresholds = thresholds;
    if (!this.held || !this.width) return;
    const context = this.fresh(this.moving);
    const words = this.lines.map((line, i) => {
      const { falseAccepts, falseRejects } = line.set.rates(thresholds[i]);
      if (this.kind === "rates" && !line.held) return "";
      const colour = this.kind === "rates" ? this.ink : line.colour ?? this.ink;
      this.markEer(context, line.set, colour);
      const at = [thresholds[i], falseAccepts, falseRejects];
      if (this.kind === "rates") this.markRates(context, at);
      else this.dot(context, this.place(at), colour, line.held);
      return `${line.set.name}: at threshold ${distance(thresholds[i])} false accepts ` +
        `${percent(falseAccepts)}, false rejects ${percent(falseRejects)}`;
    });
    this.plot.setAttribute("aria-label",
      `${CURVES[this.kind].title}. ${words.filter(Boolean).join("; ")}.`);
  }

  dot(context, [x, y], colour, large) {
    context.beginPath();
    context.arc(x, y, large ? 8 : 6, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = 2.5;
    context.strokeStyle = "#fff";
    context.stroke();
  }

  markEer(context, { eer, eer_threshold: at }, colour) {
    const [x, y] = this.place([at, eer, eer]);
    context.beginPath();
    for (const [dx, dy] of [[0, -8], [8, 0], [0, 8], [-8, 0]]) context.lineTo(x + dx, y + dy);
    context.closePath();
    context.lineWidth = 2.5;
    context.strokeStyle = colour;
    context.stroke();
  }

  markRates(context, [threshold, accepts, rejects]) {
    const [x, y] = this.place([threshold, accepts, 0]);
    context.fillStyle = this.ink;
    context.fillRect(x - 1, TOP, 2, this.height - TOP - BOTTOM);
    this.dot(context, [x, y], this.colours.different, false);
    this.dot(context, this.place([threshold, rejects, 0]), this.colours.same, false);
  }

  grab(event) {
    this.plot.setPointerCapture(event.pointerId);
    this.move(event);
  }

  /** The hand on a curve: its nearest point of the held run, or on the rates the place across. */
  move(event) {
    const box = this.plot.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { farthest } = this.held.set;
    if (this.kind === "rates") {
      const share = (x - LEFT) / (this.width - LEFT - RIGHT);
      return this.onThreshold(Math.min(1, Math.max(0, share)) * farthest);
    }
    let best = null, least = Infinity;
    for (const point of this.findable) {
      const [px, py] = this.place(point), away = Math.hypot(px - x, py - y);
      if (away < least) [best, least] = [point, away];
    }
    this.onThreshold(Math.min(farthest, Math.max(0, best[0])));
  }
}

function key(kind, words) {
  const swatch = element("i", { class: "swatch", style: `--run: var(--${kind})` });
  return element("span", {}, swatch, ` ${words}`);
}

// The normal deviate of a share, from a table of the normal distribution (trapezia, 0.005 apart).
const deviates = Float64Array.from({ length: 1801 }, (_, i) => -4.5 + 0.005 * i);
const shares = new Float64Array(deviates.length);
shares[0] = 3.4e-6; // what lies below -4.5
const density = (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
for (let i = 1; i < deviates.length; i++) {
  shares[i] = shares[i - 1] + 0.0025 * (density(deviates[i - 1]) + density(deviates[i]));
}
const deviate = (share) => interpolated(share, shares, deviates);
const [lowest, highest] = [deviate(LEAST), deviate(MOST)];

/** Where a share stands on a DET axis: 0 for LEAST, 1 for MOST; what is beyond, at the end. */
function detShare(share) {
  const at = deviate(Math.min(0.9999, Math.max(LEAST, share)));
  return (at - lowest) / (highest - lowest);
}
