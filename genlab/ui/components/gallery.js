/**
 * The chosen images as tiles on a canvas: as many as fit, the first ones or a random draw.
 *
 * A random draw ranks all images once, and shows the best ranked of the chosen: a growing lasso
 * then adds tiles instead of shuffling them. Tiles are sorted by class, each with its colour.
 */

import { countText } from "./class_list.js";
import { element } from "./dom.js";
import { oncePerFrame } from "./pacing.js";

const TILE_SIDES = [112, 84, 70, 56, 48]; // CSS pixels; the largest at which all fit, else the last
const GAP = 4;
const STRIPE = 4; // the class colour under a tile

export class Gallery {
  /** state: the PointState; palette: hex colours; onHover(image, or -1): a tile is pointed at. */
  constructor(state, palette, onHover) {
    this.state = state;
    this.palette = palette;
    this.onHover = onHover;
    this.images = []; // image number of each tile
    this.random = true;
    this.rank();
    this.build();
    this.requestDraw = oncePerFrame(() => this.draw());
    this.observer = new ResizeObserver(() => this.requestDraw());
    this.observer.observe(this.canvas);
  }

  build() {
    this.heading = element("h3", {}, "Images");
    this.firstButton = element("button", { type: "button", class: "small" }, "First");
    this.randomButton = element(
      "button",
      { type: "button", class: "small", title: "Draw again" },
      "Random",
    );
    this.firstButton.onclick = () => this.order(false);
    this.randomButton.onclick = () => this.order(true);
    const choice = element(
      "span",
      { class: "segments", role: "group", "aria-label": "Which of the chosen images" },
      this.firstButton,
      this.randomButton,
    );
    this.canvas = element("canvas", {
      role: "img",
      tabindex: "0",
      onpointermove: (event) => this.point(this.tileAt(event.offsetX, event.offsetY)),
      onpointerleave: () => this.point(-1),
      onblur: () => this.point(-1),
      onkeydown: (event) => this.key(event),
    });
    this.node = element(
      "section",
      { class: "gallery", "aria-label": "Chosen images" },
      element("header", {}, this.heading, choice),
      this.canvas,
    );
  }

  /** images: the TestImages to draw from. */
  setImages(images) {
    this.source = images;
    this.requestDraw();
  }

  order(random) {
    if (random) this.rank();
    this.random = random;
    this.requestDraw();
  }

  /** Shuffles all image numbers (Fisher and Yates). */
  rank() {
    this.ranked = Uint32Array.from({ length: this.state.size }, (_, i) => i);
    for (let i = this.state.size - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [this.ranked[i], this.ranked[j]] = [this.ranked[j], this.ranked[i]];
    }
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.source || width === 0) return;
    const { state } = this;
    const available = state.chosen > 0 ? state.chosen : state.shown;
    this.layOut(available, width, height);
    this.images = this.pick(Math.min(available, this.across * this.down));

    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    this.images.forEach((image, place) => this.drawTile(context, image, place));
    this.describe(available);
  }

  layOut(available, width, height) {
    for (this.side of TILE_SIDES) {
      this.across = Math.max(1, Math.floor((width + GAP) / (this.side + GAP)));
      this.down = Math.max(1, Math.floor((height + GAP) / (this.side + STRIPE + GAP)));
      if (this.across * this.down >= available) return;
    }
  }

  /** `count` of the images that are chosen (or shown, where none is chosen), sorted by class. */
  pick(count) {
    const { state, ranked } = this;
    const wanted = state.chosen > 0 ? (i) => state.isChosen(i) : (i) => state.isShown(i);
    const images = [];
    for (let place = 0; images.length < count; place++) {
      const image = this.random ? ranked[place] : place;
      if (wanted(image)) images.push(image);
    }
    return images.sort((i, j) => state.labels[i] - state.labels[j] || i - j);
  }

  drawTile(context, image, place) {
    const x = (place % this.across) * (this.side + GAP);
    const y = Math.floor(place / this.across) * (this.side + STRIPE + GAP);
    const { bitmap, columns, side } = this.source;
    const left = (image % columns) * side;
    const top = Math.floor(image / columns) * side;
    context.drawImage(bitmap, left, top, side, side, x, y, this.side, this.side);
    context.fillStyle = this.palette[this.state.labels[image]];
    context.fillRect(x, y + this.side, this.side, STRIPE);
  }

  describe(available) {
    const shown = countText(this.images.length);
    const of = `${shown} of ${countText(available)}`;
    this.heading.textContent =
      this.state.chosen > 0 ? `Chosen images: showing ${of}` : `Images: showing ${of}`;
    this.firstButton.setAttribute("aria-pressed", String(!this.random));
    this.randomButton.setAttribute("aria-pressed", String(this.random));
    this.canvas.setAttribute("aria-label", `${this.heading.textContent}. Arrow keys point at one.`);
  }

  tileAt(x, y) {
    const column = Math.floor(x / (this.side + GAP));
    const place = column + this.across * Math.floor(y / (this.side + STRIPE + GAP));
    return column < this.across && place < this.images.length ? place : -1;
  }

  point(place) {
    if (place === this.pointed) return;
    this.pointed = place;
    this.onHover(place < 0 ? -1 : this.images[place]);
  }

  key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.across, ArrowDown: this.across };
    const step = steps[event.key];
    if (!step || this.images.length === 0) return;
    event.preventDefault();
    const place = (this.pointed ?? -1) < 0 ? 0 : this.pointed + step;
    this.point(Math.min(this.images.length - 1, Math.max(0, place)));
  }

  dispose() {
    this.observer.disconnect();
    this.requestDraw.cancel();
  }
}
