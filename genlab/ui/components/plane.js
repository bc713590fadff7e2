// The whole plane of a 2-D latent: tiles of decoded images, the test means over them, and a cursor
// to drag. z0 runs to the right, z1 upwards; tile centres stand evenly from -span to span.

import { element } from "./dom.js";
import { signed } from "./latent.js";

const TILES = 24;
const SPANS = [2, 3, 4, 5];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Plane {
  /** means: (N, 2) floats with labels (N,), or null; onMove([z0, z1]); onSpan(span). */
  constructor({ decode, side, means, labels, classes, palette, onMove, onSpan }) {
    Object.assign(this, { decode, side, means, labels, palette, onMove });
    Object.assign(this, { span: 3, row: TILES }); // row: the next one of tiles to decode
    this.tiles = element("canvas", { width: TILES * side, height: TILES * side });
    this.points = element("canvas", { class: "points" });
    this.cursor = element("i", { class: "cursor" });
    this.surface = element("div", {
      class: "surface",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "two-dimensional slider",
      onpointerdown: (event) => this.grab(event),
      onpointermove: (event) => this.drag(event),
      onkeydown: (event) => this.key(event),
    }, this.tiles, this.points, this.cursor);
    this.toggle = element("input", { type: "checkbox",
      onchange: () => this.showPoints(this.toggle.checked) });
    this.choice = element("select", {
      "aria-label": "Half-width of the plane, in prior standard deviations",
      onchange: () => onSpan(Number(this.choice.value)),
    }, ...SPANS.map((span) => element("option", { value: span }, `\u00b1${span} sd`)));
    this.legend = element("span", { class: "legend" }, ...classes.map((name, k) =>
      element("span", { style: `--class-colour: ${palette[k]}` }, name)));
    this.element = element("section", { class: "plane" }, this.surface,
      element("div", { class: "controls" }, this.choice,
        element("label", { hidden: !means }, this.toggle, " test means"), this.legend));
    this.showPoints(false);
    this.observer = new ResizeObserver(() => this.drawPoints());
    this.observer.observe(this.surface);
  }

  close() {
    this.observer.disconnect();
  }

  showPoints(shown) {
    this.points.hidden = this.legend.hidden = !shown;
  }

  grab(event) {
    this.surface.setPointerCapture(event.pointerId);
    this.surface.focus({ preventScroll: true });
    this.point(event);
    event.preventDefault();
  }

  drag(event) {
    if (this.surface.hasPointerCapture(event.pointerId)) this.point(event);
  }

  point(event) {
    const box = this.surface.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width;
    const down = (event.clientY - box.top) / box.height;
    this.onMove([this.value(across), -this.value(down)]);
  }

  key(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.01 : 0.1;
    // from a mean beyond the edge the keys lead back in even steps
    const limit = Math.max(this.edge(), ...this.at.map(Math.abs));
    this.at = this.at.map((value, i) => clamp(value + size * step[i], limit));
    this.onMove(this.at);
  }

  /** A share of the surface's side to z and back; the outermost tiles' centres stand at +-span. */
  value(share) {
    return this.inside((share - 0.5) * 2 * this.edge());
  }

  share(value) {
    return value / (2 * this.edge()) + 0.5;
  }

  edge() {
    return (this.span * TILES) / (TILES - 1);
  }

  inside(value) {
    return clamp(value, this.edge());
  }

  setSpan(span) {
    this.span = SPANS.includes(span) ? span : 3;
    this.choice.value = this.span;
    this.drawPoints();
  }

  /** Begin the picture again, for another label or span. */
  invalidate() {
    this.row = 0;
  }

  /** Decode rows of tiles until the time is over; true while some are left. */
  drawUntil(deadline, label) {
    const context = this.tiles.getContext("2d");
    const image = context.createImageData(TILES * this.side, this.side);
    const words = new Uint32Array(image.data.buffer);
    while (this.row < TILES && performance.now() < deadline) {
      for (let column = 0; column < TILES; column++) {
        this.placeTile(words, column, this.decode(this.centre(this.row, column), label));
      }
      context.putImageData(image, 0, this.row * this.side);
      this.row++;
    }
    this.element.toggleAttribute("data-complete", this.row === TILES);
    return this.row < TILES;
  }

  centre(row, column) {
    const along = (place) => -this.span + (2 * this.span * place) / (TILES - 1);
    return Float32Array.of(along(column), -along(row));
  }

  placeTile(words, column, pixels) {
    for (let y = 0; y < this.side; y++) {
      for (let x = 0; x < this.side; x++) {
        const grey = Math.round(pixels[y * this.side + x] * 255) * 0x010101;
        words[y * TILES * this.side + column * this.side + x] = 0xff000000 | grey;
      }
    }
  }

  drawPoints() {
    const size = Math.round(this.surface.clientWidth * devicePixelRatio);
    if (size === 0 || !this.means) return;
    this.points.width = this.points.height = size;
    const context = this.points.getContext("2d");
    const dot = 2.2 * devicePixelRatio;
    context.globalAlpha = 0.75;
    for (let i = 0; i < this.labels.length; i++) {
      context.fillStyle = this.palette[this.labels[i]];
      const x = this.share(this.means[2 * i]) * size;
      const y = this.share(-this.means[2 * i + 1]) * size;
      context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    }
  }

  drawCursor(z) {
    this.at = [z[0], z[1]];
    const [right, up] = this.at.map((value) => this.inside(value));
    this.cursor.style.left = `${this.share(right) * 100}%`;
    this.cursor.style.top = `${this.share(-up) * 100}%`;
    this.cursor.toggleAttribute("data-outside", right !== this.at[0] || up !== this.at[1]);
    this.surface.setAttribute("aria-label",
      `Latent plane, cursor at z0 ${signed(z[0])}, z1 ${signed(z[1])}; arrow keys move it`);
  }
}

function clamp(value, limit) {
  return Math.min(limit, Math.max(-limit, value));
}
