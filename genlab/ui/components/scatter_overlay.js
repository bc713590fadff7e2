/** What is drawn over the points of a map: the lasso, and the spot that was asked about. */

/** lasso: polygon in CSS pixels. */
export function drawLasso(context, lasso, colour) {
  context.beginPath();
  for (const corner of lasso) context.lineTo(...corner);
  context.closePath();
  context.fillStyle = colour;
  context.globalAlpha = 0.12;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}

/** Rings round the neighbours; a cross at the spot, joined to them, in the map that was asked. */
export function drawProbe(context, spot, neighbours, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  for (const [x, y] of neighbours) {
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.stroke();
    if (spot) strokeLine(context, spot, [x, y], 0.45);
  }
  if (!spot) return;
  const [x, y] = spot;
  context.lineWidth = 2.5;
  strokeLine(context, [x - 8, y], [x + 8, y], 1);
  strokeLine(context, [x, y - 8], [x, y + 8], 1);
}

function strokeLine(context, from, to, opacity) {
  context.globalAlpha = opacity;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
  context.globalAlpha = 1;
}
