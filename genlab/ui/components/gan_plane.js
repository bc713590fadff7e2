// A plane through one noise, in two random directions: a map of what the generator makes of it, and
// a point to drag. Right and up are the two directions; the middle is the noise of the chosen tile.

import { element } from "./dom.js";
import { planeDirections, usualLength } from "./gan_noise.js";
import { norm, signed } from "./latent.js";
import { paint } from "./mlp.js";

const TILES = 9, SIDE = 28;
export const SPANS = [2, 4, 8, 16];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class LatentPlane {
  /** change(patch): x and y move the point, seed draws other directions, span widens the map. */
  constructor(change) {
    Object.assign(this, { change, drawn: 0, out: new Float32Array(SIDE * SIDE) });
    this.map = element("canvas", { width: TILES * SIDE, height: TILES * SIDE });
    this.cursor = element("i", { class: "point" });
    this.surface = element("div", {
      class: "surface", tabindex: 0, role: "application",
      "aria-roledescription": "two-dimensional slider",
      onpointerdown: (event) => this.grab(event),
      onpointermove: (event) => this.surface.hasPointerCapture(event.pointerId) && this.drag(event),
      onkeydown: (event) => this.key(event),
    }, this.map, this.cursor);
    this.now = element("canvas", { class: "crisp", role: "img" });
    this.words = element("p", { class: "note" });
    this.spans = element("select", { "aria-label": "Half-width of the map",
      onchange: () => change({ span: Number(this.spans.value) }) },
      ...SPANS.map((span) => element("option", { value: span }, `\u00b1${span}`)));
    this.element = element("div", { class: "plane" }, this.surface,
      element("div", { class: "beside" }, this.now, this.words,
        element("div", { class: "line" },
          element("button", { type: "button",
            onclick: () => change({ seed: this.seed + 1, x: 0, y: 0 }) }, "Other directions"),
          element("button", { type: "button", onclick: () => change({ x: 0, y: 0 }) },
            "Back to the tile"),
          element("label", {}, "map ", this.spans)),
        element("p", { class: "note" }, "Drag over the map, or use the arrow keys: the generator ",
          "runs here, in your browser.")));
  }

  grab(event) {
    this.surface.setPointerCapture(event.pointerId);
    this.surface.focus({ preventScroll: true });
    event.preventDefault();
    this.drag(event);
  }

  drag(event) {
    const box = this.surface.getBoundingClientRect();
    const along = (share) => this.span * (2 * Math.min(1, Math.max(0, share)) - 1);
    this.change({ x: along((event.clientX - box.left) / box.width),
      y: -along((event.clientY - box.top) / box.height) });
  }

  key(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const inside = (value) => Math.min(this.span, Math.max(-this.span, value));
    const size = this.span / (event.shiftKey ? 80 : 16);
    this.change({ x: inside(this.x + size * step[0]), y: inside(this.y + size * step[1]) });
  }

  noiseAt(x, y) {
    const [right, up] = this.directions;
    return this.centre.map((value, i) => value + x * right[i] + y * up[i]);
  }

  /** Show the view; centre: the noise of its tile. */
  draw({ x, y, seed, span, tile }, generator, centre) {
    const key = `${seed} ${span} ${tile}`;
    if (this.generator !== generator || this.shown !== key) {
      Object.assign(this, { generator, shown: key, seed, span, centre, drawn: 0 });
      this.directions = planeDirections(generator.latentDim, seed);
      this.spans.value = span;
    }
    Object.assign(this, { x, y });
    const z = this.noiseAt(x, y);
    paint(this.now, generator.generate(z), SIDE);
    this.cursor.style.left = `${50 + (50 * x) / span}%`;
    this.cursor.style.top = `${50 - (50 * y) / span}%`;
    const [gone, length, usual] = [Math.hypot(x, y), norm(z), usualLength(generator)]
      .map((value) => value.toFixed(1));
    this.words.textContent =
      `${gone} from noise ${tile}. Length \u2016z\u2016 ${length}; a draw has about ${usual}.`;
    this.surface.setAttribute("aria-label", `Plane of noises, ${signed(x, 1)} to the right and ${
      signed(y, 1)} up from noise ${tile}; arrow keys move`);
    this.now.setAttribute("aria-label", "What the generator makes there");
  }

  /** Draw pictures of the map until the time is over; true while some are left. */
  drawUntil(deadline) {
    const context = this.map.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    const words = new Uint32Array(image.data.buffer);
    const place = (i) => this.span * ((2 * (i + 0.5)) / TILES - 1);
    do {
      if (this.drawn === TILES * TILES) break;
      const row = Math.floor(this.drawn / TILES), column = this.drawn % TILES;
      const pixels = this.generator.generate(this.noiseAt(place(column), -place(row)), this.out);
      for (let p = 0; p < words.length; p++) {
        words[p] = (0xff000000 | (Math.round(255 * pixels[p]) * 0x010101)) >>> 0;
      }
      context.putImageData(image, column * SIDE, row * SIDE);
      this.drawn++;
    } while (performance.now() < deadline);
    this.surface.toggleAttribute("data-complete", this.drawn === TILES * TILES);
    return this.drawn < TILES * TILES;
  }
}
