/**
 * What a model makes of fixed images while it trains: rows of grey pictures, large and pixelated.
 * data: rows (count), columns, side (pixels), pixels (base64 of rows * columns * side^2 bytes),
 * titles (one for each row), step.
 * A new step repaints the same canvas, so nothing flickers.
 */
import { element } from "./dom.js";

const built = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".genlab-root");
  let stage = built.get(root);
  if (!stage || stage.rows !== data.rows) {
    stage = build(root, data);
    built.set(root, stage);
  }
  paint(stage, data);
}

function build(root, { rows, titles }) {
  const canvases = titles.map((title) => element("canvas", { role: "img", "aria-label": title }));
  const lines = titles.map((title, row) =>
    element("figure", {}, element("figcaption", {}, title), canvases[row]));
  root.replaceChildren(element("div", { class: "rows" }, ...lines));
  return { rows, canvases };
}

function paint({ canvases }, { columns, side, pixels, step }) {
  const grey = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
  canvases.forEach((canvas, row) => {
    const gap = 1;
    const width = columns * (side + gap) - gap;
    if (canvas.width !== width || canvas.height !== side) {
      canvas.width = width;
      canvas.height = side;
    }
    const context = canvas.getContext("2d");
    for (let column = 0; column < columns; column += 1) {
      const image = context.createImageData(side, side);
      const start = (row * columns + column) * side * side;
      for (let pixel = 0; pixel < side * side; pixel += 1) {
        image.data.fill(grey[start + pixel], 4 * pixel, 4 * pixel + 3);
        image.data[4 * pixel + 3] = 255;
      }
      context.putImageData(image, column * (side + gap), 0);
    }
    canvas.dataset.step = step;
  });
}
