/**
 * Which part of a map a view shows.
 *
 * Map units: every point of a map lies in [-1, 1] on its longer axis, y up.
 * Screen units: CSS pixels from the top left corner of the plot, y down.
 */

const MARGIN = 0.94; // of the shorter side, so that no point touches the frame
const ZOOM_RANGE = [0.5, 250];
const PAN_LIMIT = 1.5; // map units: the cloud can always be found again

export class Camera {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.goTo(null);
  }

  /** [x, y, zoom], or null where all points are in view as at first. */
  place() {
    const home = this.zoom === 1 && this.x === 0 && this.y === 0;
    return home ? null : [this.x, this.y, this.zoom];
  }

  /** Goes where place() was. */
  goTo(place) {
    [this.x, this.y, this.zoom] = place ?? [0, 0, 1];
    this.zoom = clamp(this.zoom, ...ZOOM_RANGE);
  }

  /** CSS pixels per map unit, the same on both axes. */
  get scale() {
    return (this.zoom * MARGIN * Math.min(this.width, this.height)) / 2;
  }

  toScreen(x, y) {
    return [
      this.width / 2 + (x - this.x) * this.scale,
      this.height / 2 - (y - this.y) * this.scale,
    ];
  }

  toMap(px, py) {
    return [
      this.x + (px - this.width / 2) / this.scale,
      this.y - (py - this.height / 2) / this.scale,
    ];
  }

  panBy(dx, dy) {
    this.x = clamp(this.x - dx / this.scale, -PAN_LIMIT, PAN_LIMIT);
    this.y = clamp(this.y + dy / this.scale, -PAN_LIMIT, PAN_LIMIT);
  }

  /** Zooms by factor; what lies under screen point (px, py) stays there. */
  zoomAt(px, py, factor) {
    const [x, y] = this.toMap(px, py);
    this.zoom = clamp(this.zoom * factor, ...ZOOM_RANGE);
    const [nowX, nowY] = this.toMap(px, py);
    this.x = clamp(this.x + x - nowX, -PAN_LIMIT, PAN_LIMIT);
    this.y = clamp(this.y + y - nowY, -PAN_LIMIT, PAN_LIMIT);
  }
}

/** Coordinates (N, 2) of any scale to map units; the aspect ratio is kept. */
export function toMapUnits(coordinates) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < coordinates.length; i += 2) {
    const x = coordinates[i];
    const y = coordinates[i + 1];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  const half = Math.max(right - left, top - bottom, 1e-30) / 2;
  const [x0, y0] = [(left + right) / 2, (bottom + top) / 2];
  const units = new Float32Array(coordinates.length);
  for (let i = 0; i < coordinates.length; i += 2) {
    units[i] = (coordinates[i] - x0) / half;
    units[i + 1] = (coordinates[i + 1] - y0) / half;
  }
  return units;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
