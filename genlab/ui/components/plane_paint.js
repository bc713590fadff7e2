// A target of one's own: cells painted in the plane, or heights drawn over the line. The drawing is
// an array of numbers; plane_ink.py says how it is written as text ("ink").

import { REAL } from "./plane_colours.js";
import { element } from "./dom.js";

const CELLS = 32;
const COLUMNS = 40;
const TALLEST = 15;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Painter {
  /** axes: 1 or 2; ready: title -> ink; onTrain(ink). */
  constructor({ axes, ready, onTrain }) {
    Object.assign(this, { axes, onTrain, at: [0, 0] });
    this.side = axes === 1 ? COLUMNS : CELLS;
    this.numbers = new Uint8Array(axes === 1 ? COLUMNS : CELLS * CELLS);
    this.canvas = element("canvas", {
      tabindex: 0,
      role: "application",
      "aria-roledescription": "drawing",
      onpointerdown: (event) => this.press(event),
      onpointermove: (event) => this.canvas.hasPointerCapture(event.pointerId) && this.move(event),
      onkeydown: (event) => this.key(event),
      onfocus: () => this.draw(),
      onblur: () => this.draw(),
    });
    const button = (text, onclick) => element("button", { type: "button", onclick }, text);
    this.train = button("Train on this drawing", () => this.onTrain(this.ink()));
    this.train.className = "primary";
    this.rubber = button("Rubber", () => this.rub(this.rubber.ariaPressed !== "true"));
    this.rubber.hidden = axes === 1;
    this.rub(false);
    this.status = element("span", { class: "spoken", role: "status", "aria-live": "polite" });
    const presets = Object.entries(ready).map(([title, ink]) => button(title, () => {
      this.read(ink);
      this.onTrain(ink);
    }));
    this.element = element("section", { class: `painter axes-${axes}`, "aria-label": "Your own target" },
      this.canvas,
      element("div", { class: "column" },
        element("h3", {}, axes === 1 ? "Draw a density" : "Paint where the points shall be"),
        element("p", { class: "note" }, axes === 1
          ? "Drag over the field. Keys: left and right choose a column, up and down change it."
          : "Drag over the field. Keys: the arrows move, Space paints or rubs a cell."),
        element("div", { class: "row" }, this.train, this.rubber,
          button("Clear", () => this.clear())),
        element("div", { class: "row" }, element("span", {}, "or take"), ...presets)),
      this.status);
  }

  // The drawing as text

  read(ink) {
    const digits = Array.from(ink, (digit) => parseInt(digit, 16));
    this.numbers = this.axes === 1 ? Uint8Array.from(digits)
      : Uint8Array.from(digits.flatMap((digit) => [8, 4, 2, 1].map((bit) => Number((digit & bit) > 0))));
    this.draw();
  }

  ink() {
    if (this.axes === 1) return Array.from(this.numbers, (n) => n.toString(16)).join("");
    let text = "";
    for (let k = 0; k < this.numbers.length; k += 4) {
      text += this.numbers.slice(k, k + 4).reduce((sum, bit) => 2 * sum + bit, 0).toString(16);
    }
    return text;
  }

  // Hands

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
    const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const from = this.last ?? place;
    const steps = Math.ceil(Math.hypot(place[0] - from[0], place[1] - from[1]) * 2 * this.side) + 1;
    for (let k = 1; k <= steps; k += 1) {
      this.touch(...place.map((value, i) => from[i] + ((value - from[i]) * k) / steps));
    }
    this.last = place;
    this.draw();
  }

  touch(across, down) {
    const column = clamp(Math.floor(across * this.side), this.side);
    const row = clamp(Math.floor(down * this.side), this.side);
    this.at = [column, row];
    if (this.axes === 1) this.numbers[column] = clamp(Math.round((1 - down) * TALLEST), TALLEST + 1);
    else this.dab(column, row);
  }

  dab(column, row) {
    for (const [dx, dy] of [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const [x, y] = [column + dx, row + dy];
      if (Math.min(x, y) < 0 || Math.max(x, y) >= CELLS) continue;
      this.numbers[y * CELLS + x] = this.rubbing ? 0 : 1;
    }
  }

  key(event) {
    const step = ARROWS[event.key];
    if (!step && !(event.key === " " && this.axes === 2)) return;
    event.preventDefault();
    if (this.axes === 1 && step[1]) {
      const column = this.at[0];
      this.numbers[column] = clamp(this.numbers[column] - step[1], TALLEST + 1);
    } else if (step) {
      this.at = this.at.map((value, i) => clamp(value + step[i], this.side));
    } else {
      const k = this.at[1] * CELLS + this.at[0];
      this.numbers[k] = 1 - this.numbers[k];
    }
    const [column, row] = this.at;
    this.status.textContent = this.axes === 1
      ? `column ${column + 1} of ${COLUMNS}, height ${this.numbers[column]}`
      : `column ${column + 1}, row ${row + 1}: ${this.numbers[row * CELLS + column] ? "painted" : "empty"}`;
    this.draw();
  }

  rub(on) {
    this.rubbing = on;
    this.rubber.ariaPressed = String(on);
  }

  clear() {
    this.numbers.fill(0);
    this.draw();
  }

  draw() {
    const [width, height] = [this.side * 12, (this.axes === 1 ? 20 : this.side) * 12];
    if (this.canvas.width !== width) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.fillStyle = REAL;
    this.numbers.forEach((number, k) => {
      if (number === 0) return;
      const [column, row] = [k % this.side, Math.floor(k / this.side)];
      if (this.axes === 1) context.fillRect(column * 12, height, 11, -(number / TALLEST) * height);
      else context.fillRect(column * 12, row * 12, 12, 12);
    });
    this.train.disabled = !this.numbers.some((number) => number > 0);
    if (this.canvas.getRootNode().activeElement !== this.canvas) return;
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 3;
    const [column, row] = this.at;
    if (this.axes === 1) context.strokeRect(column * 12 - 1, 1, 13, height - 2);
    else context.strokeRect(column * 12 + 1, row * 12 + 1, 10, 10);
  }
}

/** To a whole number from 0 to count - 1. */
function clamp(value, count) {
  return Math.max(0, Math.min(count - 1, value));
}
