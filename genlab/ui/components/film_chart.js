// One chart of the theatre: lines over the clock that all of them share, drawn once; the cursor is
// an element that moves above, so that scrubbing redraws nothing.
//
// A line is { moments, values, colour, dash, dots }: rising moments of the clock and as many
// values. Where many fall on one column of pixels, the column shows the span from the lowest to
// the highest and the line goes through their mean.

import { element } from "./dom.js";

const LEFT = 44, RIGHT = 8, TOP = 6, BOTTOM = 20; // CSS pixels around the plot

export class Chart {
  /** title: words; range: [low, high], or null for that of the values; log: of the y axis. */
  constructor({ name, title, legend = "", range = null, log = false, onScrub }) {
    Object.assign(this, { range, log, onScrub, lines: [], floors: [] });
    this.canvas = element("canvas", {});
    this.cursor = element("i", { class: "cursor" });
    this.plot = element("div", { class: "plot" }, this.canvas, this.cursor);
    this.element = element("section", { class: "chart", "data-chart": name, role: "group",
      "aria-label": title },
      element("h3", {}, title, element("span", { class: "note" }, legend)), this.plot);
    for (const [type, act] of Object.entries({
      pointerdown: (event) => this.grab(event),
      pointermove: (event) => this.plot.hasPointerCapture(event.pointerId) && this.scrub(event),
    })) this.plot.addEventListener(type, act);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
  }

  grab(event) {
    this.plot.setPointerCapture(event.pointerId);
    this.scrub(event);
  }

  scrub(event) {
    const box = this.plot.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    this.onScrub(this.axis.momentAt(Math.min(1, Math.max(0, share))));
  }

  /** axis: a TimeAxis; floors: [words, value] each. */
  show({ axis, lines, floors = [] }) {
    Object.assign(this, { axis, lines, floors });
    this.element.hidden = lines.length === 0;
    this.draw();
  }

  moveCursor(when) {
    if (!this.axis || !this.width) return;
    const x = LEFT + this.axis.shareOf(when) * (this.width - LEFT - RIGHT);
    this.cursor.style.transform = `translateX(${x.toFixed(1)}px)`;
  }

