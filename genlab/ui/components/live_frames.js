/**
 * Frames of a live t-SNE, polled from the server while it runs.
 *
 * A frame is 16 bytes, little-endian (uint32 iteration, uint32 total, uint32 state, float32 KL),
 * then the coordinates, N times two float32, unless nothing is newer than what was asked for.
 */

const STATES = ["waiting", "running", "done", "stopped"];
const HEADER_BYTES = 16;
const PATIENCE = [300, 1000, 3000]; // milliseconds before asking again after a failure; then none

/**
 * Asks url?after=<iteration> until the run has ended, then calls onEnd().
 *
 * pause: milliseconds between two questions; wanted(): false ends it silently;
 * onFrame({ iteration, total, state, kl, coordinates or null }); onError(sentence).
 * Returns a function that stops asking.
 */
export function followLive(url, { pause, wanted, onFrame, onEnd, onError }) {
  const abort = new AbortController();
  follow().catch((error) => abort.signal.aborted || onError(error.message));
  return () => abort.abort();

  async function follow() {
    let newest = -1;
    while (wanted() && !abort.signal.aborted) {
      const frame = await fetchPatiently(url, newest, abort.signal);
      if (frame.coordinates) newest = frame.iteration;
      onFrame(frame);
      if (frame.state === "done" || frame.state === "stopped") return onEnd();
      await wait(document.hidden ? 1000 : pause);
    }
  }
}

/** A connection that broke is tried again; an answer that says no is final. */
async function fetchPatiently(url, after, signal) {
  const address = new URL(url, document.baseURI);
  address.searchParams.set("after", after);
  for (const delay of [...PATIENCE, null]) {
    let response;
    try {
      response = await fetch(address, { signal });
    } catch (error) {
      if (signal.aborted || delay === null) throw error;
      await wait(delay);
      continue;
    }
    if (response.ok) return readFrame(await response.arrayBuffer());
    throw new Error((await response.text()).trim() || "The live map is gone; start it again.");
  }
}

function readFrame(buffer) {
  const header = new DataView(buffer);
  return {
    iteration: header.getUint32(0, true),
    total: header.getUint32(4, true),
    state: STATES[header.getUint32(8, true)],
    kl: header.getFloat32(12, true),
    coordinates:
      buffer.byteLength > HEADER_BYTES ? new Float32Array(buffer, HEADER_BYTES) : null,
  };
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
