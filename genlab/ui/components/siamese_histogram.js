// The distances of same and of different pairs as two histograms, under a threshold that the hand
// moves. What lies on the wrong side of it stands out.

import { element } from "./dom.js";
import { brief, evenTicks } from "./film_chart.js";
import { distance } from "./siamese_pairs.js";

const LEFT = 8, RIGHT = 8, TOP = 30, BOTTOM = 36; // CSS pixels around the plot
const BINS = 120;
const STEPS = {
  ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10,
};

export class Histogram {
  /** run: { name, about, colour }; onThreshold(value); onHold(): a hand is laid on this one. */
  constructor(run, { onThreshold, onHold }) {
    Object.assign(this, { run, onThreshold, onHold });
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.flag = element("b", { class: "flag" });
    this.line = element("i", { class: "threshold" }, this.flag);
    this.plot = element("div", {
      class: "plot", tabindex: "0", role: "slider", "aria-label": `Threshold of ${run.name}`,
      onpointerdown: (event) => this.grab(event),
      onpointermove: (event) => this.plot.hasPointerCapture(event.pointerId) && this.move(event),
      onkeydown: (event) => this.key(event),
      onfocus: () => this.onHold(),
    }, this.canvas, this.line);
    this.element = element("section", { class: "lane", "data-run": run.name },
      element("h3", {}, element("i", { class: "swatch", style: `--run: ${run.colour}` }),
        element("span", { class: "name" }, run.name),
        element("span", { class: "note" }, run.about)), this.plot);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
  }

  /** set: a PairSet; log: of the heights. */
  show(set, log) {
    Object.assign(this, { set, log });
    const shares = (kind) => set.histogram(kind, BINS);
    this.shares = { different: shares("different"), same: shares("same") };
    const all = [...this.shares.different, ...this.shares.same];
    this.highest = Math.max(...all);
    this.lowest = 0.5 / Math.max(set.same.length, set.different.length);
    this.plot.setAttribute("aria-valuemin", "0");
    this.plot.setAttribute("aria-valuemax", set.farthest.toFixed(3));
    this.draw();
  }

  setThreshold(value) {
    this.threshold = value;
    this.draw();
  }

  grab(event) {
    this.plot.setPointerCapture(event.pointerId);
    this.plot.focus({ preventScroll: true });
    this.onHold();
    this.move(event);
  }

  move(event) {
    const box = this.plot.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    this.onThreshold(Math.min(1, Math.max(0, share)) * this.set.farthest);
  }

  key(event) {
    const steps = STEPS[event.key] ?? { Home: -Infinity, End: Infinity }[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const to = this.threshold + (steps * this.set.farthest) / (event.shiftKey ? 2000 : 200);
    this.onThreshold(Math.min(this.set.farthest, Math.max(0, to)));
  }

  x(value) {
    return LEFT + (value / this.set.farthest) * (this.width - LEFT - RIGHT);
  }

  y(share) {
    const tall = this.height - TOP - BOTTOM;
    const bent = this.log
      ? Math.log(Math.max(share, this.lowest) / this.lowest) / Math.log(this.highest / this.lowest)
      : share / this.highest;
    return TOP + (1 - bent) * tall;
  }

  draw() {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    if (!this.set || !this.width || this.threshold === undefined) return;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const style = getComputedStyle(this.plot);
    context.font = `${style.fontSize} ${style.fontFamily}`;
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const cut = this.x(Math.min(this.threshold, this.set.farthest));
    const kinds = [["different", [LEFT, cut]], ["same", [cut, this.width - RIGHT]]];
    for (const wrong of [false, true]) { // what is wrong lies on top
      for (const [kind, span] of kinds) this.drawKind(context, kind, colour(kind), span, wrong);
    }
    this.drawAxis(context, style.color);
    this.line.style.transform = `translateX(${cut.toFixed(1)}px)`;
    const words = `threshold ${distance(this.threshold)}`;
    this.flag.textContent = words;
    const half = this.flag.offsetWidth / 2;
    const shift = Math.max(half - cut, 0) - Math.max(cut + half - this.width, 0);
    this.flag.style.transform = `translateX(calc(-50% + ${shift.toFixed(1)}px))`;
    this.plot.setAttribute("aria-valuenow", this.threshold.toFixed(4));
    this.plot.setAttribute("aria-valuetext", words);
  }

  /** from, to: CSS pixels between which this kind is judged wrongly; wrong: that part alone. */
  drawKind(context, kind, colour, [from, to], wrong) {
    const bottom = this.height - BOTTOM, right = this.width - RIGHT;
    const outline = new Path2D();
    const step = (right - LEFT) / BINS;
    outline.moveTo(LEFT, bottom);
    this.shares[kind].forEach((share, bin) => {
      const y = this.y(share);
      outline.lineTo(LEFT + bin * step, y);
      outline.lineTo(LEFT + (bin + 1) * step, y);
    });
    outline.lineTo(right, bottom);
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 1.5;
    const paint = (left, width, strength) => {
      if (width <= 0) return;
      context.save();
      context.beginPath();
      context.rect(left, 0, width, bottom);
      context.clip();
      context.globalAlpha = strength;
      context.fill(outline);
      context.restore();
    };
    if (wrong) return paint(from, to - from, 0.9);
    paint(LEFT, from - LEFT, 0.3);
    paint(to, right - to, 0.3);
    context.stroke(outline);
  }

  drawAxis(context, ink) {
    const bottom = this.height - BOTTOM, right = this.width - RIGHT;
    context.fillStyle = context.strokeStyle = ink;
    context.globalAlpha = 0.5;
    context.fillRect(LEFT, bottom, right - LEFT, 1);
    context.globalAlpha = 0.8;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const tick of evenTicks(0, this.set.farthest, Math.max(2, Math.floor(this.width / 90)))) {
      const x = this.x(tick), half = context.measureText(brief(tick)).width / 2;
      context.fillRect(Math.round(x), bottom, 1, 5);
      if (x + half <= this.width) context.fillText(brief(tick), Math.max(x, half), bottom + 14);
    }
    this.drawMark(context, this.set.threshold, "triangle");
    this.drawMark(context, this.set.eer_threshold, "diamond");
    context.globalAlpha = 1;
  }

  /** Under the axis: where the training pairs put the threshold, and where the errors are equal. */
  drawMark(context, value, shape) {
    if (!Number.isFinite(value)) return;
    const x = this.x(Math.min(this.set.farthest, Math.max(0, value)));
    const y = this.height - BOTTOM + 2;
    context.globalAlpha = 1;
    context.beginPath();
    const corners = shape === "triangle" ? [[0, 0], [6, 10], [-6, 10]]
      : [[0, 0], [5, 5.5], [0, 11], [-5, 5.5]];
    for (const [dx, dy] of corners) context.lineTo(x + dx, y + dy);
    context.closePath();
    if (shape === "triangle") context.fill();
    else context.stroke();
  }
}
