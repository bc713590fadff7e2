// One square of the plane: a heat map, a line where it is undecided, the points and their pushes.

import { FAKE, mixed, REAL, rgb, word } from "./plane_colours.js";
import { contour } from "./plane_contour.js";
import { element } from "./dom.js";

const ARROWS = 128; // of the fakes show their push
const LONGEST = 0.42; // of an arrow, in the units of the plane
const FULL = 0.12; // sqrt of a share of the target's peak: from there on D* is painted fully

export class Square {
  /** picture: "discriminator", "optimum", "made" or "difference". */
  constructor(picture) {
    this.picture = picture;
    this.canvas = element("canvas", { role: "img" });
    this.small = document.createElement("canvas");
    this.element = element("div", { class: "square" }, this.canvas);
  }

  draw(film, place, { colours, layers }) {
    const size = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (size === 0) return;
    if (this.canvas.width !== size) this.canvas.width = this.canvas.height = size;
    const context = this.canvas.getContext("2d");
    this.scale = size / (2 * film.edge);
    this.middle = size / 2;
    this.unit = size / Math.max(250, this.canvas.clientWidth); // of line widths
    this.paintHeat(context, film, place, colours, size);
    if (layers.has("net")) this.drawNet(context, film, place);
    if (layers.has("targets")) this.drawDots(context, film.fixed("points"), REAL, 2.1, colours);
    if (layers.has("fakes")) this.drawDots(context, film.at("fakes", place), FAKE, 2.7, colours);
    if (layers.has("pushes")) this.drawPushes(context, film, place, colours);
  }

