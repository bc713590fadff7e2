// The curves of all films under one cursor: losses and opinions of every update, scores of every
// frame, and the classes of the samples at the cursor.

import { element } from "./dom.js";
import { TimeAxis } from "./film_axis.js";
import { Chart, brief } from "./film_chart.js";

const MOST_DOTS = 40; // frames that are marked one by one
const FULL = [], DASHED = [6, 4];

// Charts: name, title, legend, what each line shows ([trace or score, dash]), settings
const CHARTS = [
  ["losses", "Losses", "line D, dashes G", [["loss_d", FULL], ["loss_g", DASHED]], {}],
  ["opinions", "D’s opinion", "line of x, dashes of G(z)",
    [["d_real", FULL], ["d_fake", DASHED]], { range: [0, 1], floors: [["", 0.5]] }],
  ["frechet", "Fréchet distance", "lower is better", [["frechet", FULL]], { log: true }],
  ["modes", "Modes: KL, nats", "0: classes alike", [["mode_kl", FULL]], {}],
  ["coverage", "Precision, recall", "line, dashes",
    [["precision", FULL], ["recall", DASHED]], { range: [0, 1] }],
];

export class Curves {
  /** classes: names of the ten; onScrub(when): a hand dragged the cursor there. */
  constructor({ classes, onScrub }) {
    this.charts = CHARTS.map(([name, title, legend, , { range, log }]) =>
      new Chart({ name, title, legend, range, log, onScrub }));
    this.bars = new ClassBars(classes);
    this.element = element("div", { class: "curves" },
      ...this.charts.map((chart) => chart.element), this.bars.element);
  }

  close() {
    this.charts.forEach((chart) => chart.close());
    this.bars.close();
  }

  /** shown: { film, colour, floors } of each screen; first: see TimeAxis. */
  show(shown, clock, bent) {
    const films = shown.map(({ film }) => film);
    const first = Math.min(...films.map((film) => film.times[clock][1] ?? Infinity));
    const last = Math.max(...films.map((film) => film.lastTime(clock)));
    const unit = clock === "updates" ? "updates" : "images";
    const axis = new TimeAxis({ last, first: Number.isFinite(first) ? first : 1, bent, unit });
    this.charts.forEach((chart, i) => {
      const [, , , series, { floors = [] }] = CHARTS[i];
      const lines = shown.flatMap(({ film, colour }) => series.flatMap(([name, dash]) =>
        lineOf(film, name, clock).map((line) => ({ ...line, colour, dash }))));
      chart.show({ axis, lines, floors: [...floors, ...floorsOf(shown, series)] });
    });
    this.bars.show(shown);
  }

  moveCursor(when, frames) {
    for (const chart of this.charts) {
      chart.when = when;
      chart.moveCursor(when);
    }
    this.bars.draw(frames);
  }
}

/** The line of a trace or a score, none where the film has neither. */
function lineOf(film, name, clock) {
  if (name in film.trace) {
    return [{ moments: film.momentsOfUpdates(clock), values: film.trace[name] }];
  }
  if (!(name in film.scores)) return [];
  const values = film.scores[name].map(([value]) => value);
  if (!values.some(Number.isFinite)) return [];
  return [{ moments: film.times[clock], values, dots: values.length <= MOST_DOTS }];
}

/** What real images score, of the first run that knows: all are of the same data as a rule. */
function floorsOf(shown, series) {
  return series.flatMap(([name]) => {
    const value = shown.map(({ floors }) => floors[name]).find(Number.isFinite);
    return value === undefined ? [] : [[`real ${brief(value)}`, value]];
  });
}

/** How often each class is among the samples, a group of bars for each class. */
class ClassBars {
  constructor(classes) {
    Object.assign(this, { classes, shown: [], drawn: "" });
    this.canvas = element("canvas", { role: "img" });
    this.plot = element("div", { class: "plot still" }, this.canvas);
    this.element = element("section", { class: "chart", "data-chart": "classes", role: "group",
      "aria-label": "Classes of the samples" },
      element("h3", {}, "Classes of the samples",
        element("span", { class: "note" }, "share; dashed: all alike")), this.plot);
    this.observer = new ResizeObserver(() => this.again());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
  }

  show(shown) {
    this.shown = shown;
    this.element.hidden = !shown.some(({ film }) => film.scores.histogram);
    this.again();
  }

  /** The room or the films have changed. */
  again() {
    const { frames, plot: { clientWidth: wide, clientHeight: tall } } = this;
    if (!wide) return;
    Object.assign(this.canvas, { width: wide * devicePixelRatio, height: tall * devicePixelRatio });
    const { color: ink, fontSize, fontFamily } = getComputedStyle(this.plot);
    Object.assign(this, { wide, tall, ink, font: `${fontSize} ${fontFamily}`, drawn: "" });
    if (frames) this.draw(frames);
  }

  draw(frames) {
    this.frames = frames;
    const key = frames.join();
    if (this.drawn === key || this.element.hidden || !this.wide) return;
    this.drawn = key;
    const { wide, tall, shown, classes } = this;
    const context = this.canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, wide, tall);
    const K = classes.length, column = wide / K, base = tall - 18, top = 4;
    const shares = shown.map(({ film }, i) => sharesOf(film, frames[i], K));
    const most = Math.max(0.25, ...shares.flat());
    const y = (share) => base - (share / most) * (base - top);
    const bar = Math.min(16, (column - 6) / shown.length);
    shares.forEach((row, i) => {
      context.fillStyle = shown[i].colour;
      row.forEach((share, k) => {
        const left = column * (k + 0.5) + (i - shown.length / 2) * bar;
        context.fillRect(left, y(share), bar - 1, base - y(share));
      });
    });
    context.fillStyle = context.strokeStyle = this.ink;
    context.globalAlpha = 0.75;
    context.font = this.font;
    context.textAlign = "center";
    classes.forEach((name, k) =>
      context.fillText(name.slice(0, 8), column * (k + 0.5), tall - 4, column));
    context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(0, y(1 / K));
    context.lineTo(wide, y(1 / K));
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
    const words = (row) => row.map((share, k) => `${classes[k]} ${Math.round(100 * share)} %`);
    this.canvas.setAttribute("aria-label",
      shares.map((row, i) => `${shown[i].title}: ${words(row).join(", ")}`).join("; "));
  }
}

function sharesOf(film, frame, K) {
  const counts = film.scores.histogram?.[frame];
  if (!counts || counts.length !== K) return Array(K).fill(0);
  const total = counts.reduce((sum, value) => sum + value, 0) || 1;
  return Array.from(counts, (value) => (Number.isFinite(value) ? value / total : 0));
}
