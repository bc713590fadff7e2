// A chart of a film over its updates: lines that are drawn once, and a cursor that moves.
//
// A series is {name, colour, dash, width, points: [[update, value], ...]}, one number for points
// is a level. Hovering does nothing; pressing and dragging moves the film.

import { element } from "./dom.js";

const MARGIN = { left: 40, right: 8, top: 6, bottom: 18 };

export class Chart {
  constructor({ onTime }) {
    this.canvas = element("canvas", {
      role: "img",
      onpointerdown: (event) => {
        this.canvas.setPointerCapture(event.pointerId);
        onTime(this.timeAt(event));
      },
      onpointermove: (event) =>
        this.canvas.hasPointerCapture(event.pointerId) && onTime(this.timeAt(event)),
    });
    this.lines = document.createElement("canvas");
    this.title = element("b");
    this.keys = element("span", { class: "keys" });
    this.element = element("figure", { class: "chart" },
      element("figcaption", {}, this.title, this.keys), this.canvas);
  }

  /** last: updates; log: a logarithmic axis; range: [low, high] or null for that of the series. */
  show({ title, series, last, log = false, range = null }) {
    Object.assign(this, { series, last, log, range: range ?? rangeOf(series, log) });
    this.title.textContent = title;
    this.values = series.map(() => element("b"));
    this.keys.replaceChildren(...series.map(({ name, colour, dash, points }, i) =>
      element("span", {}, element("i", {
        style: `border-top: 2px ${dash ? "dashed" : "solid"} ${colour}`,
      }), ` ${name} `, typeof points === "number" ? "" : this.values[i])));
    this.width = 0;
  }

  draw(time, colours) {
    const width = Math.round(this.canvas.clientWidth * devicePixelRatio);
    const height = Math.round(this.canvas.clientHeight * devicePixelRatio);
    if (width === 0 || !this.series) return;
    if (this.width !== width || this.height !== height || this.colours !== colours) {
      Object.assign(this, { width, height, colours, unit: devicePixelRatio });
      this.drawLines();
    }
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.drawImage(this.lines, 0, 0);
    const x = Math.round(this.x(time)) + 0.5;
    context.beginPath();
    context.moveTo(x, MARGIN.top * this.unit);
    context.lineTo(x, height - MARGIN.bottom * this.unit);
    context.strokeStyle = colours.css(0.6);
    context.lineWidth = 1.5 * this.unit;
    context.stroke();
    this.series.forEach((line, i) => {
      const value = valueAt(line.points, time);
      this.values[i].textContent = written(value);
      if (typeof line.points === "number" || !Number.isFinite(value)) return;
      context.beginPath();
      context.arc(x, this.y(value), 3.2 * this.unit, 0, 2 * Math.PI);
      context.fillStyle = line.colour;
      context.fill();
    });
  }

  drawLines() {
    Object.assign(this.canvas, { width: this.width, height: this.height });
    Object.assign(this.lines, { width: this.width, height: this.height });
    const context = this.lines.getContext("2d");
    this.drawAxes(context);
    context.save();
    context.beginPath();
    context.rect(MARGIN.left * this.unit, 0, this.width, this.height - MARGIN.bottom * this.unit);
    context.clip();
    for (const { points, colour, dash, width = 1.6 } of this.series) {
      context.beginPath();
      const drawn = typeof points === "number" ? [[0, points], [this.last, points]] : points;
      for (const [time, value] of drawn) {
        if (Number.isFinite(value)) context.lineTo(this.x(time), this.y(value));
      }
      context.setLineDash(dash ? dash.map((length) => length * this.unit) : []);
      context.strokeStyle = colour;
      context.lineWidth = width * this.unit;
      context.stroke();
    }
    context.restore();
  }

  drawAxes(context) {
    const { unit, colours } = this;
    context.font = `${11 * unit}px ${getComputedStyle(this.canvas).fontFamily}`;
    context.fillStyle = colours.css(0.65);
    context.strokeStyle = colours.css(0.15);
    context.lineWidth = unit;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of ticks(this.range, this.log)) {
      const y = Math.round(this.y(tick)) + 0.5;
      context.beginPath();
      context.moveTo(MARGIN.left * unit, y);
      context.lineTo(this.width - MARGIN.right * unit, y);
      context.stroke();
      context.fillText(short(tick), (MARGIN.left - 5) * unit, y);
    }
    context.textBaseline = "alphabetic";
    const y = this.height - 4 * unit;
    context.textAlign = "left";
    context.fillText("0", MARGIN.left * unit, y);
    context.textAlign = "right";
    context.fillText(`${this.last.toLocaleString("en")} updates`, this.width - MARGIN.right * unit, y);
  }

  x(time) {
    const inner = this.width - (MARGIN.left + MARGIN.right) * this.unit;
    return MARGIN.left * this.unit + (inner * time) / this.last;
  }

  y(value) {
    const [low, high] = this.range.map((end) => this.scaled(end));
    const share = (this.scaled(value) - low) / (high - low);
    const inner = this.height - (MARGIN.top + MARGIN.bottom) * this.unit;
    return MARGIN.top * this.unit + inner * (1 - share);
  }

  scaled(value) {
    return this.log ? Math.log10(Math.max(value, 1e-9)) : value;
  }

  timeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const inner = box.width - MARGIN.left - MARGIN.right;
    const share = (event.clientX - box.left - MARGIN.left) / inner;
    return Math.max(0, Math.min(1, share)) * this.last;
  }
}

/** Between neighbours: linear. points: [[time, value], ...] by time, or a level. */
function valueAt(points, time) {
  if (typeof points === "number") return points;
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (points[middle][0] <= time) low = middle;
    else high = middle - 1;
  }
  const [from, next] = [points[low], points[low + 1]];
  if (!next || time <= from[0]) return from[1];
  return from[1] + ((time - from[0]) / (next[0] - from[0])) * (next[1] - from[1]);
}

/** Wide enough for nearly all values: the wildest hundredth at each end may leave the chart. */
export function rangeOf(series, log) {
  const values = series.flatMap(({ points }) =>
    typeof points === "number" ? [points] : points.map(([, value]) => value));
  const sorted = values.filter((v) => Number.isFinite(v) && (!log || v > 0)).sort((a, b) => a - b);
  if (sorted.length === 0) return log ? [0.1, 1] : [0, 1];
  const levels = series.map(({ points }) => points).filter((points) => typeof points === "number");
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [Math.min(at(0.01), ...levels), Math.max(at(0.99), ...levels)];
  if (log) return [Math.max(low, high * 1e-6) / 1.3, high * 1.3];
  const room = 0.08 * (high - low) || 0.1;
  return [low - room, high + room];
}

function ticks([low, high], log) {
  const found = [];
  if (log) {
    const decades = Math.log10(high / low);
    const step = Math.max(1, Math.ceil(decades / 4));
    for (let k = Math.ceil(Math.log10(low)); k <= Math.log10(high); k += step) found.push(10 ** k);
    return found;
  }
  const rough = (high - low) / 3.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  for (let k = Math.ceil(low / step); k * step <= high; k += 1) found.push(k * step);
  return found;
}

function short(value) {
  return Number(value.toPrecision(3)).toString().replace("-", "\u2212");
}

function written(value) {
  if (!Number.isFinite(value)) return "";
  const digits = Math.abs(value) < 0.1 && value !== 0 ? value.toPrecision(2) : value.toFixed(3);
  return digits.replace("-", "\u2212");
}
