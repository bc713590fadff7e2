// One film of an embedding: its images as points that move from frame to frame, the names of the
// classes where their points are, and a bar as long as the margin.

import { element } from "./dom.js";
import { interpolated } from "./film_data.js";
import { ImageCard } from "./image_card.js";
import { oncePerFrame } from "./pacing.js";
import { drawNames } from "./siamese_names.js";
import { loadTiles } from "./siamese_row.js";

const EDGE = 26; // CSS pixels round the points
const REACH = 14; // within which the pointer finds a point
const COLUMNS = 100; // of the sprite

export class Screen {
  /**
   * film: name, about, colour, updates, places, labels, classes, images, margin, side, tiles, and
   * state, how its training stands, of one that is still being shot.
   */
  constructor(film, palette) {
    Object.assign(this, { film, palette, at: 0, pointed: -1 });
    this.canvas = element("canvas", { role: "img",
      onpointermove: (event) => this.point(event),
      onpointerleave: () => this.hide() });
    this.plot = element("div", { class: "stage" }, this.canvas);
    this.card = new ImageCard(this.plot, "hovered");
    this.element = element("figure", { class: "screen", "data-run": film.name },
      element("figcaption", {}, element("i", { class: "swatch", style: `--run: ${film.colour}` }),
        element("b", {}, film.name), this.note = element("span", { class: "note" })),
      this.plot);
    this.tell();
    this.takeFilm();
    this.askDraw = oncePerFrame(() => this.draw(this.at));
    this.observer = new ResizeObserver(() => this.askDraw());
    this.observer.observe(this.plot);
    loadTiles(film.tiles).then((bitmap) => {
      this.bitmap = bitmap;
    }, () => {}); // without pictures the points still move
  }

  close() {
    this.observer.disconnect();
    this.askDraw.cancel();
  }

  redraw() {
    this.askDraw();
  }

  /** The film is new, or has grown. */
  takeFilm() {
    this.count = this.film.labels.length;
    this.now = new Float32Array(2 * this.count);
    this.window = windowOf(this.film.places);
  }

  tell() {
    this.note.textContent = [this.film.state, this.film.about].filter(Boolean).join(" \u00b7 ");
  }

  /** The points at a moment: between two frames on the way from one to the next. */
  placesAt(at) {
    const { updates, places } = this.film, last = updates.length - 1;
    const numbers = updates.map((_, i) => i);
    const place = Math.min(last, Math.max(0, interpolated(at, updates, numbers)));
    const frame = Math.floor(place), share = place - frame, size = this.now.length;
    const from = frame * size, to = Math.min(last, frame + 1) * size;
    for (let k = 0; k < size; k++) {
      this.now[k] = places[from + k] + share * (places[to + k] - places[from + k]);
    }
    this.frame = frame;
  }

  draw(at) {
    this.at = at;
    const side = this.plot.clientWidth, tall = this.plot.clientHeight;
    if (!side || !tall) return;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(side * ratio), Math.round(tall * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, tall);
    this.placesAt(at);
    const { middle, reach } = this.window;
    this.scale = Math.min((side - 2 * EDGE) / (2 * reach[0]), (tall - 2 * EDGE) / (2 * reach[1]));
    this.origin = [side / 2 - middle[0] * this.scale, tall / 2 + middle[1] * this.scale];
    Object.assign(this.plot.dataset, { scale: this.scale, origin: this.origin.join(" ") });
    this.drawPoints(context);
    const style = getComputedStyle(this.plot);
    drawNames(context, {
      places: (i) => this.screenPlace(i),
      labels: this.film.labels, classes: this.film.classes, font: style.fontFamily,
      ink: style.color, halo: style.getPropertyValue("--st-background-color"),
    });
    this.drawMargin(context, style, tall);
    if (this.pointed >= 0) this.placeCard();
    Object.assign(this.element.dataset, { frame: this.frame, at });
    this.canvas.setAttribute("aria-label", `${this.film.name}, update ${at}: ${this.count} ` +
      "held-out images as points, coloured by class");
  }

  screenPlace(i) {
    return [this.origin[0] + this.now[2 * i] * this.scale,
      this.origin[1] - this.now[2 * i + 1] * this.scale];
  }

  drawPoints(context) {
    context.globalAlpha = 0.75;
    let ink = -1;
    for (let i = 0; i < this.count; i++) {
      const label = this.film.labels[i], [x, y] = this.screenPlace(i);
      if (label !== ink) context.fillStyle = this.palette[label % this.palette.length];
      ink = label;
      context.beginPath();
      context.arc(x, y, this.count > 300 ? 3.4 : 5.5, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  drawMargin(context, style, tall) {
    const { margin } = this.film;
    if (margin === null || !margin) return;
    const long = margin * this.scale, words = `margin ${margin}`;
    if (long > this.plot.clientWidth - 40 || long < 6) return;
    context.font = `15px ${style.fontFamily}`;
    context.fillStyle = style.color;
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.fillRect(14, tall - 15, long, 3);
    for (const x of [14, 14 + long - 2]) context.fillRect(x, tall - 20, 2, 13);
    context.fillText(words, 14, tall - 22);
  }

  // The image under the pointer

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = -1, least = REACH;
    for (let i = 0; i < this.count && this.origin; i++) {
      const [px, py] = this.screenPlace(i), away = Math.hypot(px - x, py - y);
      if (away < least) [best, least] = [i, away];
    }
    if (best === this.pointed) return;
    if (best < 0) return this.hide();
    this.pointed = best;
    const { film } = this, label = film.labels[best], row = film.images[best] ?? -1;
    this.plot.dataset.image = best;
    this.card.show({
      heading: film.classes[label],
      aside: row >= 0 ? `training image ${row}` : "",
      colour: this.palette[label % this.palette.length],
      pictures: this.bitmap && row >= 0
        ? [{ caption: "", draw: (canvas) => this.paint(canvas, best) }] : [],
    });
    this.placeCard();
  }

  paint(canvas, i) {
    const { side } = this.film;
    canvas.width = canvas.height = side;
    canvas.getContext("2d").drawImage(this.bitmap, (i % COLUMNS) * side,
      Math.floor(i / COLUMNS) * side, side, side, 0, 0, side, side);
  }

  placeCard() {
    const [x, y] = this.screenPlace(this.pointed);
    this.card.place(x, y, this.plot.clientWidth, this.plot.clientHeight);
  }

  hide() {
    this.pointed = -1;
    delete this.plot.dataset.image;
    this.card.hide();
  }
}

/** What a screen shows: the middle and the half sides of nearly all points of all frames. */
function windowOf(places) {
  const axis = (k) => {
    const values = places.filter((_, i) => i % 2 === k).sort();
    const at = (share) => values[Math.round(share * (values.length - 1))] ?? 0;
    return [at(0.003), at(0.997)];
  };
  const ends = [axis(0), axis(1)];
  return {
    middle: ends.map(([low, high]) => (low + high) / 2),
    reach: ends.map(([low, high]) => Math.max((high - low) / 2, 1e-6)),
  };
}
