// Pairs as pictures: each pair is two tiles above one another, what it is, its distance, and
// whether the threshold judges it rightly.

import { element } from "./dom.js";
import { distance } from "./siamese_pairs.js";

/** Promise of a bitmap of tiles, two to a pair (see tiles_bytes in siamese_arrays.py). */
export async function loadTiles(url) {
  const response = await fetch(new URL(url, document.baseURI));
  if (!response.ok) throw new Error((await response.text()).trim() || "The pictures are missing.");
  return createImageBitmap(await response.blob());
}

export class PairRow {
  /**
   * title: words; split: "test" or "train"; onPick(distance): a pair is pressed.
   * errors: null, or the kind of error ("accepts", "rejects") that is shown while it is one.
   */
  constructor({ title, errors = null, onPick }) {
    Object.assign(this, { errors, onPick, figures: [] });
    this.heading = element("h3", {}, title);
    this.grid = element("div", { class: "pairs", role: "group", "aria-label": title });
    this.none = element("p", { class: "note none" }, "None at this threshold.");
    this.element = element("section", { class: errors ? "gallery" : "row" }, this.heading,
      this.grid, this.none);
  }

  /** set: a PairSet; pairs: of its header; first: number of their first row in the bitmap. */
  show(set, pairs, bitmap, first, split) {
    this.figures = pairs.map((pair, i) => {
      const same = Boolean(set.isSame[pair.number]), at = set.distances[pair.number];
      const canvas = element("canvas", { role: "img" });
      drawPair(canvas, bitmap, set.tile, first + i);
      const verdict = element("span", { class: "verdict", "aria-hidden": "true" });
      const about = `${pair.names.join(" and ")} (${split} images ${pair.images.join(" and ")})`;
      const figure = element("button", { type: "button", class: "pair",
        "data-number": pair.number, "data-same": String(same), title: about,
        onclick: () => this.onPick(at) },
      element("span", { class: "kind" }, same ? "same" : "different"), canvas,
      element("span", { class: "distance" }, distance(at, false), verdict));
      return { figure, verdict, same, at, about };
    });
    this.grid.replaceChildren(...this.figures.map(({ figure }) => figure));
  }

  /** Judge every pair at a threshold. */
  judge(threshold) {
    let seen = 0, edge = null;
    for (const { figure, verdict, same, at, about } of this.figures) {
      const accepted = at <= threshold, right = accepted === same;
      const known = figure.dataset.accepted === String(accepted);
      if (!this.errors && !accepted) edge ??= figure;
      if (!right) seen += 1;
      if (known) continue;
      figure.dataset.accepted = String(accepted);
      figure.dataset.right = String(right);
      verdict.textContent = right ? "\u2713" : "\u2717";
      figure.setAttribute("aria-label", `${about}, ${same ? "same" : "different"}, distance ` +
        `${distance(at)}: ${accepted ? "accepted" : "rejected"}, ${right ? "right" : "wrong"}`);
    }
    for (const { figure } of this.figures) figure.classList.toggle("edge", figure === edge);
    this.none.hidden = !this.errors || seen > 0;
    this.grid.hidden = Boolean(this.errors) && seen === 0;
    return seen;
  }
}

function drawPair(canvas, bitmap, [height, width], row) {
  Object.assign(canvas, { width, height: 2 * height });
  const context = canvas.getContext("2d");
  for (const place of [0, 1]) {
    context.drawImage(bitmap, place * width, row * height, width, height,
      0, place * height, width, height);
  }
}
