// The generator of a GAN in the browser: the layers that genlab/explore/gan_layers.py lists, run on
// one noise at a time.
//
// All products are of the one shape that gan_kernel.js offers, 4 columns by 8. A linear layer is
// its input (one of the 4) by 8 outputs at once. A convolution is 4 output channels by 8 places,
// whose pixels are gathered into a panel first. A transposed one of stride s is s * s convolutions,
// one for the outputs of each remainder, so that no zero is multiplied.

import { COLUMNS, ROWS, kernelMemory } from "./gan_kernel.js";
import { loadBytes } from "./mlp.js";
import { readSafetensors } from "./safetensors.js";

const SIDE = 28; // of an image of the data
const built = new Map(); // url -> promise of a generator

/** Promise of the generator at url; one is built for each, however many ask. */
export function loadGenerator(url) {
  if (!built.has(url)) {
    const promise = loadBytes(url).then((bytes) => buildGenerator(bytes.buffer));
    promise.catch(() => built.delete(url));
    built.set(url, promise);
  }
  return built.get(url);
}

/**
 * A generator out of safetensors: tensors n.weight and n.bias of layer n, and the layers
 * themselves in the metadata. It has latentDim (Z), noise ("gaussian" or "uniform"), simd, and
 *   generate(z, out): z holds Z floats; out (or a new Float32Array) gets 784 pixels in [0, 1].
 */
export function buildGenerator(buffer, simd = undefined) {
  const { metadata, tensors } = readSafetensors(buffer);
  const plan = JSON.parse(metadata.layers).map((layer, n) => describe(layer, n, tensors));
  const products = plan.filter((layer) => layer.matrices);
  const longest = Math.max(...products.flatMap((layer) => layer.matrices.map((m) => m.length)));
  const sizes = products.flatMap((layer) => layer.matrices.map((m) => m.packed.length));
  const room = sizes.reduce((sum, size) => sum + size, 0);
  const kernel = kernelMemory(room + (ROWS + COLUMNS) * longest + ROWS * COLUMNS, simd);
  let free = 0;
  for (const matrix of products.flatMap((layer) => layer.matrices)) {
    kernel.floats.set(matrix.packed, free);
    Object.assign(matrix, { place: free, packed: null });
    free += matrix.size;
  }
  const places = { vector: free, panel: free + ROWS * longest };
  places.sums = places.panel + COLUMNS * longest;
  const steps = plan.map((layer) => MAKERS[layer.kind](layer, kernel, places));
  const [, height, width] = plan[plan.length - 1].gives;
  const margin = (height - SIDE) / 2;

  function generate(z, out = new Float32Array(SIDE * SIDE)) {
    let x = z;
    for (const step of steps) x = step(x);
    for (let row = 0; row < SIDE; row++) {
      const from = (row + margin) * width + margin;
      for (let column = 0; column < SIDE; column++) {
        out[row * SIDE + column] = (x[from + column] + 1) / 2;
      }
    }
    return out;
  }
  return { latentDim: Number(metadata.latent_dim), noise: metadata.noise, simd: kernel.simd,
    generate };
}

const count = (shape) => shape.reduce((product, side) => product * side, 1);

/** A layer with its tensors, and the matrices that its products take. */
function describe(layer, n, tensors) {
  const weight = tensors[`${n}.weight`]?.values;
  const described = { ...layer, weight, bias: tensors[`${n}.bias`]?.values };
  if (layer.kind === "linear") described.matrices = [linearMatrix(described)];
  if (layer.kind === "conv" || layer.kind === "deconv") {
    described.side = tensors[`${n}.weight`].shape[2];
    described.matrices = phases(described).map((phase) => phaseMatrix(described, phase));
  }
  return described;
}

const MAKERS = {
  linear({ gives, bias, matrices: [matrix] }, { floats, multiply }, { vector, sums }) {
    const out = new Float32Array(count(gives));
    return (x) => {
      for (let k = 0; k < matrix.length; k++) {
        floats[vector + ROWS * k] = x[k];
        // a panel of another layer's positions lies elsewhere: the other three stay 0
      }
      for (let o = 0; o < out.length; o += COLUMNS) {
        multiply(vector, matrix.place + o * matrix.length, sums, matrix.length);
        const rest = Math.min(COLUMNS, out.length - o);
        for (let j = 0; j < rest; j++) out[o + j] = floats[sums + j] + bias[o + j];
      }
      return out;
    };
  },
  conv: convolution,
  deconv: convolution,
  affine({ takes, weight, bias }) {
    const plane = takes[1] * takes[2];
    return (x) => {
      for (let i = 0; i < x.length; i++) {
        const channel = Math.floor(i / plane);
        x[i] = x[i] * weight[channel] + bias[channel];
      }
      return x;
    };
  },
  leaky({ slope }) {
    return (x) => {
      for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] *= slope;
      return x;
    };
  },
  tanh() {
    return (x) => {
      for (let i = 0; i < x.length; i++) x[i] = Math.tanh(x[i]);
      return x;
    };
  },
};

