/**
 * The lines at which a grid of values crosses a level (marching squares).
 *
 * values: side * side, row after row; calls line(x0, y0, x1, y1) in steps of the grid, where the
 * value in column i and row j lies at (i, j).
 */
export function contour(values, side, level, line) {
  for (let row = 0; row + 1 < side; row += 1) {
    for (let column = 0; column + 1 < side; column += 1) {
      const at = row * side + column;
      const corners = [values[at], values[at + 1], values[at + side + 1], values[at + side]];
      square(corners.map((value) => value - level), column, row, line);
    }
  }
}

const FLAT = 0.005;
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];

function square(above, column, row, line) {
  if (above.some(Number.isNaN)) return; // nothing is known here
  if (Math.max(...above) - Math.min(...above) < FLAT) return; // as good as on the line everywhere
  const crossings = [];
  for (let edge = 0; edge < 4; edge += 1) {
    const [from, to] = [above[edge], above[(edge + 1) % 4]];
    if (from > 0 === to > 0) continue;
    const share = from / (from - to);
    const [[x0, y0], [x1, y1]] = [CORNERS[edge], CORNERS[(edge + 1) % 4]];
    crossings.push([column + x0 + share * (x1 - x0), row + y0 + share * (y1 - y0)]);
  }
  for (let i = 0; i + 1 < crossings.length; i += 2) line(...crossings[i], ...crossings[i + 1]);
}
