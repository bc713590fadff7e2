// The names of classes over their points: each at the middle of its own, none across another.

const HIGH = 24; // CSS pixels of a line

/**
 * places: CSS pixel of point i; labels: (N,) its class; classes: names; ink, halo: colours.
 * "others" is no class and gets no name.
 */
export function drawNames(context, { places, labels, classes, font, ink, halo }) {
  const sums = classes.map(() => [0, 0, 0]);
  for (let i = 0; i < labels.length; i++) {
    const sum = sums[labels[i]], [x, y] = places(i);
    sum[0] += x;
    sum[1] += y;
    sum[2] += 1;
  }
  Object.assign(context, { font: `600 19px ${font}`, textAlign: "center", textBaseline: "middle",
    lineWidth: 5, lineJoin: "round", strokeStyle: halo, fillStyle: ink });
  const taken = [];
  sums.forEach(([x, y, count], label) => {
    if (!count || classes[label] === "others") return;
    const box = [x / count, y / count, context.measureText(classes[label]).width + 6];
    if (taken.some((other) => overlap(box, other))) return;
    taken.push(box);
    context.strokeText(classes[label], box[0], box[1]);
    context.fillText(classes[label], box[0], box[1]);
  });
}

function overlap([x, y, wide], [otherX, otherY, otherWide]) {
  return Math.abs(x - otherX) < (wide + otherWide) / 2 && Math.abs(y - otherY) < HIGH;
}
