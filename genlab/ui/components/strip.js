// A row of small decoded images, each a button: the ten labels, a traversal, a walk.

import { element } from "./dom.js";
import { paint } from "./mlp.js";

export class Strip {
  /** captions: one text per tile; onPick(i) when a tile is pressed; name: what the row shows. */
  constructor({ name, captions, onPick, colours = [] }) {
    this.canvases = captions.map(() => element("canvas", {}));
    this.texts = captions.map((text) => element("span", {}, text));
    this.tiles = captions.map((text, i) => element("button", {
      type: "button", class: "tile", "aria-pressed": "false", "aria-label": text,
      tabindex: i === 0 ? 0 : -1, style: colours[i] ? `--class-colour: ${colours[i]}` : "",
      onclick: () => onPick(i), onkeydown: (event) => this.key(event, i),
    }, this.canvases[i], this.texts[i]));
    this.element = element("div", { class: "strip", role: "group", "aria-label": name,
      style: `--tiles: ${captions.length}` }, ...this.tiles);
  }

  /** Arrows walk along the row; only one tile of it is a tab stop. */
  key(event, i) {
    const to = { ArrowLeft: i - 1, ArrowRight: i + 1 }[event.key];
    if (to === undefined || !this.tiles[to]) return;
    event.preventDefault();
    this.tiles[to].focus();
  }

  name(text) {
    this.element.setAttribute("aria-label", text);
  }

  paint(i, pixels, side) {
    paint(this.canvases[i], pixels, side);
  }

  caption(i, text) {
    this.texts[i].textContent = text;
    this.tiles[i].setAttribute("aria-label", text);
  }

  /** Frame tile i (none where i is null). */
  mark(i) {
    this.tiles.forEach((tile, k) => {
      tile.setAttribute("aria-pressed", String(k === i));
      tile.tabIndex = k === (i ?? 0) ? 0 : -1;
    });
  }
}
