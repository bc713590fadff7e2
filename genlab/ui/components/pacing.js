/** How often work is done. */

/** Returns a function that does the work once per animation frame, however often it is called. */
export function oncePerFrame(work) {
  let frame = 0;
  const ask = () => {
    frame ||= requestAnimationFrame((time) => {
      frame = 0;
      work(time);
    });
  };
  ask.cancel = () => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  return ask;
}

/** Draws again once the font of a node is here: until then a canvas shows none of its text. */
export function whenFontComes(node, draw) {
  const { fontFamily } = getComputedStyle(node);
  const faces = [`16px ${fontFamily}`, `600 16px ${fontFamily}`];
  if (faces.every((face) => document.fonts.check(face))) return;
  Promise.all(faces.map((face) => document.fonts.load(face))).then(draw, () => {});
}

/** Returns a function that does the work once no call has come for `delay` milliseconds. */
export function whenQuiet(work, delay) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), delay);
  };
}
