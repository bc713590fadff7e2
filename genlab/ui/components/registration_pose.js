// Where the source begins: a turn about its middle, then a shift. As three numbers in the plane
// (x, y, degrees), as six in space (x, y, z, and an axis as long as its degrees).

const TURN = Math.PI / 180;

export class Pose {
  constructor(axes, middle, start = []) {
    Object.assign(this, { axes, middle, shift: [0, 0, 0], linear: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
    if (start.length === 3) {
      this.shift = [start[0], start[1], 0];
      this.linear = around([0, 0, 1], start[2] * TURN);
    } else if (start.length === 6) {
      this.shift = start.slice(0, 3);
      const degrees = Math.hypot(...start.slice(3));
      if (degrees) this.linear = around(start.slice(3).map((v) => v / degrees), degrees * TURN);
    }
  }

  /** The pose of a film at a time: its shift and its turn, without its scale. */
  static of(film, time, axes, middle) {
    const pose = new Pose(axes, middle);
    pose.shift = film.between("shift", time);
    pose.linear = upright(film.between("linear", time));
    return pose;
  }

  get translation() {
    const turned = times(this.linear, this.middle);
    return this.middle.map((value, axis) => value - turned[axis] + this.shift[axis]);
  }

  /** Where the source's middle is. */
  get place() {
    return this.middle.map((value, axis) => value + this.shift[axis]);
  }

  move(way) {
    this.shift = this.shift.map((value, axis) => value + way[axis]);
  }

  turn(axis, degrees) {
    this.linear = product(around(axis, degrees * TURN), this.linear);
  }

  get degrees() {
    return Math.atan2(this.linear[3], this.linear[0]) / TURN;
  }

  get start() {
    if (this.axes === 2) return [this.shift[0], this.shift[1], this.degrees].map(rounded);
    return [...this.shift, ...this.vector()].map(rounded);
  }

  /** The turn as its axis, as long as its degrees. */
  vector() {
    const R = this.linear;
    const axis = [R[7] - R[5], R[2] - R[6], R[3] - R[1]];
    const sine = Math.hypot(...axis) / 2;
    const angle = Math.atan2(sine, (R[0] + R[4] + R[8] - 1) / 2);
    if (sine > 1e-6) return axis.map((value) => (value / (2 * sine)) * (angle / TURN));
    if (angle < 1) return [0, 0, 0];
    const squares = [R[0], R[4], R[8]].map((value) => Math.max(0, (value + 1) / 2));
    const k = squares.indexOf(Math.max(...squares)); // a half turn: R = 2 a a^T - 1
    const column = [0, 1, 2].map((row) => (R[3 * row + k] + (row === k ? 1 : 0)) / 2);
    return column.map((value) => (value / Math.sqrt(squares[k])) * 180);
  }
}

function rounded(value) {
  const short = Number(value.toPrecision(4));
  return Math.abs(short) < 1e-6 ? 0 : short;
}

function around([x, y, z], angle) {
  const c = Math.cos(angle), s = Math.sin(angle), d = 1 - c;
  return [c + d * x * x, d * x * y - s * z, d * x * z + s * y,
    d * x * y + s * z, c + d * y * y, d * y * z - s * x,
    d * x * z - s * y, d * y * z + s * x, c + d * z * z];
}

function product(a, b) {
  return a.map((_, k) => {
    const row = 3 * Math.floor(k / 3), column = k % 3;
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

function times(a, [x, y, z]) {
  return [0, 3, 6].map((row) => a[row] * x + a[row + 1] * y + a[row + 2] * z);
}

/** The rotation near a linear map: its columns made upright one after the other. */
function upright(linear) {
  const column = (k) => [linear[k], linear[k + 3], linear[k + 6]];
  const unit = (v) => v.map((value) => value / (Math.hypot(...v) || 1));
  const x = unit(column(0));
  const along = column(1).reduce((sum, value, i) => sum + value * x[i], 0);
  const y = unit(column(1).map((value, i) => value - along * x[i]));
  const z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  return [0, 1, 2].flatMap((row) => [x[row], y[row], z[row]]);
}
