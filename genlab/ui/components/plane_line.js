// A GAN on the line, after figure 1 of Goodfellow et al. 2014: the densities, what D and D* say,
// and below them how the generator lays the noise z onto x.

import { FAKE, REAL } from "./plane_colours.js";
import { element } from "./dom.js";
import { massWeights } from "./plane_square.js";

const LONGEST = 0.42; // of an arrow, in units of the line
const TALLEST = 0.5; // of the height is the target's peak

export class Line {
  constructor() {
    this.canvas = element("canvas", { role: "img" });
    this.element = element("div", { class: "line" }, this.canvas);
  }

  draw(film, place, { colours, layers }) {
    const width = Math.round(this.canvas.clientWidth * devicePixelRatio);
    const height = Math.round(this.canvas.clientHeight * devicePixelRatio);
    if (width === 0) return;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    Object.assign(this, { width, film, unit: devicePixelRatio, colours });
    this.top = 10 * this.unit;
    this.base = height - (layers.has("net") ? 92 : 26) * this.unit; // y of x's axis
    this.drawScale(context);
    this.drawDensity(context, film.fixed("data"), REAL);
    this.drawDensity(context, film.at("made", place), FAKE);
    this.drawOpinion(context, this.optimum(place), [7, 5], 1.8, 0.85);
    this.drawOpinion(context, film.at("discriminator", place), [], 2.2, 1);
    if (layers.has("net")) this.drawNoise(context, film.at("knots", place), height);
    if (layers.has("targets")) this.drawTicks(context, film.fixed("points"), REAL, -1);
    if (layers.has("fakes")) this.drawTicks(context, film.at("fakes", place), FAKE, 1);
    if (layers.has("pushes")) this.drawPushes(context, place);
  }

  drawScale(context) {
    context.strokeStyle = this.colours.css(0.18);
    context.fillStyle = this.colours.css(0.65);
    context.font = `${12 * this.unit}px ${getComputedStyle(this.canvas).fontFamily}`;
    context.lineWidth = this.unit;
    for (const share of [0, 0.5, 1]) {
      const y = this.opinionY(share);
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(this.width, y);
      context.stroke();
      if (share) context.fillText(share === 1 ? "D = real" : "\u00bd", 4 * this.unit, y - 4 * this.unit);
    }
    context.textAlign = "center";
    for (let x = Math.ceil(-this.film.edge) + 1; x < this.film.edge; x += 1) {
      context.fillText(String(x).replace("-", "\u2212"), this.x(x), this.base + 24 * this.unit);
    }
    context.textAlign = "left";
  }

  /** roots: sqrt of the mass by the target's largest. */
  drawDensity(context, roots, colour) {
    context.beginPath();
    context.moveTo(0, this.base);
    roots.forEach((root, i) => {
      const y = this.base - root * root * TALLEST * (this.base - this.top);
      context.lineTo(((i + 0.5) / roots.length) * this.width, Math.max(0, y));
    });
    context.lineTo(this.width, this.base);
    context.fillStyle = colour;
    context.globalAlpha = 0.38;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 1.6 * this.unit;
    context.stroke();
  }

  /** D*, and NaN where neither the target nor the fakes have mass. */
  optimum(place) {
    const weights = massWeights(this.film, place);
    return this.film.at("optimum", place).map((best, k) => (weights[k] < 0.1 ? NaN : best));
  }

  drawOpinion(context, values, dash, width, strength) {
    context.beginPath();
    values.forEach((value, i) => {
      const follows = i > 0 && !Number.isNaN(values[i - 1]);
      if (Number.isNaN(value)) return;
      const x = ((i + 0.5) / values.length) * this.width;
      context[follows ? "lineTo" : "moveTo"](x, this.opinionY(value));
    });
    context.setLineDash(dash.map((length) => length * this.unit));
    context.strokeStyle = this.colours.css(strength);
    context.lineWidth = width * this.unit;
    context.stroke();
    context.setLineDash([]);
  }

  drawTicks(context, points, colour, side) {
    context.beginPath();
    for (const x of points) {
      context.moveTo(this.x(x), this.base);
      context.lineTo(this.x(x), this.base + side * 9 * this.unit);
    }
    context.strokeStyle = colour;
    context.lineWidth = 1.4 * this.unit;
    context.stroke();
  }

  drawPushes(context, place) {
    const fakes = this.film.at("fakes", place);
    const pushes = this.film.at("pushes", place);
    const y = this.base + 5 * this.unit;
    const head = 3 * this.unit;
    context.beginPath();
    fakes.forEach((fake, k) => {
      const x = this.x(fake);
      const dx = (pushes[k] * LONGEST * this.width) / (2 * this.film.edge);
      if (Math.abs(dx) < 1.5 * this.unit) return;
      const back = x + dx - Math.sign(dx) * head;
      context.moveTo(x, y);
      context.lineTo(x + dx, y);
      context.moveTo(back, y - head * 0.7);
      context.lineTo(x + dx, y);
      context.lineTo(back, y + head * 0.7);
    });
    context.strokeStyle = this.colours.css(0.75);
    context.lineWidth = 1.1 * this.unit;
    context.stroke();
  }

  /** From noises with equal mass between them to where G lays them. */
  drawNoise(context, knots, height) {
    const [from, to] = [height - 8 * this.unit, this.base + 34 * this.unit];
    context.beginPath();
    knots.forEach((x, i) => {
      context.moveTo((0.06 + (0.88 * i) / (knots.length - 1)) * this.width, from);
      context.lineTo(this.x(x), to);
    });
    context.moveTo(0.06 * this.width, from);
    context.lineTo(0.94 * this.width, from);
    context.strokeStyle = FAKE;
    context.globalAlpha = 0.8;
    context.lineWidth = 1.1 * this.unit;
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = this.colours.css(0.75);
    context.fillText("z", 4 * this.unit, from + 3 * this.unit);
    context.fillText("x", 4 * this.unit, to + 3 * this.unit);
  }

  x(value) {
    return this.width * (0.5 + value / (2 * this.film.edge));
  }

  opinionY(value) {
    return this.base - value * (this.base - this.top - 16 * this.unit);
  }
}
