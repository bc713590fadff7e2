// Traversals: one dimension moved from -3 to 3 while the others are held. One strip for the chosen
// dimension, redrawn at once; a grid of the dimensions with the highest KL, redrawn row by row in
// the time that a frame leaves over.

import { element } from "./dom.js";
import { signed, traversalValues, withDimension } from "./latent.js";
import { Strip } from "./strip.js";

export const SPAN = 3;
export const STEPS = 11;
const VALUES = traversalValues(SPAN, STEPS);
const CAPTIONS = VALUES.map((value) => signed(value, 1));

export class Traversal {
  /** onPick(dimension, value) when a tile is pressed. */
  constructor({ decode, side, onPick }) {
    Object.assign(this, { decode, side, dimension: 0 });
    const pick = (i) => onPick(this.dimension, VALUES[i]);
    this.strip = new Strip({ name: "", captions: CAPTIONS, onPick: pick });
    this.title = element("h3", {});
    this.element = element("section", { class: "traversal" }, this.title, this.strip.element);
  }

  /** Decode the row through z along one dimension. */
  draw(z, label, dimension) {
    if (dimension !== this.dimension || !this.title.textContent) {
      this.dimension = dimension;
      this.title.textContent = `z${dimension} from \u22123 to 3, the others held`;
      this.strip.name(this.title.textContent);
    }
    VALUES.forEach((value, i) => {
      this.strip.paint(i, this.decode(withDimension(z, dimension, value), label), this.side);
    });
    this.strip.mark(nearest(z[dimension]));
  }
}

export class TraversalGrid {
  /** dimensions: which rows, top first. */
  constructor({ dimensions, decode, side, onPick }) {
    this.rows = dimensions.map((dimension) => {
      const row = new Traversal({ decode, side, onPick });
      row.element.prepend(element("b", { "aria-hidden": "true" }, `z${dimension}`));
      return { dimension, row, stale: true };
    });
    this.next = 0;
    const elements = this.rows.map(({ row }) => row.element);
    this.element = element("div", { class: "traversal-grid" }, ...elements);
  }

  invalidate() {
    for (const row of this.rows) row.stale = true;
  }

  /** Draw stale rows, in turn, until the time is over; true while some are left. */
  drawUntil(deadline, z, label) {
    for (let k = 0; k < this.rows.length; k++) {
      if (performance.now() > deadline) return true;
      const entry = this.rows[this.next];
      this.next = (this.next + 1) % this.rows.length;
      if (!entry.stale) continue;
      entry.row.draw(z, label, entry.dimension);
      entry.stale = false;
    }
    return this.rows.some(({ stale }) => stale);
  }
}

/** The tile whose value is nearest, or null outside of the strip. */
function nearest(value) {
  const place = Math.round(((value + SPAN) / (2 * SPAN)) * (STEPS - 1));
  return place >= 0 && place < STEPS ? place : null;
}