  paintHeat(context, film, place, colours, size) {
    const { values, level } = this.values(film, place);
    const side = Math.round(Math.sqrt(film.columns.made.size));
    if (this.small.width !== side) this.small.width = this.small.height = side;
    const image = new ImageData(side, side);
    const words = new Uint32Array(image.data.buffer);
    const paint = this.picture === "made" ? this.densityPainter(film, colours) : (value) =>
      colours.table[Number.isNaN(value) ? 128 : Math.max(0, Math.min(255, Math.round(255 * value)))];
    for (let row = 0; row < side; row += 1) {
      for (let column = 0; column < side; column += 1) {
        const at = row * side + column;
        words[(side - 1 - row) * side + column] = paint(values[at], at);
      }
    }
    this.small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.small, 0, 0, size, size);
    if (level !== null) this.drawContour(context, values, side, level, colours, size);
  }

  /** What is painted, 0 to 1, and the level of its line; D* fades out where neither has mass. */
  values(film, place) {
    if (this.picture === "discriminator") {
      return { values: film.at("discriminator", place), level: 0.5 };
    }
    if (this.picture === "made") return { values: film.at("made", place), level: null };
    const optimum = film.at("optimum", place);
    const learned = this.picture === "difference" ? film.at("discriminator", place) : null;
    const weights = massWeights(film, place);
    const values = optimum.map((best, k) => {
      const shown = learned ? 0.5 * (learned[k] - best) : best - 0.5;
      return weights[k] < 0.02 ? NaN : 0.5 + shown * weights[k];
    });
    return { values, level: learned ? null : 0.5 };
  }

  /** Blue where the target has its mass, orange where the fakes have theirs. */
  densityPainter(film, colours) {
    this.data ??= film.fixed("data");
    const [real, fake] = [rgb(REAL), rgb(FAKE)];
    return (made, at) => {
      const under = mixed(colours.back, real, 0.85 * this.data[at]);
      return word(mixed(under, fake, 0.85 * Math.min(1, made)));
    };
  }

  drawContour(context, values, side, level, colours, size) {
    const cell = size / side;
    context.beginPath();
    contour(values, side, level, (x0, y0, x1, y1) => {
      context.moveTo((x0 + 0.5) * cell, size - (y0 + 0.5) * cell);
      context.lineTo((x1 + 0.5) * cell, size - (y1 + 0.5) * cell);
    });
    context.strokeStyle = colours.css(0.55);
    context.lineWidth = 1.2 * this.unit;
    context.stroke();
  }

  /** A dot is drawn once and then stamped, which is faster than hundreds of circles. */
  drawDots(context, points, colour, radius, colours) {
    const stamp = dot(colour, radius * this.unit, this.unit, colours.dark);
    const half = stamp.width / 2;
    for (let k = 0; k < points.length; k += 2) {
      context.drawImage(stamp, this.x(points[k]) - half, this.y(points[k + 1]) - half);
    }
  }

  drawPushes(context, film, place, colours) {
    const fakes = film.at("fakes", place);
    const pushes = film.at("pushes", place);
    const head = 3.2 * this.unit;
    context.beginPath();
    for (let k = 0; k < Math.min(2 * ARROWS, fakes.length); k += 2) {
      const [x, y] = [this.x(fakes[k]), this.y(fakes[k + 1])];
      const [dx, dy] = [pushes[k] * LONGEST * this.scale, -pushes[k + 1] * LONGEST * this.scale];
      const length = Math.hypot(dx, dy);
      if (length < 1.5 * this.unit) continue;
      const [ux, uy] = [(dx / length) * head, (dy / length) * head];
      context.moveTo(x, y);
      context.lineTo(x + dx, y + dy);
      context.moveTo(x + dx - ux - 0.6 * uy, y + dy - uy + 0.6 * ux);
      context.lineTo(x + dx, y + dy);
      context.lineTo(x + dx - ux + 0.6 * uy, y + dy - uy - 0.6 * ux);
    }
    context.strokeStyle = colours.css(0.8);
    context.lineWidth = 1.1 * this.unit;
    context.stroke();
  }

  /** The noise's net where G lays it: cells of equal mass, so the small ones are the dense ones. */
  drawNet(context, film, place) {
    const knots = film.at("knots", place);
    const side = Math.round(Math.sqrt(knots.length / 2));
    const point = (row, column) => {
      const k = 2 * (row * side + column);
      return [this.x(knots[k]), this.y(knots[k + 1])];
    };
    const least = (0.03 * film.edge * this.scale) ** 2; // an area that is painted fully
    context.fillStyle = FAKE;
    for (let row = 0; row + 1 < side; row += 1) {
      for (let column = 0; column + 1 < side; column += 1) {
        const cell = [point(row, column), point(row, column + 1), point(row + 1, column + 1),
          point(row + 1, column)];
        context.beginPath();
        for (const [x, y] of cell) context.lineTo(x, y);
        context.closePath();
        context.globalAlpha = Math.min(0.85, 0.06 + (0.7 * least) / (least + area(cell)));
        context.fill();
      }
    }
    context.globalAlpha = 0.75;
    context.strokeStyle = FAKE;
    context.lineWidth = 0.8 * this.unit;
    context.beginPath();
    for (let i = 0; i < side; i += 1) {
      for (let j = 0; j < side; j += 1) context[j ? "lineTo" : "moveTo"](...point(i, j));
      for (let j = 0; j < side; j += 1) context[j ? "lineTo" : "moveTo"](...point(j, i));
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  x(value) {
    return this.middle + value * this.scale;
  }

  y(value) {
    return this.middle - value * this.scale;
  }
}

const stamps = new Map();

/** A canvas with a dot of one colour, rimmed so that it stands out; kept for the next frame. */
function dot(colour, radius, unit, dark) {
  const key = [colour, radius, unit, dark].join();
  if (!stamps.has(key)) {
    if (stamps.size > 64) stamps.clear();
    const side = Math.ceil(2 * (radius + 2 * unit));
    const canvas = element("canvas", { width: side, height: side });
    const context = canvas.getContext("2d");
    context.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
    context.strokeStyle = dark ? "rgb(0 0 0 / 0.55)" : "rgb(255 255 255 / 0.9)";
    context.lineWidth = 1.4 * unit;
    context.stroke();
    context.fillStyle = colour;
    context.fill();
    stamps.set(key, canvas);
  }
  return stamps.get(key);
}

/** 1 where the target or the fakes have mass, down to 0 where neither has. */
export function massWeights(film, place) {
  const data = film.fixed("data"); // square roots, like made
  return film.at("made", place).map((made, k) => Math.min(1, Math.max(made, data[k]) / FULL));
}

/** Of a polygon's corners [x, y]. */
function area(corners) {
  let twice = 0;
  corners.forEach(([x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length];
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}
