// A registration as explore/registration_film.py packs it: for every state the affine map that
// carries the source there, what its matches follow from, and its figures.
//
// Time runs in steps: from k to k + 0.5 the E step of state k finds its matches, from k + 0.5 to
// k + 1 the M step carries the points to state k + 1.

/** text: base64 of little-endian float64. */
export function numbers(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

/** points (3 count,) moved by a linear map (9) and a translation (3), into `to`. */
export function moveInto(to, points, linear, translation) {
  const [a, b, c, d, e, f, g, h, i] = linear;
  const [u, v, w] = translation;
  for (let k = 0; k < points.length; k += 3) {
    const x = points[k], y = points[k + 1], z = points[k + 2];
    to[k] = a * x + b * y + c * z + u;
    to[k + 1] = d * x + e * y + f * z + v;
    to[k + 2] = g * x + h * y + i * z + w;
  }
  return to;
}

export class Film {
  /** source: (3 M,) numbers. */
  constructor({ title, each, count, columns }, source) {
    Object.assign(this, { title, each, count, source, columns: {}, hard: false });
    for (const [name, [width, text]] of Object.entries(columns)) {
      this.columns[name] = { width, values: numbers(text) };
    }
    this.hard = this.columns.sigma.values[0] === 0;
    this.end = count - 0.5;
    this.positions = new Float32Array(source.length);
    this.next = new Float32Array(source.length);
    this.at = [-1, -1];
  }

  /** The numbers of a column at state k. */
  of(name, k) {
    const { width, values } = this.columns[name];
    return values.subarray(k * width, (k + 1) * width);
  }

  series(name, part = 0) {
    const { width, values } = this.columns[name];
    return Array.from({ length: this.count }, (_, k) => values[k * width + part]);
  }

  /** {k, phase}: the state and how far it is on its way, 0 to 1. */
  placeOf(time) {
    const inside = Math.max(0, Math.min(this.end, time));
    const k = Math.min(this.count - 1, Math.floor(inside + 1e-9));
    return { k, phase: Math.max(0, inside - k) };
  }

  /** The cursor of the curves: still while an E step is made, gliding through the M step. */
  moment(time) {
    const { k, phase } = this.placeOf(time);
    return k + glide(phase);
  }

  /** Where the source is, (3 M,); the array is used again. */
  moved(time) {
    const { k, phase } = this.placeOf(time);
    const share = glide(phase);
    if (this.at[0] === k && this.at[1] === share) return this.positions;
    this.at = [k, share];
    moveInto(this.positions, this.source, this.of("linear", k), this.of("translation", k));
    if (share === 0 || k + 1 >= this.count) return this.positions;
    moveInto(this.next, this.source, this.of("linear", k + 1), this.of("translation", k + 1));
    const { positions, next } = this;
    for (let i = 0; i < next.length; i += 1) positions[i] += share * (next[i] - positions[i]);
    return positions;
  }

  /** A column's numbers between two states, as the points glide. */
  between(name, time) {
    const { k, phase } = this.placeOf(time);
    const share = glide(phase), from = this.of(name, k);
    if (share === 0 || k + 1 >= this.count) return Array.from(from);
    const to = this.of(name, k + 1);
    return Array.from(from, (value, i) => value + share * (to[i] - value));
  }

  /** What the lines of state k follow from. */
  matching(k) {
    return {
      each: this.each,
      linear: this.of("match_linear", k),
      translation: this.of("match_translation", k),
      sigma: this.of("match_sigma", k)[0],
      background: this.of("background", k)[0],
      reach: this.of("reach", k)[0],
    };
  }
}

/** The share of the way of an M step, smooth at both ends. */
function glide(phase) {
  const share = Math.max(0, Math.min(1, 2 * phase - 1));
  return share * share * (3 - 2 * share);
}
