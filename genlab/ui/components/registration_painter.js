// A cloud of one's own: cells painted in a square become points.

import { element } from "./dom.js";
import { Painter } from "./plane_paint.js";

/** ready: title -> ink; onDrawing(ink). */
export function cloudPainter(ready, onDrawing) {
  const painter = new Painter({ axes: 2, ready, onTrain: onDrawing });
  painter.train.textContent = "Register this drawing";
  painter.element.setAttribute("aria-label", "Your own cloud");
  painter.element.querySelector("h3").textContent = "Paint where the points shall be";
  return { read: (ink) => painter.read(ink), element: element("div", {}, painter.element) };
}