function convolution({ takes, gives, side, bias, matrices }, { floats, multiply }, places) {
  const [C, H, W] = takes;
  const [outputs, , ] = gives;
  const plane = gives[1] * gives[2];
  const padded = new Float32Array(C * (H + 2 * side) * (W + 2 * side)); // its rim stays 0
  const out = new Float32Array(count(gives));
  const { panel, sums } = places;
  return (x) => {
    copyInside(x, padded, takes, side);
    for (const { length, place, offsets, from, to } of matrices) {
      for (let p = 0; p < to.length; p += COLUMNS) {
        gather(floats, panel, padded, offsets, from, p);
        const rest = Math.min(COLUMNS, to.length - p);
        for (let c = 0; c < outputs; c += ROWS) {
          multiply(place + c * length, panel, sums, length);
          for (let i = 0; i < ROWS && c + i < outputs; i++) {
            const first = (c + i) * plane;
            const at = sums + COLUMNS * i;
            for (let j = 0; j < rest; j++) out[first + to[p + j]] = floats[at + j] + bias[c + i];
          }
        }
      }
    }
    return out;
  };
}

function copyInside(x, padded, [C, H, W], rim) {
  const wide = W + 2 * rim;
  for (let c = 0; c < C; c++) {
    for (let row = 0; row < H; row++) {
      const from = (c * H + row) * W;
      padded.set(x.subarray(from, from + W), (c * (H + 2 * rim) + row + rim) * wide + rim);
    }
  }
}

/** Fill the panel with what 8 places need, one column each. */
function gather(floats, panel, padded, offsets, from, p) {
  const last = from.length - 1;
  const a = from[p], b = from[Math.min(p + 1, last)], c = from[Math.min(p + 2, last)];
  const d = from[Math.min(p + 3, last)], e = from[Math.min(p + 4, last)];
  const f = from[Math.min(p + 5, last)], g = from[Math.min(p + 6, last)];
  const h = from[Math.min(p + 7, last)];
  for (let k = 0, at = panel; k < offsets.length; k++, at += COLUMNS) {
    const offset = offsets[k];
    floats[at] = padded[a + offset];
    floats[at + 1] = padded[b + offset];
    floats[at + 2] = padded[c + offset];
    floats[at + 3] = padded[d + offset];
    floats[at + 4] = padded[e + offset];
    floats[at + 5] = padded[f + offset];
    floats[at + 6] = padded[g + offset];
    floats[at + 7] = padded[h + offset];
  }
}

/** The weight (outputs, inputs) of a linear layer, by blocks of 8 outputs. */
function linearMatrix({ takes, gives, weight }) {
  const length = count(takes);
  const outputs = count(gives);
  const packed = new Float32Array(Math.ceil(outputs / COLUMNS) * COLUMNS * length);
  for (let o = 0; o < outputs; o++) {
    const block = (o - (o % COLUMNS)) * length + (o % COLUMNS);
    for (let k = 0; k < length; k++) packed[block + COLUMNS * k] = weight[o * length + k];
  }
  return { length, packed, size: packed.length };
}

/**
 * The convolutions that a layer comes to: one, or stride * stride of them if it is transposed.
 * taps: [row and column in the kernel, row and column of the input pixel from the place on];
 * rows, columns: which of the output it makes.
 */
function phases({ kind, side, stride, padding, gives }) {
  const along = (start, step, length) =>
    Array.from({ length: Math.ceil((length - start) / step) }, (_, i) => start + step * i);
  const kernel = along(0, 1, side);
  const found = [];
  for (const y of kind === "conv" ? [0] : along(0, 1, stride)) {
    for (const x of kind === "conv" ? [0] : along(0, 1, stride)) {
      const step = kind === "conv" ? 1 : stride;
      const hits = (start) => (kind === "conv"
        ? kernel.map((i) => [i, i - padding])
        : kernel.filter((i) => (start + padding - i) % stride === 0)
          .map((i) => [i, (start + padding - i) / stride]));
      const taps = hits(y).flatMap(([i, down]) => hits(x).map(([j, right]) => [i, j, down, right]));
      found.push({ taps, rows: along(y, step, gives[1]), columns: along(x, step, gives[2]) });
    }
  }
  return found;
}

/** One of those as a matrix by blocks of 4 outputs, and where its pixels come from and go to. */
function phaseMatrix(layer, { taps, rows, columns }) {
  const { kind, side, weight, takes: [C, H, W], gives: [outputs, , wide] } = layer;
  const step = kind === "conv" ? layer.stride : 1;
  const length = C * taps.length;
  const packed = new Float32Array(Math.ceil(outputs / ROWS) * ROWS * length);
  const offsets = new Int32Array(length);
  const width = W + 2 * side;
  for (let c = 0, k = 0; c < C; c++) {
    for (const [i, j, down, right] of taps) {
      offsets[k] = (c * (H + 2 * side) + down + side) * width + right + side;
      for (let o = 0; o < outputs; o++) {
        const from = kind === "conv" ? o * C + c : c * outputs + o;
        packed[(o - (o % ROWS)) * length + ROWS * k + (o % ROWS)] =
          weight[(from * side + i) * side + j];
      }
      k++;
    }
  }
  const from = rows.flatMap((_, m) => columns.map((__, n) => (m * width + n) * step));
  const to = rows.flatMap((row) => columns.map((column) => row * wide + column));
  return { length, packed, size: packed.length, offsets,
    from: Int32Array.from(from), to: Int32Array.from(to) };
}
