// Where a picture falls among the images of a split: the embedding as a plane of points, the
// picture as a ring, and lines to its nearest neighbours.

import { element } from "./dom.js";
import { whenFontComes } from "./pacing.js";
import { drawNames } from "./siamese_names.js";

const EDGE = 20; // CSS pixels round the points

export class Plane {
  constructor(palette) {
    this.palette = palette;
    this.still = document.createElement("canvas");
    this.canvas = element("canvas", { role: "img", "aria-label": "The embedding as a plane" });
    this.element = element("div", { class: "plane" }, this.canvas);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
  }

  close() {
    this.observer.disconnect();
  }

  /** points: Float32Array (N * 2); labels: Uint8Array (N,); classes: their names. */
  show(points, labels, classes) {
    Object.assign(this, { points, labels, classes, found: null });
    const axis = (k) => {
      const values = points.filter((_, i) => i % 2 === k).sort();
      const at = (share) => values[Math.round(share * (values.length - 1))];
      return [at(0.003), at(0.997)];
    };
    const ends = [axis(0), axis(1)];
    this.middle = ends.map(([low, high]) => (low + high) / 2);
    this.reach = ends.map(([low, high]) => Math.max(1e-6, (high - low) / 2));
    this.redraw();
    whenFontComes(this.element, () => this.redraw());
  }

  redraw() {
    this.width = 0;
    this.draw();
  }

  /** place: [x, y] of the picture; neighbours: rows. null for none. */
  mark(place, neighbours = []) {
    this.found = place && { place, neighbours };
    this.draw();
  }

  screen(x, y) {
    return [this.width / 2 + (x - this.middle[0]) * this.scale,
      this.height / 2 - (y - this.middle[1]) * this.scale];
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!this.points || !width || !height) return;
    const ratio = devicePixelRatio, ink = getComputedStyle(this.element).color;
    if (width !== this.width || height !== this.height || ink !== this.ink) {
      Object.assign(this, { width, height, ink });
      this.scale = Math.min((width - 2 * EDGE) / (2 * this.reach[0]),
        (height - 2 * EDGE) / (2 * this.reach[1]));
      for (const canvas of [this.canvas, this.still]) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      this.drawStill(ratio);
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.still, 0, 0);
    context.scale(ratio, ratio);
    if (this.found) this.drawFound(context);
  }

  drawStill(ratio) {
    // By the processor, as in siamese_curves.js
    const context = this.still.getContext("2d", { willReadFrequently: true });
    context.scale(ratio, ratio);
    context.globalAlpha = this.labels.length > 3000 ? 0.45 : 0.8;
    const side = this.labels.length > 3000 ? 2.4 : 5;
    let label = -1;
    for (let i = 0; i < this.labels.length; i++) {
      const [x, y] = this.screen(this.points[2 * i], this.points[2 * i + 1]);
      if (this.labels[i] !== label) {
        label = this.labels[i];
        context.fillStyle = this.palette[label % this.palette.length];
      }
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
    context.globalAlpha = 1;
    const style = getComputedStyle(this.element);
    drawNames(context, {
      places: (i) => this.screen(this.points[2 * i], this.points[2 * i + 1]),
      labels: this.labels, classes: this.classes, font: style.fontFamily, ink: this.ink,
      halo: style.getPropertyValue("--st-background-color"),
    });
  }

  drawFound(context) {
    const inside = ([x, y]) => [Math.min(this.width - 12, Math.max(12, x)),
      Math.min(this.height - 12, Math.max(12, y))];
    const at = inside(this.screen(...this.found.place));
    context.strokeStyle = context.fillStyle = this.ink;
    context.lineWidth = 1.5;
    for (const i of this.found.neighbours) {
      const to = this.screen(this.points[2 * i], this.points[2 * i + 1]);
      context.beginPath();
      context.moveTo(...at);
      context.lineTo(...to);
      context.stroke();
      context.beginPath();
      context.arc(...to, 4, 0, 2 * Math.PI);
      context.fill();
    }
    context.beginPath();
    context.arc(...at, 10, 0, 2 * Math.PI);
    context.fillStyle = "#ffffff";
    context.fill();
    context.lineWidth = 4;
    context.strokeStyle = "#000000";
    context.stroke();
    context.beginPath();
    context.arc(...at, 4, 0, 2 * Math.PI);
    context.fillStyle = "#000000";
    context.fill();
  }
}
