/**
 * Finding points of a map: under the pointer, round a spot, in a direction, inside a lasso.
 *
 * positions is (N, 2) in map units, [-1, 1]; `accepts(i)` says whether point i may be found.
 */

/** A uniform grid over [-1, 1] x [-1, 1]: building it is O(N), a hover looks at a few cells. */
export class PointGrid {
  constructor(positions) {
    const count = positions.length / 2;
    this.positions = positions;
    this.cells = Math.min(256, Math.max(8, Math.round(Math.sqrt(count / 2))));
    // members of cell c: from starts[c] to before starts[c + 1]
    this.starts = new Int32Array(this.cells * this.cells + 1);
    this.members = new Int32Array(count);

    const cellOf = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      cellOf[i] = this.column(positions[2 * i]) + this.cells * this.column(positions[2 * i + 1]);
      this.starts[cellOf[i] + 1] += 1;
    }
    for (let c = 0; c < this.cells * this.cells; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice(0, -1);
    for (let i = 0; i < count; i++) this.members[next[cellOf[i]]++] = i;
  }

  /** The grid column (or row) of one coordinate. */
  column(value) {
    const column = Math.floor(((value + 1) / 2) * this.cells);
    return Math.min(this.cells - 1, Math.max(0, column));
  }

  /** The accepted point nearest to (x, y) within radius, or -1. */
  nearest(x, y, radius, accepts) {
    let best = -1;
    let bestSquare = radius * radius;
    const [left, right] = [this.column(x - radius), this.column(x + radius)];
    const [bottom, top] = [this.column(y - radius), this.column(y + radius)];
    for (let row = bottom; row <= top; row++) {
      // The cells of one row lie side by side in `members`.
      const end = this.starts[row * this.cells + right + 1];
      for (let m = this.starts[row * this.cells + left]; m < end; m++) {
        const i = this.members[m];
        const dx = this.positions[2 * i] - x;
        const dy = this.positions[2 * i + 1] - y;
        const square = dx * dx + dy * dy;
        if (square <= bestSquare && accepts(i)) {
          best = i;
          bestSquare = square;
        }
      }
    }
    return best;
  }
}

/** The k accepted points nearest to (x, y), nearest first: [{ index, distance }]. One pass. */
export function nearestPoints(positions, x, y, k, accepts) {
  const found = [];
  for (let i = 0; i < positions.length / 2; i++) {
    const square = (positions[2 * i] - x) ** 2 + (positions[2 * i + 1] - y) ** 2;
    if (found.length === k && square >= found[k - 1].square) continue;
    if (!accepts(i)) continue;
    let place = found.length;
    while (place > 0 && found[place - 1].square > square) place -= 1;
    found.splice(place, 0, { index: i, square });
    if (found.length > k) found.pop();
  }
  return found.map(({ index, square }) => ({ index, distance: Math.sqrt(square) }));
}

/**
 * The next point from point `from` in an axis direction (dx, dy), at least minStep on, or -1.
 * Points off the axis count as farther away, those beyond 45 degrees not at all.
 */
export function pointInDirection(positions, from, dx, dy, minStep, accepts) {
  const [x, y] = [positions[2 * from], positions[2 * from + 1]];
  let best = -1;
  let bestCost = Infinity;
  for (let i = 0; i < positions.length / 2; i++) {
    const [right, up] = [positions[2 * i] - x, positions[2 * i + 1] - y];
    const along = right * dx + up * dy;
    if (along < minStep) continue;
    const across = Math.abs(right * dy) + Math.abs(up * dx);
    const cost = along + 2 * across;
    if (across <= along && cost < bestCost && accepts(i)) {
      best = i;
      bestCost = cost;
    }
  }
  return best;
}

/**
 * Which points lie inside a polygon (even-odd rule): a Uint8Array of N zeros and ones.
 *
 * Edges are sorted into horizontal bands first, so that a point meets only the few edges of its
 * own band: O(N) however long the lasso was drawn. polygon is [[x, y], ...] in map units.
 */
export function pointsInside(positions, polygon) {
  const count = positions.length / 2;
  const inside = new Uint8Array(count);
  if (polygon.length < 3) return inside;

  const heights = polygon.map(([, y]) => y);
  const bottom = Math.min(...heights);
  const top = Math.max(...heights);
  const bands = 128;
  const bandOf = (y) => Math.min(bands - 1, Math.floor(((y - bottom) / (top - bottom)) * bands));
  const edges = Array.from({ length: bands }, () => []);
  polygon.forEach(([x1, y1], corner) => {
    const [x2, y2] = polygon[(corner + 1) % polygon.length];
    if (y1 === y2) return; // a level edge is never crossed
    const slope = (x2 - x1) / (y2 - y1);
    const [low, high] = [Math.min(y1, y2), Math.max(y1, y2)];
    for (let band = bandOf(low); band <= bandOf(high); band++) {
      edges[band].push(low, high, x1, y1, slope);
    }
  });

  for (let i = 0; i < count; i++) {
    const y = positions[2 * i + 1];
    if (y < bottom || y >= top) continue;
    const x = positions[2 * i];
    const near = edges[bandOf(y)];
    for (let e = 0; e < near.length; e += 5) {
      const crosses = near[e] <= y && y < near[e + 1];
      if (crosses && x < near[e + 2] + (y - near[e + 3]) * near[e + 4]) inside[i] ^= 1;
    }
  }
  return inside;
}
