// The axes of an embedding's plane have no direction of their own: a film that is still being shot
// may come back turned or mirrored.

/**
 * The places turned, and mirrored if need be, so that the last frame that is known stays where it
 * was, as nearly as it can (orthogonal Procrustes in the plane).
 *
 * places, known: x and y of M images of one frame after the other; places has all frames of known
 * and more, else it is given back as it is.
 */
export function turned(places, known, M) {
  const start = known.length - 2 * M;
  if (start < 0 || places.length < known.length) return places;
  let [xx, xy, yx, yy] = [0, 0, 0, 0]; // of the known and the new places
  for (let i = start; i < known.length; i += 2) {
    xx += known[i] * places[i];
    xy += known[i] * places[i + 1];
    yx += known[i + 1] * places[i];
    yy += known[i + 1] * places[i + 1];
  }
  const turn = [xx + yy, yx - xy], mirror = [xx - yy, yx + xy];
  const mirrored = Math.hypot(...mirror) > Math.hypot(...turn);
  const [c, s] = mirrored ? mirror : turn, size = Math.hypot(c, s);
  if (!size) return places;
  const [cos, sin, sign] = [c / size, s / size, mirrored ? -1 : 1];
  const result = new Float32Array(places.length);
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [places[i], sign * places[i + 1]];
    result[i] = cos * x - sin * y;
    result[i + 1] = sin * x + cos * y;
  }
  return result;
}