  draw() {
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    if (!this.axis || !this.width || !this.lines.length) return;
    const ratio = devicePixelRatio;
    Object.assign(this.canvas, { width: this.width * ratio, height: this.height * ratio });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.plot);
    this.ink = style.color;
    context.font = `${style.fontSize} ${style.fontFamily}`;
    this.scaleY();
    this.drawAxes(context);
    for (const line of this.lines) this.drawLine(context, line);
    if (this.when !== undefined) this.moveCursor(this.when);
  }

  scaleY() {
    const inView = this.range ?? valueRange(this.lines, this.floors, this.log);
    const bend = this.log ? Math.log10 : (value) => value;
    const [low, high] = inView.map(bend);
    const tall = this.height - TOP - BOTTOM;
    this.inView = inView;
    this.y = (value) => {
      const share = (bend(value) - low) / (high - low || 1);
      return TOP + (1 - Math.min(1.02, Math.max(-0.02, share))) * tall;
    };
  }

  x(moment) {
    return LEFT + this.axis.shareOf(moment) * (this.width - LEFT - RIGHT);
  }

  drawAxes(context) {
    const right = this.width - RIGHT, bottom = this.height - BOTTOM;
    context.fillStyle = context.strokeStyle = this.ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const ticks = this.log ? decades(...this.inView) : evenTicks(...this.inView, 3);
    for (const tick of ticks) {
      const y = Math.round(this.y(tick)) + 0.5;
      context.globalAlpha = 0.15;
      context.fillRect(LEFT, y, right - LEFT, 1);
      context.globalAlpha = 0.75;
      context.fillText(brief(tick), LEFT - 6, y);
    }
    context.textBaseline = "top";
    context.globalAlpha = 0.75;
    context.fillText(this.axis.unit, right, bottom + 5);
    const room = context.measureText(this.axis.unit).width + 8;
    context.textAlign = "center";
    for (const moment of this.axis.ticks(this.width - LEFT - RIGHT, room)) {
      context.globalAlpha = 0.75;
      context.fillText(brief(moment), this.x(moment), bottom + 5);
      context.globalAlpha = 0.15;
      context.fillRect(Math.round(this.x(moment)), TOP, 1, bottom - TOP);
    }
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.globalAlpha = 0.8;
    let taken = -Infinity; // where the last words stand
    for (const [words, value] of this.floors) {
      const y = this.y(value);
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(LEFT, y);
      context.lineTo(right, y);
      context.stroke();
      const beside = y < TOP + 16 ? y + 15 : y - 1;
      if (Math.abs(y - taken) > 14) context.fillText(words, LEFT + 4, beside);
      taken = y;
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  drawLine(context, { moments, values, colour, dash = [], dots = false }) {
    const { points, band } = this.columns(moments, values);
    context.fillStyle = context.strokeStyle = colour;
    context.globalAlpha = 0.3 / Math.sqrt(this.lines.length);
    for (const [x, low, high] of band) {
      const top = this.y(high);
      context.fillRect(x, top, 1, Math.max(1, this.y(low) - top));
    }
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    for (const [x, value] of points) context.lineTo(x, this.y(value));
    context.stroke();
    context.setLineDash([]);
    if (!dots) return;
    for (const [x, value] of points) {
      context.beginPath();
      context.arc(x, this.y(value), 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** One point for each column of pixels that has some, and the span of those that have several. */
  columns(moments, values) {
    const points = [], band = [];
    const last = this.width - RIGHT - 1; // what stands on the edge joins the column before it
    const columnOf = (moment) => Math.min(last, Math.floor(this.x(moment)));
    for (let i = 0; i < moments.length;) {
      const x = this.x(moments[i]), column = columnOf(moments[i]);
      let count = 0, sum = 0, low = Infinity, high = -Infinity;
      for (; i < moments.length && columnOf(moments[i]) === column; i++) {
        if (!Number.isFinite(values[i])) continue;
        count++;
        sum += values[i];
        low = Math.min(low, values[i]);
        high = Math.max(high, values[i]);
      }
      if (count) points.push([count > 1 ? column + 0.5 : x, sum / count]);
      if (count > 1) band.push([column, low, high]);
    }
    return { points, band };
  }
}

/** From the least to the greatest, without the outermost hundredth of each line. */
function valueRange(lines, floors, log) {
  const ends = lines.flatMap(({ values }) => {
    const sorted = Float64Array.from(values).filter((value) => Number.isFinite(value)
      && (!log || value > 0)).sort();
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    return sorted.length ? (sorted.length > 200 ? [at(0.01), at(0.99)] : [at(0), at(1)]) : [];
  });
  ends.push(...floors.map(([, value]) => value).filter((value) => !log || value > 0));
  if (!ends.length) return [0, 1];
  const low = Math.min(...ends), high = Math.max(...ends);
  if (log) return [low / 1.3, high * 1.3];
  const room = 0.06 * (high - low) || 0.5;
  return [low >= 0 && low < 0.3 * high ? 0 : low - room, high + room];
}

/** Powers of ten, or where there are few also their doubles and fives. */
function decades(low, high) {
  const all = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    all.push(...[1, 2, 5].map((factor) => factor * 10 ** power));
  }
  const inside = all.filter((tick) => tick >= low && tick <= high);
  const tens = inside.filter((tick) => Math.abs(Math.log10(tick) % 1) < 1e-9);
  return tens.length > 2 ? tens : inside.filter((_, i) => inside.length < 5 || i % 2 === 0);
}

export function evenTicks(low, high, about) {
  const rough = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
}

/** A number in few letters: 1,000, 64k, 1.2M, 0.05. */
export function brief(value) {
  const size = Math.abs(value);
  const text = size >= 1e6 ? `${Number((size / 1e6).toPrecision(3))}M`
    : size >= 1e4 ? `${Number((size / 1e3).toPrecision(3))}k`
      : Number(size.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 4 });
  return value < 0 ? `\u2212${text}` : text;
}
