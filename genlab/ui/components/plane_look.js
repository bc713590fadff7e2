// How the panels are looked at: what is drawn, what stands beside D, which curves run below.

import { FAKE, REAL } from "./plane_colours.js";
import { element } from "./dom.js";

const LAYERS = {
  targets: ["targets", `background: ${REAL}`],
  fakes: ["fakes", `background: ${FAKE}`],
  pushes: ["pushes", null],
  net: ["G's map of the noise", null],
};

/** Changes `look` in place, and calls onLook(). data: as plane_gan.js has it. */
export function lookControls({ view, beside, charts }, look, onLook) {
  const layers = Object.entries(LAYERS).map(([name, [title, style]]) => {
    const box = element("input", { type: "checkbox", checked: look.layers.has(name), onchange: () => {
      look.layers[box.checked ? "add" : "delete"](name);
      onLook();
    } });
    return element("label", {}, box, style ? element("i", { class: "dot", style }) : "", ` ${title}`);
  });
  const segments = element("div", { class: "segments", role: "group", "aria-label": "Beside D" });
  segments.append(...Object.entries(beside).map(([name, title]) => element("button", {
    type: "button",
    "aria-pressed": String(look.beside === name),
    onclick: ({ currentTarget }) => {
      look.beside = name;
      for (const other of segments.children) other.ariaPressed = String(other === currentTarget);
      onLook();
    },
  }, title)));
  const select = element("select", { onchange: () => {
    look.chart = select.value;
    onLook();
  } }, ...Object.entries(charts).map(([name, title]) =>
    element("option", { value: name, selected: look.chart === name }, title)));
  return [
    element("div", { class: "layers" }, ...layers),
    element("span", { class: "pair", hidden: view.axes === 1 }, "beside D ", segments),
    element("label", { class: "pair" }, "second chart ", select),
  ];
}
