// One noise through time: all frames of one tile in a row, a row for each run. A press on a picture
// moves the clock there.

import { element } from "./dom.js";
import { opinionColour } from "./film_screen.js";

const RING = 2, GAP = 1;
const LEAST = 36, MOST = 84; // CSS pixels of a picture

export class History {
  /** onScrub(film, frame); onChoose(tile), onOther(tile): numbers of noises. */
  constructor({ onScrub, onChoose, onOther }) {
    Object.assign(this, { onScrub, rows: [] });
    const number = (label, act) => element("input", { type: "number", min: 0, max: 63, step: 1,
      "aria-label": label, onchange: (event) => {
        const tile = Math.round(Number(event.target.value));
        if (tile >= 0 && tile < this.noises) act(tile);
        else event.target.value = this.tile;
      } });
    this.number = number("Noise", onChoose);
    this.second = number("Second noise, the other end of a walk", onOther);
    this.list = element("div", { class: "rows" });
    this.element = element("section", { class: "history" },
      element("h3", {}, "Noise ", this.number, " through time",
        element("span", { class: "note" }, "click any tile above; Shift and click, or here: ",
          "second noise ", this.second)), this.list);
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.list);
  }

  close() {
    this.observer.disconnect();
  }

  /** shown: { film, colour, title } of each screen. */
  show(shown) {
    this.noises = Math.min(...shown.map(({ film }) => film.noises));
    this.number.max = this.second.max = this.noises - 1;
    this.rows = shown.map(({ film, colour, title }) => {
      const canvas = element("canvas", { role: "img",
        onclick: (event) => this.press(event, film, canvas) });
      const mark = element("i", { class: "mark chosen" });
      const words = element("span", { class: "note" });
      const strip = element("div", { class: "picture" }, canvas, mark);
      return { film, title, canvas, mark, words, strip,
        element: element("div", { class: "row", style: `--run: ${colour}` },
          element("div", { class: "billing" }, element("i", { class: "swatch" }),
            element("b", {}, title), words), strip) };
    });
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    this.layout();
  }

  choose(tile, other) {
    this.number.value = tile;
    this.second.value = other;
    if (tile === this.tile) return;
    this.tile = tile;
    this.paint();
  }

  layout() {
    const room = this.list.clientWidth;
    if (!room) return;
    for (const row of this.rows) {
      const { film, canvas, strip } = row;
      const size = Math.min(MOST, Math.max(LEAST, Math.floor(room / Math.max(1, film.count))));
      row.columns = Math.max(1, Math.min(film.count, Math.floor(room / size)));
      row.lines = Math.ceil(film.count / row.columns);
      strip.style.width = `${row.columns * size}px`;
      canvas.classList.toggle("crisp", size * devicePixelRatio >= 2 * film.side);
    }
    this.paint();
  }

  paint() {
    if (this.tile === undefined) return;
    for (const { film, canvas, columns, lines, title } of this.rows) {
      if (!columns || !film.count || this.tile >= film.noises) continue;
      const cell = film.side + 2 * RING + GAP;
      Object.assign(canvas, { width: columns * cell, height: lines * cell });
      const context = canvas.getContext("2d");
      const image = context.createImageData(canvas.width, canvas.height);
      const words = new Uint32Array(image.data.buffer);
      for (let frame = 0; frame < film.count; frame++) {
        const place = Math.floor(frame / columns) * cell * canvas.width + (frame % columns) * cell;
        const ring = opinionColour(film.opinions[frame][this.tile]);
        const side = film.side + 2 * RING;
        for (let y = 0; y < side; y++) words.fill(ring, place + y * canvas.width,
          place + y * canvas.width + side);
        const greys = film.tile(frame, this.tile);
        for (let p = 0; p < greys.length; p++) {
          const row = Math.floor(p / film.side) + RING, column = (p % film.side) + RING;
          words[place + row * canvas.width + column] = (0xff000000 | (greys[p] * 0x010101)) >>> 0;
        }
      }
      context.putImageData(image, 0, 0);
      canvas.setAttribute("aria-label",
        `Noise ${this.tile} of ${title} in ${film.count} frames, from update 0 on`);
    }
    if (this.frames) this.draw(this.frames);
  }

  press(event, film, canvas) {
    const row = this.rows.find((one) => one.canvas === canvas);
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * row.columns);
    const line = Math.floor(((event.clientY - box.top) / box.height) * row.lines);
    const frame = line * row.columns + column;
    if (frame < film.count) this.onScrub(film, frame);
  }

  /** Mark the frame that each run shows. */
  draw(frames) {
    this.frames = frames;
    this.rows.forEach(({ film, mark, words, columns, lines }, i) => {
      if (!columns || !film.count || this.tile === undefined) return;
      const frame = frames[i];
      mark.style.left = `${((frame % columns) / columns) * 100}%`;
      mark.style.top = `${(Math.floor(frame / columns) / lines) * 100}%`;
      mark.style.width = `${100 / columns}%`;
      mark.style.height = `${100 / lines}%`;
      const opinion = film.opinions[frame][this.tile];
      const text = `update ${film.times.updates[frame].toLocaleString("en")}: D says ${
        Number.isFinite(opinion) ? opinion.toFixed(2) : "nothing"}`;
      if (words.textContent !== text) words.textContent = text;
    });
  }
}
