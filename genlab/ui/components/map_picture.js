/** Both maps as one PNG: titles, points, the legend of the classes in view. */

const PAD = 24; // CSS pixels
const TITLE = 44;
const LEGEND = 44;

/**
 * views: the ScatterViews; classes and palette: names and hex colours; state: their PointState;
 * colours: { text, background, font }. Returns a canvas twice the size on screen.
 */
export function drawPicture(views, { classes, palette, state, colours }) {
  const ratio = 2;
  const { width, height } = views[0].camera;
  const canvas = document.createElement("canvas");
  canvas.width = ratio * (PAD + views.length * (width + PAD));
  canvas.height = ratio * (TITLE + height + LEGEND + PAD);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = colours.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";

  views.forEach((view, place) => {
    const left = PAD + place * (width + PAD);
    context.fillStyle = colours.text;
    context.font = `600 18px ${colours.font}`;
    context.fillText(view.title.textContent, left, TITLE / 2);
    const titleWidth = context.measureText(view.title.textContent).width;
    context.font = `14px ${colours.font}`;
    const room = width - titleWidth - 12;
    context.fillText(view.subtitle.textContent, left + titleWidth + 12, TITLE / 2, room);
    view.resize(ratio); // draws: a WebGL canvas can be read only in the task that drew it
    context.drawImage(view.pointCanvas, left, TITLE, width, height);
    if (!view.overlay.hidden) context.drawImage(view.overlay, left, TITLE, width, height);
    view.resize();
    context.strokeStyle = colours.text;
    context.globalAlpha = 0.25;
    context.strokeRect(left, TITLE, width, height);
    context.globalAlpha = 1;
  });
  drawLegend(context, PAD, TITLE + height + LEGEND / 2 + 4, { classes, palette, state, colours });
  return canvas;
}

function drawLegend(context, left, middle, { classes, palette, state, colours }) {
  context.font = `14px ${colours.font}`;
  let x = left;
  classes.forEach((name, id) => {
    if (state.hidden.has(id)) return;
    context.fillStyle = palette[id];
    context.fillRect(x, middle - 6, 12, 12);
    context.fillStyle = colours.text;
    const count = state.chosen > 0 ? ` ${state.chosenOfClass[id]}` : "";
    context.fillText(name + count, x + 17, middle);
    x += 17 + context.measureText(name + count).width + 16;
  });
}

/** Saves a canvas as a PNG file of that name. */
export function savePicture(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}
