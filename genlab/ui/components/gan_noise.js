// Draws of the noise that a generator starts from, and directions in its space.

import { norm, priorDraw, uniforms } from "./latent.js";

/** One draw, Z floats: the same for the same seed, in every browser. */
export function drawNoise({ noise, latentDim }, seed) {
  if (noise !== "uniform") return priorDraw(seed, latentDim);
  const uniform = uniforms(seed);
  return Float32Array.from({ length: latentDim }, () => 2 * uniform() - 1);
}

/** The length that nearly all draws have, as the root of its mean square. */
export function usualLength({ noise, latentDim }) {
  return Math.sqrt(noise === "uniform" ? latentDim / 3 : latentDim);
}

/** Two directions of length 1 at right angles, drawn by a seed. */
export function planeDirections(latentDim, seed) {
  const first = scaled(priorDraw(2 * seed + 1, latentDim));
  const second = priorDraw(2 * seed + 2, latentDim);
  const along = second.reduce((sum, value, i) => sum + value * first[i], 0);
  return [first, scaled(second.map((value, i) => value - along * first[i]))];
}

function scaled(vector) {
  const length = norm(vector) || 1;
  return vector.map((value) => value / length);
}
