/** The elements of one map: a header with title and live status, and the plot with its layers. */

import { element } from "./dom.js";

export function mapNodes(id) {
  const title = element("h3");
  const subtitle = element("span", { class: "faint" });
  const live = element("span", { class: "live", hidden: true });
  const pointCanvas = element("canvas", { class: "points", "aria-hidden": "true" });
  const overlay = element("canvas", { class: "overlay", "aria-hidden": "true" });
  const marker = element("i", { class: "marker", hidden: true });
  const message = element("p", { class: "message", role: "alert", hidden: true });
  const plot = element(
    "div",
    { class: "plot", tabindex: "0", role: "application", "data-map": id },
    pointCanvas,
    overlay,
    marker,
    message,
  );
  const header = element("header", {}, title, subtitle, live);
  const node = element("section", { class: "map" }, header, plot);
  return { node, title, subtitle, live, plot, pointCanvas, overlay, marker, message };
}
