// Pairs of images with their distances, as one network (or the raw pixels) sees them, and what a
// threshold does to them: a pair is accepted as "same" when its distance is at most the threshold.

import { countUpTo } from "./film_data.js";

export class PairSet {
  /** message: of fetchMessage; its header has name, threshold, auc, eer and eer_threshold. */
  constructor({ header, arrays }) {
    Object.assign(this, header);
    const distances = arrays.distances.values, same = arrays.same.values;
    this.distances = distances;
    this.isSame = same;
    const sorted = (kind) => distances.filter((_, i) => same[i] === kind).sort();
    this.same = sorted(1); // rising
    this.different = sorted(0);
    const far = (values) => values[Math.floor(0.998 * (values.length - 1))];
    const seen = [far(this.same), far(this.different), this.threshold, this.eer_threshold];
    this.farthest = 1.04 * Math.max(...seen.filter(Number.isFinite)) || 1;
  }

  get count() {
    return this.distances.length;
  }

  /** Counts and shares of what goes wrong at a threshold. */
  rates(threshold) {
    const accepts = countUpTo(this.different, threshold);
    const rejects = this.same.length - countUpTo(this.same, threshold);
    return {
      accepts,
      rejects,
      falseAccepts: accepts / this.different.length,
      falseRejects: rejects / this.same.length,
      accuracy: 1 - (accepts + rejects) / this.count,
    };
  }

  /** Shares of a kind's pairs in even bins from 0 to `farthest`; what lies beyond is left out. */
  histogram(kind, bins) {
    const values = this[kind], shares = new Float64Array(bins);
    for (const value of values) {
      const bin = Math.floor((value / this.farthest) * bins);
      if (bin < bins) shares[bin] += 1 / values.length;
    }
    return shares;
  }

  /** [threshold, false accepts, false rejects] at every distance that changes them, rising. */
  get curve() {
    return (this.known ??= [[-Infinity, 0, 1], ...this.steps()]);
  }

  steps() {
    const { same, different } = this, found = [];
    let i = 0, j = 0;
    while (i < same.length || j < different.length) {
      const at = Math.min(same[i] ?? Infinity, different[j] ?? Infinity);
      while (same[i] <= at) i++;
      while (different[j] <= at) j++;
      found.push([at, j / different.length, 1 - i / same.length]);
    }
    return found;
  }
}

/** 95 % interval of a share of `count` after Wilson, as accuracy_interval has it in Python. */
export function wilson(share, count) {
  const z = 1.959963984540054, spread = (z * z) / count;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (z / (1 + spread)) * Math.sqrt((share * (1 - share)) / count + spread / (4 * count));
  return [middle - half, middle + half];
}

/** A share as per cent in few letters: 98.71 %, 0.13 %. */
export function percent(share, digits = 2) {
  return `${(100 * share).toFixed(digits)}\u2009%`;
}

/** A distance in few digits; one more where `fine`. */
export function distance(value, fine = true) {
  const digits = fine ? 3 : 2;
  if (value > 0 && value < 0.05) return value.toPrecision(digits - 1);
  return value.toFixed(Math.max(0, digits - (value >= 10) - (value >= 100)));
}
