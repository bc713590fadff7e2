/** A map that follows a t-SNE while it runs: step, KL and a Stop button stand in its header. */

import { element } from "./dom.js";
import { followLive } from "./live_frames.js";

const GLIDE = [60, 500]; // shortest and longest glide from one frame to the next, milliseconds

export class LiveMap {
  /** view: the ScatterView; calm: fewer frames and no gliding; onStop(): the visitor wants it. */
  constructor(view, url, { calm, onStop }) {
    this.url = url;
    this.view = view;
    this.words = element("span");
    this.button = element("button", { type: "button", class: "small" }, "Stop");
    this.button.onclick = () => {
      this.button.disabled = true;
      onStop();
    };
    view.live.replaceChildren(this.words, this.button);
    view.live.hidden = false;
    view.plot.dataset.live = "waiting";
    this.calm = calm;
    this.moved = false; // whether a frame has come
    this.lastFrame = performance.now();
    this.stopAsking = followLive(url, {
      pause: calm ? 1000 : 50,
      wanted: () => view.node.isConnected,
      onFrame: (frame) => this.show(frame),
      onEnd: () => this.button.remove(),
      onError: (sentence) => view.showMessage("map", sentence),
    });
  }

  show({ iteration, total, state, kl, coordinates }) {
    this.view.plot.dataset.live = state;
    this.words.textContent = describe(state, iteration, total, kl);
    if (coordinates) this.move(coordinates);
  }

  /** Glides for as long as the server took for the frame, so that the points never stand still. */
  move(coordinates) {
    const now = performance.now();
    const glide = Math.min(GLIDE[1], Math.max(GLIDE[0], now - this.lastFrame));
    this.lastFrame = now;
    this.moved = true;
    this.view.setCoordinates(coordinates, this.calm ? 0 : glide, steady);
  }

  close() {
    this.stopAsking();
    this.view.live.hidden = true;
    delete this.view.plot.dataset.live;
  }
}

function describe(state, iteration, total, kl) {
  if (state === "waiting") return "waiting for its turn";
  if (Number.isNaN(kl)) return "preparing";
  const step = `step ${iteration} of ${total}, KL ${kl.toFixed(2)}`;
  return state === "running" ? step : `${state} at ${step}`;
}

/** No easing: each frame goes on where the last one was going. */
function steady(progress) {
  return progress;
}
