// A GAN's film in the browser: pictures of the same noises over time, with scores and losses.
// How it travels is told in genlab/ui/gan_arrays.py, film_message.

import { fromHalf } from "./safetensors.js";

const VIEWS = { uint8: Uint8Array, float32: Float32Array, float16: Uint16Array };

/** { header, arrays: name -> { shape, values } } of a message. */
export function readMessage(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = {};
  for (const { name, dtype, shape, offset } of header.arrays) {
    const count = shape.reduce((product, side) => product * side, 1);
    const values = new VIEWS[dtype](buffer, 8 + length + offset, count);
    arrays[name] = { shape, values: dtype === "float16" ? fromHalf(values) : values };
  }
  return { header, arrays };
}

/** Fetch a message; what the server has against it becomes the error's sentence. */
export async function fetchMessage(url, signal = undefined) {
  const response = await fetch(new URL(url, document.baseURI), { signal });
  if (response.ok) return readMessage(await response.arrayBuffer());
  const said = (await response.text()).trim();
  throw new Error(said || `The film answered ${response.status}; reload the page.`);
}

export class Film {
  constructor() {
    this.count = 0; // F, frames
    this.noises = 0; // N
    this.pixels = 784; // P of each of the N images of a frame
    this.side = 28;
    this.frames = []; // F times N * P greys
    this.opinions = []; // F times N: what D said of each, 0 fake to 1 real
    this.scores = {}; // name -> F times a Float32Array
    this.trace = {}; // name -> U numbers, one for each update
    this.times = { updates: [], images: [] }; // F of each
    this.updateTimes = {}; // clock -> U numbers, made when asked for
  }

  /** Take over a message that goes on where this film ends; true if it has new frames. */
  append({ header, arrays }) {
    const { noise, images, opinions, ...rest } = arrays;
    const [fresh, noises, pixels] = images.shape;
    if (fresh === 0 || header.first !== this.count) return false;
    this.noises = noises;
    this.side = Math.round(Math.sqrt(pixels));
    this.pixels = pixels;
    this.noise = noise.values;
    this.latentDim = noise.shape[1];
    this.frames.push(...rows(images));
    this.opinions.push(...rows(opinions));
    for (const [name, array] of Object.entries(rest)) {
      const [kind, own] = name.split(".");
      if (kind === "score") (this.scores[own] ??= []).push(...rows(array));
      else this.trace[own] = joined(this.trace[own], array.values, header.seen);
    }
    this.count = header.frames;
    this.times = { updates: header.updates, images: header.images_seen };
    this.updateTimes = {};
    return true;
  }

  /** Updates that the trace holds. */
  get updates() {
    return Math.max(0, ...Object.values(this.trace).map((values) => values.length));
  }

  lastTime(clock) {
    return this.times[clock][this.count - 1] ?? 0;
  }

  /** The newest frame taken at `when` or before, the first one before any. */
  frameAt(when, clock) {
    return Math.max(0, countUpTo(this.times[clock], when) - 1);
  }

  /** The moment of every update, U numbers: between two frames the clocks run evenly. */
  momentsOfUpdates(clock) {
    return (this.updateTimes[clock] ??= Float64Array.from({ length: this.updates }, (_, i) =>
      interpolated(i + 1, this.times.updates, this.times[clock])));
  }

  /** The same moment by the other clock. */
  translated(when, from, to) {
    return Math.round(interpolated(when, this.times[from], this.times[to]));
  }

  /** Mean of a trace over the last `span` updates up to `when`; NaN before the first. */
  recent(name, when, clock, span = 20) {
    const values = this.trace[name] ?? [];
    const end = Math.min(values.length, countUpTo(this.momentsOfUpdates(clock), when));
    const start = Math.max(0, end - span);
    let sum = 0;
    for (let i = start; i < end; i++) sum += values[i];
    return sum / (end - start);
  }

  /** A score of one number at a frame; NaN where there is none. */
  score(name, frame) {
    return this.scores[name]?.[frame]?.[0] ?? NaN;
  }

  /** The noise of one tile, Z floats. */
  noiseOf(tile) {
    return this.noise.slice(tile * this.latentDim, (tile + 1) * this.latentDim);
  }

  /** The greys of one tile at one frame. */
  tile(frame, tile) {
    return this.frames[frame].subarray(tile * this.pixels, (tile + 1) * this.pixels);
  }
}

/** An array cut along its first axis. */
function rows({ shape: [count], values }) {
  const size = count ? values.length / count : 0;
  return Array.from({ length: count }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

function joined(old, fresh, seen) {
  const all = new Float32Array(seen + fresh.length);
  if (old) all.set(old.subarray(0, seen));
  all.set(fresh, seen);
  return all;
}

/** How many of the rising values are at most `limit`. */
export function countUpTo(values, limit) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** y at x of the line through the points (xs, ys), xs rising; beyond an end as between the last. */
export function interpolated(x, xs, ys) {
  const last = xs.length - 1;
  if (last < 1) return ys[0] ?? 0;
  const i = Math.min(last - 1, Math.max(0, countUpTo(xs, x) - 1));
  return ys[i] + ((ys[i + 1] - ys[i]) * (x - xs[i])) / (xs[i + 1] - xs[i]);
}
