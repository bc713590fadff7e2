// One run's screen: all its noises as tiles on one canvas, each framed by what its discriminator
// says of it, and under it the numbers of the frame beside their floors.

import { element } from "./dom.js";
import { signed } from "./latent.js";

const COLUMNS = 8;
const RING = 2, GAP = 1; // pixels of the film, around a tile and between two
const FAKE = [231, 99, 0], UNSURE = [138, 138, 138], REAL = [63, 144, 218];
const CRISP = 2; // film pixels are drawn as squares from this size on, smoothly below

/** Opaque colours of an opinion from 0 to 1 in 256 steps, as little-endian words. */
const OPINIONS = Uint32Array.from({ length: 256 }, (_, i) => {
  const [from, to, share] = i < 128 ? [FAKE, UNSURE, i / 128] : [UNSURE, REAL, (i - 128) / 127];
  const [r, g, b] = from.map((value, k) => Math.round(value + share * (to[k] - value)));
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
});
export const OPINION_SCALE = [FAKE, UNSURE, REAL].map((rgb) => `rgb(${rgb.join(" ")})`).join(", ");

export function opinionColour(opinion) {
  return OPINIONS[opinionStep(opinion)];
}

function opinionStep(opinion) {
  return Math.min(255, Math.max(0, Math.round(255 * opinion))) || 0; // NaN is 0
}

// The numbers under a screen: score or trace, its words, decimals, and whose figure stands below:
// that of real images in place of the samples, or that of a discriminator that can only guess
const FIGURES = [
  ["frechet", "Fréchet", 1, "real"],
  ["mode_kl", "Modes, KL", 3, "real"],
  ["precision", "Precision", 2, "real"],
  ["recall", "Recall", 2, "real"],
  ["d_real", "D(x)", 2, "unsure 0.5"],
  ["d_fake", "D(G(z))", 2, "unsure 0.5"],
];

export class Screen {
  /**
   * about: what it is, in few words; live: it is in training; colour: the run's;
   * onPick(tile, other): a tile was pressed, `other` with the shift key.
   */
  constructor({ title, about, colour, live, onPick }) {
    Object.assign(this, { title, about, live, onPick, drawn: "" });
    this.canvas = element("canvas", { role: "img",
      onclick: (event) => this.press(event),
      title: "Click a tile to see its noise through time; Shift and click for a second one" });
    this.marks = ["chosen", "other"].map((kind) => element("i", { class: `mark ${kind}` }));
    this.state = element("span", { class: "note" }, about);
    this.cells = FIGURES.map(([name, words, decimals, beside]) => {
      const value = element("b", {}, "\u2013");
      const floor = element("span", { class: "note" });
      const cell = element("div", { "data-figure": name },
        element("span", {}, words), value, floor);
      return { name, decimals, beside, value, floor, element: cell };
    });
    this.element = element("figure", { class: "screen", style: `--run: ${colour}` },
      element("figcaption", { class: "billing" },
        element("i", { class: "swatch" }), element("b", {}, title), this.state),
      element("div", { class: "picture" }, this.canvas, ...this.marks),
      element("div", { class: "figures" }, ...this.cells.map((cell) => cell.element)));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.element);
  }

  close() {
    this.observer.disconnect();
  }

  /** Film pixels become whole squares where there is room, and smooth where there is little. */
  fit() {
    const room = this.element.clientWidth * devicePixelRatio;
    if (!room || !this.canvas.width) return;
    const scale = room / this.canvas.width;
    const whole = Math.floor(scale);
    const size = whole >= CRISP && whole / scale > 0.85 ? whole * this.canvas.width : room;
    this.canvas.parentElement.style.width = `${size / devicePixelRatio}px`;
    this.canvas.classList.toggle("crisp", scale >= CRISP);
  }

  setFilm(film, floors) {
    Object.assign(this, { film, floors, drawn: "" });
    this.cell = film.side + 2 * RING + GAP;
    this.rows = Math.ceil(film.noises / COLUMNS);
    const width = COLUMNS * this.cell - GAP, height = this.rows * this.cell - GAP;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      this.image = this.canvas.getContext("2d").createImageData(width, height);
      this.words = new Uint32Array(this.image.data.buffer);
      this.fit();
    }
    for (const { name, decimals, beside, floor, element: cell } of this.cells) {
      cell.hidden = !(name in film.scores || name in film.trace);
      const known = floors[name]?.toFixed(decimals);
      floor.textContent = name in film.scores ? (known && `${beside} ${known}`) ?? "" : beside;
    }
  }

  /** How a training stands, before what it is. */
  setState(text) {
    const words = [text, this.about].filter(Boolean).join(" \u00b7 ");
    if (this.state.textContent !== words) this.state.textContent = words;
  }

  press(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * COLUMNS);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    const tile = row * COLUMNS + column;
    if (tile >= 0 && tile < this.film.noises) this.onPick(tile, event.shiftKey);
  }

  /** Show one frame; costs nothing where it is on show already. */
  draw(frame, borders) {
    const key = `${frame} ${borders}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const { film, words, cell, canvas } = this;
    const width = canvas.width;
    const greys = film.frames[frame], opinions = film.opinions[frame];
    for (let tile = 0; tile < film.noises; tile++) {
      const top = Math.floor(tile / COLUMNS) * cell, left = (tile % COLUMNS) * cell;
      const side = film.side + 2 * RING;
      const ring = borders ? OPINIONS[opinionStep(opinions[tile])] : 0;
      for (let y = 0; y < side; y++) {
        const row = (top + y) * width + left;
        words.fill(ring, row, row + side);
        if (y < RING || y >= side - RING) continue;
        let from = tile * film.pixels + (y - RING) * film.side;
        for (let at = row + RING, end = at + film.side; at < end; at++, from++) {
          words[at] = (0xff000000 | (greys[from] * 0x010101)) >>> 0;
        }
      }
    }
    canvas.getContext("2d").putImageData(this.image, 0, 0);
    canvas.dataset.frame = frame;
  }

  /** The numbers: scores of the frame, opinions of the last updates before `when`. */
  describe(frame, when, clock) {
    for (const { name, decimals, value } of this.cells) {
      const number = name in this.film.scores
        ? this.film.score(name, frame) : this.film.recent(name, when, clock);
      const text = Number.isFinite(number) ? signed(number, decimals) : "\u2013";
      if (value.textContent !== text) value.textContent = text;
    }
    const update = this.film.times.updates[frame].toLocaleString("en");
    if (!this.live) this.setState(when > this.film.lastTime(clock) ? `ended at ${update}` : "");
    this.canvas.setAttribute("aria-label",
      `${this.film.noises} images of ${this.title} at update ${update}`);
  }

  /** Frame the chosen tile and the other end of a walk. */
  mark(chosen, other) {
    [chosen, other].forEach((tile, i) => {
      const mark = this.marks[i];
      mark.hidden = tile === null || tile === undefined || (i === 1 && tile === chosen);
      if (mark.hidden) return;
      mark.style.left = `${((tile % COLUMNS) / COLUMNS) * 100}%`;
      mark.style.top = `${(Math.floor(tile / COLUMNS) / this.rows) * 100}%`;
      mark.style.width = `${100 / COLUMNS}%`;
      mark.style.height = `${100 / this.rows}%`;
    });
  }
}
