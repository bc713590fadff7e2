// The colours of GANs in the plane: blue for the target and "real", orange for the fakes, on
// whatever the theme puts behind them.

export const REAL = "#3f90da";
export const FAKE = "#ffa90e";
const DEEPEST = 0.72; // how much of its colour the surest opinion shows

/** Colours of the present theme; table: 256 RGBA words from fake over undecided to real. */
export function coloursOf(root) {
  const style = getComputedStyle(root);
  const probe = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const back = rgb(probe("--st-background-color", "#ffffff"));
  const text = rgb(probe("--st-text-color", "#31333f"));
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i += 1) {
    const sure = Math.abs(i / 127.5 - 1) ** 0.85 * DEEPEST;
    table[i] = word(mixed(back, rgb(i < 127.5 ? FAKE : REAL), sure));
  }
  const dark = back[0] + back[1] + back[2] < 384;
  return { table, back, text, dark, css: (alpha) => `rgb(${text.join(" ")} / ${alpha})` };
}

/** A word of ImageData, on a machine that keeps the low byte first. */
export function word([red, green, blue]) {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

export function mixed(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
}

/** "#rgb", "#rrggbb" or "rgb(...)" to three numbers. */
export function rgb(colour) {
  if (!colour.startsWith("#")) return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  const digits = colour.length < 7 ? [...colour.slice(1)].map((d) => d + d).join("") : colour.slice(1);
  return [0, 2, 4].map((start) => parseInt(digits.slice(start, start + 2), 16));
}
