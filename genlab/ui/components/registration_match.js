// The strongest pairs by responsibility, found a few data points at a time so that no frame waits.
// A data point is one that finds a partner: each target point, or each source point.

import { moveInto } from "./registration_film.js";

const PAIRS = 1500; // lines in all, about; at least one, at most MOST for each data point
const MOST = 12;
const LEAST = 0.01; // a weaker pair is no line
const LEVELS = [0.01, 0.04, 0.1, 0.25, 0.5, 0.8]; // lower ends of the weights drawn alike
const KEPT = 80; // states
const AT_ONCE = 8; // data points between two looks at the clock

export class Matches {
  /** target (3 N,); source (3 M,), both float. */
  constructor(source, target) {
    Object.assign(this, { source, target, kept: new Map(), job: null });
  }

  /**
   * The lines of a matching as {source, target, weight, bins}, bins holding for each level where
   * its lines are; null while they are in the making. key: its name; until: performance.now().
   */
  find(key, matching, until) {
    if (this.kept.has(key)) return this.kept.get(key);
    if (this.job?.key !== key) this.job = new Job(key, matching, this.source, this.target);
    if (!this.job.work(until)) return null;
    const found = this.job.lines();
    this.job = null;
    if (this.kept.size >= KEPT) this.kept.delete(this.kept.keys().next().value);
    this.kept.set(key, found);
    return found;
  }

  forget() {
    this.kept.clear();
    this.job = null;
  }
}

/** All lines of a matching at once. */
export function allLines(matching, source, target) {
  const job = new Job("", matching, source, target);
  job.work(Infinity);
  return job.lines();
}

class Job {
  constructor(key, matching, source, target) {
    Object.assign(this, { key, matching, done: 0 });
    const moved = moveInto(new Float32Array(source.length), source, matching.linear,
      matching.translation);
    this.byTarget = matching.each === "target";
    [this.data, this.centres] = this.byTarget ? [target, moved] : [moved, target];
    this.count = this.data.length / 3;
    const most = this.centres.length / 3;
    const wanted = Math.max(1, Math.min(MOST, Math.round(PAIRS / this.count)));
    this.each = matching.sigma === 0 ? 1 : Math.min(most, wanted);
    this.squares = new Float32Array(most);
    this.found = { data: [], centre: [], weight: [] };
  }

  /** Go on until then; true at the end. */
  work(until) {
    while (this.done < this.count) {
      const to = Math.min(this.count, this.done + AT_ONCE);
      for (; this.done < to; this.done += 1) this.partnersOf(this.done);
      if (performance.now() > until) break;
    }
    return this.done === this.count;
  }

  partnersOf(d) {
    const { data, centres, squares, each, matching, found } = this;
    const x = data[3 * d], y = data[3 * d + 1], z = data[3 * d + 2];
    const near = [], apart = []; // the nearest centres and their squared distances, rising
    for (let c = 0, k = 0; c < squares.length; c += 1, k += 3) {
      const dx = centres[k] - x, dy = centres[k + 1] - y, dz = centres[k + 2] - z;
      const square = dx * dx + dy * dy + dz * dz;
      squares[c] = square;
      if (near.length === each && square >= apart[each - 1]) continue;
      let at = near.length < each ? near.length : each - 1;
      for (; at > 0 && apart[at - 1] > square; at -= 1) {
        apart[at] = apart[at - 1];
        near[at] = near[at - 1];
      }
      apart[at] = square;
      near[at] = c;
    }
    if (matching.sigma === 0) {
      if (apart[0] <= matching.reach ** 2) this.keep(d, near[0], 1);
      return;
    }
    const narrow = 0.5 / matching.sigma ** 2, least = apart[0];
    let sum = matching.background ? matching.background * Math.exp(least * narrow) : 0;
    for (let c = 0; c < squares.length; c += 1) {
      const exponent = (squares[c] - least) * narrow;
      if (exponent < 20) sum += Math.exp(-exponent);
    }
    for (let i = 0; i < near.length; i += 1) {
      const weight = Math.exp((least - apart[i]) * narrow) / sum;
      if (weight >= LEAST) this.keep(d, near[i], weight);
    }
    if (near.length && 1 / sum < LEAST && !matching.background) this.keep(d, near[0], LEAST);
  }

  keep(datum, centre, weight) {
    this.found.data.push(datum);
    this.found.centre.push(centre);
    this.found.weight.push(weight);
  }

  lines() {
    const { data, centre, weight } = this.found;
    const [source, target] = this.byTarget ? [centre, data] : [data, centre];
    const bins = LEVELS.map(() => []);
    weight.forEach((value, i) => {
      let level = LEVELS.length - 1;
      while (level > 0 && value < LEVELS[level]) level -= 1;
      bins[level].push(i);
    });
    return { source, target, weight, bins };
  }
}

/** How a level of lines is drawn. */
export function styleOf(level) {
  return { alpha: [0.07, 0.12, 0.22, 0.4, 0.62, 0.9][level], width: 1 + 0.16 * level };
}
