/** A small card on a map: a heading and pictures side by side, each with its caption. */

import { element } from "./dom.js";

const GAP = 16; // CSS pixels between the card and what it tells about
const EDGE = 8;

export class ImageCard {
  /** plot: the element it floats over; kind: its class name. */
  constructor(plot, kind) {
    this.swatch = element("i", { class: "swatch" });
    this.heading = element("strong");
    this.aside = element("span", { class: "faint" });
    this.pictures = element("div", { class: "pictures" });
    this.note = element("p", { class: "note" });
    const line = element("div", { class: "line" }, this.swatch, this.heading, this.aside);
    const card = { class: `card ${kind}`, hidden: true };
    this.node = element("div", card, line, this.pictures, this.note);
    plot.append(this.node);
  }

  /**
   * heading, aside and note: text; colour: of the swatch;
   * pictures: [{ caption, draw(canvas) }], drawn at once on canvases of their own.
   */
  show({ heading, aside = "", colour, pictures, note = "" }) {
    this.heading.textContent = heading;
    this.aside.textContent = aside;
    this.swatch.style.background = colour;
    while (this.pictures.children.length < pictures.length) {
      this.pictures.append(element("figure", {}, element("canvas"), element("figcaption")));
    }
    [...this.pictures.children].forEach((figure, place) => {
      const picture = pictures[place];
      figure.hidden = !picture;
      if (!picture) return;
      const [canvas, caption] = figure.children;
      picture.draw(canvas);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${picture.caption}: ${heading}`);
      caption.textContent = picture.caption;
    });
    this.note.textContent = note;
    this.note.hidden = !note;
    this.node.hidden = false;
  }

  /** Beside (x, y), on the side that has room, inside a plot of width x height. */
  place(x, y, width, height) {
    const { offsetWidth, offsetHeight } = this.node;
    const right = x + GAP + offsetWidth <= width - EDGE;
    const left = inside(right ? x + GAP : x - GAP - offsetWidth, width - offsetWidth);
    const top = inside(y - offsetHeight / 2, height - offsetHeight);
    this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  hide() {
    this.node.hidden = true;
  }
}

/** A place on one axis, at least EDGE from both ends of the room there is. */
function inside(place, room) {
  return Math.max(EDGE, Math.min(place, room - EDGE));
}
