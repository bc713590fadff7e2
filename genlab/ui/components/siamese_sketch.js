// A small picture drawn by hand: 28 x 28 cells of four greys, light on black. As text it is
// URL-safe base64 of two bits a cell, row by row (genlab/explore/own_pictures.py reads it).

import { element } from "./dom.js";

export const SIDE = 28;
const BRUSH = 1.25; // cells from the middle of a stroke to its edge
const SOFT = 0.9; // cells over which the edge fades
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Sketch {
  /** onChange(): the drawing has changed. */
  constructor({ onChange }) {
    Object.assign(this, { onChange, at: [14, 14], cells: new Float32Array(SIDE * SIDE) });
    this.canvas = element("canvas", {
      width: SIDE, height: SIDE, tabindex: "0", role: "application",
      "aria-roledescription": "drawing",
      "aria-label": "Draw here. Arrow keys move the brush, Space draws.",
      onpointerdown: (event) => this.press(event),
      onpointermove: (event) => this.canvas.hasPointerCapture(event.pointerId) && this.move(event),
      onkeydown: (event) => this.key(event),
      onfocus: () => this.paint(),
      onblur: () => this.paint(),
    });
    this.element = element("div", { class: "sketch" }, this.canvas);
    this.paint();
  }

  get empty() {
    return !this.levels().some((level) => level > 0);
  }

  levels() {
    return Array.from(this.cells, (grey) => Math.round(3 * grey));
  }

  /** Greys from 0 to 255, as they are sent. */
  greys() {
    return Uint8Array.from(this.levels(), (level) => 85 * level);
  }

  ink() {
    const levels = this.levels();
    let bytes = "";
    for (let k = 0; k < levels.length; k += 4) {
      bytes += String.fromCharCode(levels.slice(k, k + 4).reduce((sum, bits) => 4 * sum + bits, 0));
    }
    return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  read(ink) {
    this.cells.fill(0);
    const bytes = atob(ink.replaceAll("-", "+").replaceAll("_", "/"));
    for (let k = 0; k < bytes.length; k++) {
      const byte = bytes.charCodeAt(k);
      for (let i = 0; i < 4; i++) this.cells[4 * k + i] = ((byte >> (6 - 2 * i)) & 3) / 3;
    }
    this.paint();
  }

  clear() {
    this.cells.fill(0);
    this.paint();
    this.onChange();
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });
    this.last = null;
    this.move(event);
    event.preventDefault();
  }

  /** Everything between the last place and this one. */
  move(event) {
    const box = this.canvas.getBoundingClientRect();
    const place = [((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE];
    const from = this.last ?? place;
    const steps = Math.ceil(2 * Math.hypot(place[0] - from[0], place[1] - from[1])) + 1;
    for (let k = 1; k <= steps; k++) {
      this.dab(...place.map((value, i) => from[i] + ((value - from[i]) * k) / steps));
    }
    this.last = place;
    this.at = place.map((value) => Math.min(SIDE - 1, Math.max(0, Math.floor(value))));
    this.paint();
    this.onChange();
  }

  dab(x, y) {
    const reach = Math.ceil(BRUSH + SOFT);
    for (let row = Math.floor(y) - reach; row <= y + reach; row++) {
      for (let column = Math.floor(x) - reach; column <= x + reach; column++) {
        if (Math.min(row, column) < 0 || Math.max(row, column) >= SIDE) continue;
        const away = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const grey = Math.min(1, Math.max(0, (BRUSH + SOFT - away) / SOFT));
        const cell = row * SIDE + column;
        this.cells[cell] = Math.max(this.cells[cell], grey);
      }
    }
  }

  key(event) {
    const step = ARROWS[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (step) this.at = this.at.map((value, i) => Math.min(SIDE - 1, Math.max(0, value + step[i])));
    else this.dab(this.at[0] + 0.5, this.at[1] + 0.5);
    this.paint();
    if (!step) this.onChange();
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE), words = new Uint32Array(image.data.buffer);
    this.levels().forEach((level, cell) => {
      words[cell] = 0xff000000 | (85 * level * 0x010101);
    });
    if (this.canvas.getRootNode().activeElement === this.canvas) {
      words[this.at[1] * SIDE + this.at[0]] = 0xff0ea9ff; // the brush, orange
    }
    context.putImageData(image, 0, 0);
  }
}
