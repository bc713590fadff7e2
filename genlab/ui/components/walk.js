// A walk between two test images: the straight and the spherical strip one above the other, a
// scrubber, and an animation that goes back and forth.

import { element } from "./dom.js";
import { norm, spherical, straight } from "./latent.js";
import { Strip } from "./strip.js";

export const WAYS = { straight, spherical };
const STOPS = 12;
const ONE_WAY_MS = 3000;
const STILL_MS = 700; // a stop's length where the visitor prefers reduced motion
const TITLES = { straight: "Straight (lerp)", spherical: "Spherical (slerp)" };

export class Walk {
  /**
   * picker: chooses the other image; onWalk(way, t): the walk moves the view; onRest(): it pauses.
   */
  constructor({ picker, decode, side, onWalk, onRest }) {
    Object.assign(this, { picker, decode, side, onWalk, onRest });
    Object.assign(this, { way: "spherical", t: 0, playing: false });
    this.strips = Object.fromEntries(Object.keys(WAYS).map((way) => [way, new Strip({
      name: TITLES[way], captions: Array(STOPS).fill(""),
      onPick: (i) => this.go(way, i / (STOPS - 1)),
    })]));
    this.button = element("button", {
      type: "button", class: "primary", onclick: () => this.toggle(),
    }, "Play");
    this.scrub = element("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0,
      "aria-label": "Place on the walk, 0 at the start image, 1 at the other",
      oninput: () => this.go(this.way, Number(this.scrub.value)) });
    this.radios = Object.fromEntries(Object.keys(WAYS).map((way) => [way, element("input", {
      type: "radio", name: "way", value: way, onchange: () => this.go(way, this.t) })]));
    this.element = element("section", { class: "walk" }, picker.element,
      element("div", { class: "controls" }, this.button,
        element("span", {}, "start"), this.scrub, element("span", {}, "other"),
        ...Object.keys(WAYS).map((way) =>
          element("label", {}, this.radios[way], ` ${TITLES[way]}`))),
      ...Object.keys(WAYS).map((way) => element("div", { class: "way" },
        element("h3", {}, TITLES[way]), this.strips[way].element)),
      element("p", { class: "note" },
        "Under each picture: its distance \u2016z\u2016 from the prior mean. ",
        "The straight way cuts through the inside, where the prior puts little mass."));
  }

  /** Move the view to a share t of one way; any hand on the walk ends the animation's own pace. */
  go(way, t) {
    this.pause();
    this.step(way, t);
  }

  step(way, t) {
    Object.assign(this, { way, t });
    this.onWalk(way, t);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    this.playing = true;
    this.button.textContent = "Pause";
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const begun = performance.now() - this.t * ONE_WAY_MS;
    const frame = (now) => {
      if (!this.playing) return;
      this.step(this.way, still ? stop(now - begun) : backAndForth((now - begun) / ONE_WAY_MS));
      this.request = requestAnimationFrame(frame);
    };
    this.request = requestAnimationFrame(frame);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.button.textContent = "Play";
    cancelAnimationFrame(this.request);
    this.onRest();
  }

  /** Decode both strips between two latents. */
  drawStrips(from, to, label) {
    for (const [way, move] of Object.entries(WAYS)) {
      for (let i = 0; i < STOPS; i++) {
        const z = move(from, to, i / (STOPS - 1));
        this.strips[way].paint(i, this.decode(z, label), this.side);
        this.strips[way].caption(i, `\u2016z\u2016 ${norm(z).toFixed(1)}`);
      }
    }
  }

  /** Show where the view stands: on the walk, or (walking false) off it. */
  drawPlace(walking) {
    for (const way of Object.keys(WAYS)) {
      this.strips[way].mark(walking && way === this.way ? Math.round(this.t * (STOPS - 1)) : null);
      this.radios[way].checked = way === this.way;
    }
    this.scrub.value = this.t;
    this.element.dataset.t = this.t.toFixed(3);
  }
}

/** 0 to 1 and back as time goes evenly from 0 to 2. */
function backAndForth(time) {
  const phase = ((time % 2) + 2) % 2;
  return phase <= 1 ? phase : 2 - phase;
}

/** The same in steps: the stop at which a walk without motion stands after so long. */
function stop(milliseconds) {
  return backAndForth(Math.floor(milliseconds / STILL_MS) / (STOPS - 1));
}
