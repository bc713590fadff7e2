// The test images of a dataset, all in one sprite of grey tiles, and the two numbers that judge a
// decoded image against one of them. Pixels are floats in [0, 1], numbers are nats per image.

const sprites = new Map(); // url -> promise of a TestImages

/** Promise of the test images at sprite.url (columns of tile x tile pixels) with their labels. */
export function loadTestImages(sprite, labels) {
  const address = new URL(sprite.url, document.baseURI).href;
  if (!sprites.has(address)) {
    const promise = fetchBitmap(address).then((bitmap) => new TestImages(bitmap, sprite, labels));
    promise.catch(() => sprites.delete(address));
    sprites.set(address, promise);
  }
  return sprites.get(address);
}

async function fetchBitmap(address) {
  const response = await fetch(address);
  if (!response.ok) {
    throw new Error((await response.text()).trim() || "The test images are missing.");
  }
  return createImageBitmap(await response.blob());
}

class TestImages {
  constructor(bitmap, { columns, tile }, labels) {
    Object.assign(this, { bitmap, columns, side: tile, labels, count: labels.length });
    this.scratch = new OffscreenCanvas(tile, tile).getContext("2d", { willReadFrequently: true });
  }

  /** Paint image number `index` into a canvas of its own size. */
  draw(canvas, index) {
    canvas.width = canvas.height = this.side;
    this.copy(canvas.getContext("2d"), index);
  }

  /** The pixels of image number `index`: Float32Array of side * side. */
  pixels(index) {
    this.copy(this.scratch, index);
    const rgba = this.scratch.getImageData(0, 0, this.side, this.side).data;
    return Float32Array.from({ length: this.side ** 2 }, (_, p) => rgba[4 * p] / 255);
  }

  copy(context, index) {
    const x = (index % this.columns) * this.side;
    const y = Math.floor(index / this.columns) * this.side;
    context.drawImage(this.bitmap, x, y, this.side, this.side, 0, 0, this.side, this.side);
  }

  /** The first `length` images of one class (any where label is null), from place `from` on. */
  ofClass(label, from, length) {
    const found = [];
    for (let step = 0; step < this.count && found.length < length; step++) {
      const index = (from + step) % this.count;
      if (label === null || this.labels[index] === label) found.push(index);
    }
    return found;
  }
}

/** -log p(x|z) under Bernoulli pixels given by logits: sum of softplus(logit) - x * logit. */
export function bernoulliNll(x, logits) {
  let nats = 0;
  for (let p = 0; p < x.length; p++) {
    const logit = logits[p];
    nats += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - x[p] * logit;
  }
  return nats;
}

/** The entropy of the pixels, which no Bernoulli NLL of this image can go below. */
export function pixelEntropy(x) {
  let nats = 0;
  for (const value of x) {
    if (value > 0 && value < 1) nats -= value * Math.log(value) + (1 - value) * Math.log(1 - value);
  }
  return nats;
}
