// Arithmetic in the latent space: norms, the prior, walks. A z is a Float32Array of Z floats;
// the prior is N(0, I), so one unit is one prior standard deviation.

export function norm(z) {
  return Math.sqrt(z.reduce((sum, value) => sum + value * value, 0));
}

/** The steps values from -span to span that a traversal visits. */
export function traversalValues(span, steps) {
  return Array.from({ length: steps }, (_, i) => -span + (2 * span * i) / (steps - 1));
}

/** A copy of z with one dimension replaced. */
export function withDimension(z, dimension, value) {
  const moved = Float32Array.from(z);
  moved[dimension] = value;
  return moved;
}

/** The point a share t in [0, 1] of the way from one z to another, along the line. */
export function straight(from, to, t) {
  return from.map((value, i) => (1 - t) * value + t * to[i]);
}

/**
 * The same along an arc: the direction turns at an even angle (slerp, Shoemake 1985) while the
 * length goes evenly from one to the other. Falls back to the line where no turn is defined.
 */
export function spherical(from, to, t) {
  const lengths = [norm(from), norm(to)];
  if (Math.min(...lengths) < 1e-9) return straight(from, to, t);
  let cosine = 0;
  for (let i = 0; i < from.length; i++) cosine += (from[i] / lengths[0]) * (to[i] / lengths[1]);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (Math.sin(angle) < 1e-6) return straight(from, to, t);
  const length = (1 - t) * lengths[0] + t * lengths[1];
  const a = (length * Math.sin((1 - t) * angle)) / (Math.sin(angle) * lengths[0]);
  const b = (length * Math.sin(t * angle)) / (Math.sin(angle) * lengths[1]);
  return from.map((value, i) => a * value + b * to[i]);
}

/** temperature * eps with eps ~ N(0, I): the same for the same seed, in every browser. */
export function priorDraw(seed, dimensions, temperature = 1) {
  const uniform = uniforms(seed);
  return Float32Array.from({ length: dimensions }, () => {
    // Box & Muller 1958; 1 - u keeps the logarithm away from zero
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return temperature * radius * Math.cos(2 * Math.PI * uniform());
  });
}

/** Numbers in [0, 1) by xorshift32 (Marsaglia 2003); the first few only mix the seed in. */
export function uniforms(seed) {
  let state = Math.imul(seed + 1, 2654435761) | 0 || 1; // zero would stay zero
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) next();
  return next;
}

/** A number as text with a typographic minus. */
export function signed(value, decimals = 2) {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}
