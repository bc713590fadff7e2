/** Draws the points of one map on a 2-D canvas: slower than WebGL, for browsers without it. */

import { HIDDEN, SELECTED } from "./point_state.js";

export class CanvasPoints {
  constructor(canvas) {
    this.name = "2-D canvas";
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  setLabels(labels) {
    this.labels = labels;
  }

  setFlags(flags) {
    this.flags = flags;
  }

  setPositions(from, to) {
    this.from = from;
    this.to = to;
  }

  setPalette(colours) {
    this.palette = colours.map((rgb) => `rgb(${rgb.map((part) => Math.round(part * 255))})`);
  }

  /** As WebGLPoints.draw. */
  draw({ camera, progress, diameter, dim, pixelRatio }) {
    if (!this.to) return;
    const { context, labels, flags, from, to } = this;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    for (const pass of [0, SELECTED]) {
      const side = diameter * (pass === SELECTED ? 1.15 : 0.85); // a square looks larger
      context.globalAlpha = pass === SELECTED ? 0.95 : dim;
      let ink = -1;
      for (let i = 0; i < labels.length; i++) {
        if (flags[i] & HIDDEN || (flags[i] & SELECTED) !== pass) continue;
        const x = from[2 * i] + progress * (to[2 * i] - from[2 * i]);
        const y = from[2 * i + 1] + progress * (to[2 * i + 1] - from[2 * i + 1]);
        const [px, py] = camera.toScreen(x, y);
        if (px < -side || py < -side || px > camera.width + side || py > camera.height + side) {
          continue;
        }
        if (labels[i] !== ink) {
          ink = labels[i];
          context.fillStyle = this.palette[ink];
        }
        context.fillRect(px - side / 2, py - side / 2, side, side);
      }
    }
    context.globalAlpha = 1;
  }

  dispose() {}
}
