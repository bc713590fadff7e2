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

/** Returns a function that does the work once no call has come for `delay` milliseconds. */
export function whenQuiet(work, delay) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), delay);
  };
}
