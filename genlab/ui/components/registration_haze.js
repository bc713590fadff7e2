// Many lines at once, as light that adds up: each is laid into an array of pixels, smooth at its
// edges, and the array is put on the canvas as one picture. A path of thousands of crossing lines
// would take a browser many times as long.

import { styleOf } from "./registration_match.js";

export class Haze {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.light = new Float32Array(0);
  }

  /** lines: of Matches; from, to: (3 K,) projected points; ink: [r, g, b]; stamp: what it follows
   * from, or null to draw it anew. Draws itself onto the context, so strong. */
  draw(context, lines, from, to, { wide, tall, ink, strength, stamp }) {
    if (stamp === null || this.lines !== lines || this.stamp !== stamp) {
      Object.assign(this, { lines, stamp });
      this.lay(lines, from, to, wide, tall);
      this.paint(wide, tall, ink);
    }
    context.globalAlpha = strength;
    context.drawImage(this.canvas, 0, 0);
    context.globalAlpha = 1;
  }

  lay({ source, target, bins }, from, to, wide, tall) {
    if (this.light.length !== wide * tall) this.light = new Float32Array(wide * tall);
    else this.light.fill(0);
    bins.forEach((bin, level) => {
      const { alpha } = styleOf(level);
      for (const i of bin) {
        const s = 3 * source[i], t = 3 * target[i];
        this.line(from[s], from[s + 1], to[t], to[t + 1], alpha, wide, tall);
      }
    });
  }

  /** One step per pixel along the longer way; the light is shared between two pixels across it. */
  line(x0, y0, x1, y1, alpha, wide, tall) {
    const { light } = this;
    const flat = Math.abs(x1 - x0) >= Math.abs(y1 - y0);
    let [a, b, A, B] = flat ? [x0, y0, x1, y1] : [y0, x0, y1, x1];
    if (a > A) [a, b, A, B] = [A, B, a, b];
    const slope = A > a ? (B - b) / (A - a) : 0;
    const [along, across] = flat ? [wide, tall] : [tall, wide];
    const [stepAlong, stepAcross] = flat ? [1, wide] : [wide, 1];
    const first = Math.max(0, Math.round(a)), last = Math.min(along - 1, Math.round(A));
    let place = b + (first - a) * slope;
    for (let n = first; n <= last; n += 1, place += slope) {
      const low = Math.floor(place);
      if (low < 0 || low + 1 >= across) continue;
      const share = place - low, at = n * stepAlong + low * stepAcross;
      light[at] += alpha * (1 - share);
      light[at + stepAcross] += alpha * share;
    }
  }

  paint(wide, tall, [red, green, blue]) {
    const { canvas, light } = this;
    if (canvas.width !== wide || canvas.height !== tall || !this.image) {
      Object.assign(canvas, { width: wide, height: tall });
      this.image = new ImageData(wide, tall);
      this.words = new Uint32Array(this.image.data.buffer);
    }
    const { words } = this;
    const ink = (blue << 16) | (green << 8) | red;
    for (let k = 0; k < light.length; k += 1) {
      const value = light[k];
      words[k] = value === 0 ? 0 : ((Math.min(235, 255 * value / (1 + 0.6 * value)) << 24) | ink);
    }
    canvas.getContext("2d").putImageData(this.image, 0, 0);
  }
}
