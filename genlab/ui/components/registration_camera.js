// From the units of the points to pixels: the plane as it lies, or space seen from a side.

const MARGIN = 34; // CSS pixels
const DISTANCE = 4.5; // of the eye, in radii of what is in view

export class Camera {
  constructor(axes) {
    Object.assign(this, { flat: axes === 2, yaw: 30, pitch: 20, low: null, high: null });
    this.size(1, 1);
  }

  /** Take points (3 K,) into view; what was in view stays. */
  include(points) {
    this.low ??= [Infinity, Infinity, Infinity];
    this.high ??= [-Infinity, -Infinity, -Infinity];
    for (let k = 0; k < points.length; k += 1) {
      const axis = k % 3;
      if (points[k] < this.low[axis]) this.low[axis] = points[k];
      if (points[k] > this.high[axis]) this.high[axis] = points[k];
    }
    this.centre = this.low.map((low, axis) => 0.5 * (low + this.high[axis]));
    this.radius = 0.5 * Math.hypot(...this.low.map((low, axis) => this.high[axis] - low)) || 1;
    this.size(this.width, this.height);
  }

  size(width, height) {
    Object.assign(this, { width, height });
    if (!this.low) return;
    const room = [width, height].map((length) => Math.max(20, length - 2 * MARGIN));
    const sides = this.low.map((low, axis) => this.high[axis] - low);
    this.unit = this.flat
      ? Math.min(room[0] / (sides[0] || 1), room[1] / (sides[1] || 1))
      : Math.min(...room) / (1.35 * this.radius);
    if (this.flat && !sides[0] && !sides[1]) this.unit = Math.min(...room) / 2;
    this.turn();
  }

  turn() {
    const [yaw, pitch] = this.flat ? [0, 0] : [this.yaw, this.pitch].map((a) => (a * Math.PI) / 180);
    const [c, s, C, S] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    // in space z points up; the eye goes around it by yaw and rises by pitch
    this.right = this.flat ? [1, 0, 0] : [c, s, 0];
    this.up = this.flat ? [0, 1, 0] : [s * S, -c * S, C];
    this.toEye = this.flat ? [0, 0, 1] : [s * C, -c * C, S];
  }

  /** Points (3 K,) as x, y in pixels and nearness -1 to 1, into `to` (3 K,). */
  project(points, to) {
    const { right: r, up: u, toEye: e, centre: o, unit, radius } = this;
    const [halfX, halfY] = [0.5 * this.width, 0.5 * this.height];
    for (let k = 0; k < points.length; k += 3) {
      const x = points[k] - o[0], y = points[k + 1] - o[1], z = points[k + 2] - o[2];
      const near = this.flat ? 0 : (e[0] * x + e[1] * y + e[2] * z) / radius;
      const scale = this.flat ? unit : (unit * DISTANCE) / (DISTANCE - near);
      to[k] = halfX + scale * (r[0] * x + r[1] * y + r[2] * z);
      to[k + 1] = halfY - scale * (u[0] * x + u[1] * y + u[2] * z);
      to[k + 2] = near;
    }
    return to;
  }

  one(point) {
    return this.project(Float64Array.from(point), new Float64Array(3));
  }

  /** A way across the screen, in pixels, as a way of the points. */
  wayOf(dx, dy) {
    return this.right.map((value, axis) => (dx * value - dy * this.up[axis]) / this.unit);
  }
}
