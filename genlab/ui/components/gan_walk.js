// A walk between the noises of two tiles: the straight and the spherical way as strips, a place to
// scrub, and an animation that goes there and back.

import { element } from "./dom.js";
import { norm, spherical, straight } from "./latent.js";
import { paint } from "./mlp.js";
import { Strip } from "./strip.js";

const WAYS = { straight, spherical };
const TITLES = { straight: "Straight", spherical: "Along the arc" };
const STOPS = 12, SIDE = 28;
const ONE_WAY_MS = 3000;

export class NoiseWalk {
  /** change(patch): t is the share of the way, way its kind. onRest(): the animation has ended. */
  constructor(change, onRest) {
    Object.assign(this, { change, onRest, moving: false });
    this.strips = Object.fromEntries(Object.keys(WAYS).map((way) => [way, new Strip({
      name: TITLES[way], captions: Array(STOPS).fill(""),
      onPick: (i) => this.go(i / (STOPS - 1), way) })]));
    this.button = element("button", { type: "button", class: "primary",
      onclick: () => (this.moving ? this.pause() : this.play()) }, "Play");
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, class: "scrub",
      "aria-label": "Place on the walk, 0 at the first noise, 1 at the second",
      onkeydown: (event) => event.stopPropagation(),
      oninput: () => this.go(Number(this.slider.value), this.way) });
    this.now = element("canvas", { class: "crisp", role: "img",
      "aria-label": "What the generator makes on the way" });
    this.ends = element("p", { class: "note" });
    this.element = element("div", { class: "walk" }, this.now,
      element("div", { class: "beside" },
        element("div", { class: "line" }, this.button, this.slider), this.ends,
        ...Object.keys(WAYS).flatMap((way) => [
          element("h4", {}, TITLES[way]), this.strips[way].element])));
  }

  go(t, way) {
    this.pause();
    this.change({ t, way });
  }

  play() {
    this.moving = true;
    this.button.textContent = "Pause";
    const begun = performance.now() - (this.t ?? 0) * ONE_WAY_MS;
    const slow = matchMedia("(prefers-reduced-motion: reduce)").matches ? 3 : 1;
    const frame = (now) => {
      if (!this.moving) return;
      const phase = ((now - begun) / (slow * ONE_WAY_MS)) % 2;
      this.change({ t: phase <= 1 ? phase : 2 - phase, way: this.way });
      this.request = requestAnimationFrame(frame);
    };
    this.request = requestAnimationFrame(frame);
  }

  pause() {
    if (!this.moving) return;
    this.moving = false;
    this.button.textContent = "Play";
    cancelAnimationFrame(this.request);
    this.onRest();
  }

  /** Show the view; from and to: the noises of its two tiles. */
  draw({ t, way, tile, other }, generator, from, to) {
    const key = `${tile} ${other}`;
    if (this.generator !== generator || this.shown !== key) {
      Object.assign(this, { generator, shown: key, from, to, left: 2 * STOPS });
      this.ends.textContent = `From noise ${tile} to noise ${other}. Under each picture the length `
        + "\u2016z\u2016: the straight way cuts through the inside, where hardly any draw lies.";
    }
    Object.assign(this, { t, way });
    paint(this.now, generator.generate(WAYS[way](from, to, t)), SIDE);
    this.slider.value = t;
    for (const [name, strip] of Object.entries(this.strips)) {
      strip.mark(name === way ? Math.round(t * (STOPS - 1)) : null);
    }
    this.element.dataset.t = t.toFixed(3);
  }

  drawUntil(deadline) {
    do {
      if (this.left <= 0) break;
      this.left--;
      const way = this.left < STOPS ? "straight" : "spherical";
      const i = this.left % STOPS;
      const z = WAYS[way](this.from, this.to, i / (STOPS - 1));
      this.strips[way].paint(i, this.generator.generate(z), SIDE);
      this.strips[way].caption(i, norm(z).toFixed(1));
    } while (performance.now() < deadline);
    return this.left > 0;
  }
}
