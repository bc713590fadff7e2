// EM under the hand: the source glides onto the target, step by step, one film or two in lockstep.
//
// data: {version, play, clouds: {key, axes, source, target, partner, middle}, films: as
// explore/registration_film.py packs them, with title; model, truth, view: {at, layers, yaw, pitch,
// start}, ink, ready: title -> ink, or null unless a drawing is asked for}.
// What a hand does is told as "look" once it rests: {version, at, layers, yaw, pitch, start, ink}.

import { element } from "./dom.js";
import { oncePerFrame, whenQuiet } from "./pacing.js";
import { coloursOf } from "./plane_colours.js";
import { Curves } from "./registration_curves.js";
import { Film, moveInto, numbers } from "./registration_film.js";
import { Hand } from "./registration_hand.js";
import { allLines, Matches } from "./registration_match.js";
import { cloudPainter } from "./registration_painter.js";
import { Pose } from "./registration_pose.js";
import { Scene } from "./registration_scene.js";
import { momentWords, Transport } from "./registration_transport.js";

const REST_MS = 350;
const SECONDS = 1.1; // of a step in which the points go far
const BRIEFEST = 0.1; // of that, where they hardly move
const FAR = 0.06; // of the target's size is far
const MATCH_MS = 5; // of each frame may go to finding matches
const OPENING = 0.5; // the moment of a fresh page: the first matches
const LIVE_PAIRS = 400_000; // up to here the matches follow a hand on the cloud

const instances = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let instance = instances.get(parentElement);
  if (!instance) {
    instance = new Theatre(parentElement.querySelector(".genlab-root"));
    instances.set(parentElement, instance);
  }
  instance.receive(data, (look) => setStateValue("look", look));
  return () => {
    instance.close();
    instances.delete(parentElement);
  };
}

class Theatre {
  constructor(root) {
    Object.assign(this, { root, time: 0, playing: false, stop: Infinity, mode: "move", hands: 0 });
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.askFrame = oncePerFrame((now) => this.frame(now));
    this.askReport = whenQuiet(() => this.report(), REST_MS);
    this.askRelease = whenQuiet(() => this.tell({ start: this.pose.start, at: null }), REST_MS);
    this.transport = new Transport({
      toggle: () => (this.playing ? this.pause() : this.play()),
      step: (which) => this.step(which),
      to: (time) => this.to(time),
      layer: (name, on) => this.layer(name, on),
      mode: (name) => this.setMode(name),
      home: () => this.tell({ start: [], at: null }),
    });
    this.curves = new Curves((step) => this.to(Math.round(2 * step) / 2));
    this.scenes = [new Scene("first"), new Scene("second")];
    for (const scene of this.scenes) new Hand(scene, this.actsOn(scene));
    this.figures = element("p", { class: "figures" });
    this.status = element("p", { class: "spoken", role: "status", "aria-live": "polite" });
    this.drawing = element("div");
    this.stage = element("div", { class: "stage" }, ...this.scenes.map((scene) => scene.element),
      this.curves.element);
    root.replaceChildren(element("div", { class: "theatre" }, this.drawing,
      this.transport.element, this.figures, this.stage, this.status));
    this.observer = new ResizeObserver(() => this.askFrame());
    this.observer.observe(this.stage);
  }

  close() {
    this.closed = true;
    this.askFrame.cancel();
    this.observer.disconnect();
    this.curves.close();
  }

  // Data from Python

  receive(data, send) {
    Object.assign(this, { send, colours: coloursOf(this.root) });
    this.root.style.colorScheme = this.colours.dark ? "dark" : "light";
    if (this.version === data.version) {
      this.curves.redraw();
      this.askFrame();
      return;
    }
    this.version = data.version;
    this.told = null;
    const { clouds, view } = data;
    if (this.clouds?.key !== clouds.key) {
      this.clouds = { ...clouds, source: numbers(clouds.source.points),
        target: numbers(clouds.target.points) };
    }
    this.films = data.films.map((film) => new Film(film, this.clouds.source));
    this.matches = this.films.map(() => new Matches(this.clouds.source, this.clouds.target));
    this.shown = this.films.map(() => null);
    this.films.forEach((film, i) => this.scenes[i].show(film, this.clouds));
    this.scenes[1].element.hidden = this.films.length < 2;
    this.stage.dataset.films = this.films.length;
    this.pose = null;
    this.started = view.start.length > 0;
    this.layers = new Set(view.layers);
    Object.assign(this, { yaw: view.yaw, pitch: view.pitch });
    this.transport.fit({ axes: clouds.axes, known: clouds.partner.some((target) => target >= 0) });
    if (clouds.axes === 2 && this.mode === "view") this.mode = "move";
    if (clouds.axes === 3 && this.axes !== 3) this.mode = "view";
    this.axes = clouds.axes;
    this.curves.show(this.films, { axes: clouds.axes, model: data.model, truth: data.truth });
    this.end = Math.max(...this.films.map((film) => film.end));
    this.measure();
    this.adoptDrawing(data);
    this.playing = false;
    const still = this.still.matches;
    this.time = view.at ?? (data.play && still ? this.end : data.play ? 0 : OPENING);
    this.time = Math.min(this.end, this.time);
    if (view.at === null && data.play && !still) this.play();
    this.describe();
    this.askFrame();
  }

  adoptDrawing({ ready, ink }) {
    if (!ready) {
      this.painter = null;
      this.drawing.replaceChildren();
      return;
    }
    if (!this.painter) {
      this.painter = cloudPainter(ready, (drawn) => this.tell({ ink: drawn, at: null }));
      this.drawing.replaceChildren(this.painter.element);
    }
    this.painter.read(ink);
  }

  /** How long each step is to take: where points hardly move, it is brief. */
  measure() {
    const { target } = this.clouds;
    const sides = [0, 1, 2].map((axis) => {
      let low = Infinity, high = -Infinity;
      for (let k = axis; k < target.length; k += 3) {
        low = Math.min(low, target[k]);
        high = Math.max(high, target[k]);
      }
      return high - low;
    });
    const far = FAR * (Math.hypot(...sides) || 1);
    this.paces = Array.from({ length: Math.ceil(this.end) }, (_, k) => {
      const ways = this.films.map((film) => {
        if (k + 1 >= film.count) return 0;
        const before = Float32Array.from(film.moved(k)), after = film.moved(k + 1);
        let sum = 0;
        for (let i = 0; i < after.length; i += 1) sum += (after[i] - before[i]) ** 2;
        return Math.sqrt((3 * sum) / after.length);
      });
      return SECONDS * Math.max(BRIEFEST, Math.min(1, Math.max(...ways) / far));
    });
  }

  // Time

  play(stop = Infinity) {
    if (this.time >= this.end) this.time = 0;
    Object.assign(this, { playing: true, stop: Math.min(stop, this.end), drawn: null, pose: null });
    this.askFrame();
  }

  pause() {
    this.to(Math.round(2 * this.time) / 2);
  }

  to(time) {
    Object.assign(this, { playing: false, pose: null });
    this.time = Math.max(0, Math.min(this.end, time));
    this.askFrame();
    this.askReport();
  }

  /** On to the end of the next E or M step. */
  step(which) {
    const now = Math.round(2 * this.time) / 2 + 1e-6;
    const next = which === "E" ? Math.floor(now + 0.5) + 0.5 : Math.floor(now) + 1;
    if (next > this.end) return this.to(this.end);
    if (this.still.matches) return this.to(next);
    this.play(next);
  }

  advance(now) {
    const seconds = this.drawn === null ? 0 : Math.min(0.25, (now - this.drawn) / 1000);
    if (this.still.matches) {
      if (this.drawn !== null && now - this.drawn < 500) return;
      this.time += this.drawn === null ? 0 : 0.5;
    } else {
      const slow = Number.isFinite(this.stop) && this.stop < this.end;
      const pace = this.paces[Math.floor(this.time)] ?? SECONDS * BRIEFEST;
      this.time += (seconds * this.transport.pace) / (slow ? SECONDS : pace);
    }
    this.drawn = now;
    if (this.time >= this.stop) this.to(this.stop);
  }

  // Drawing

  frame(now) {
    if (this.closed || !this.films) return;
    const begun = performance.now();
    if (this.playing) this.advance(now);
    const until = performance.now() + MATCH_MS;
    const waiting = this.films.map((film, i) => this.drawFilm(film, i, until)).includes(true);
    this.curves.moveCursor(Math.max(...this.films.map((film) => film.moment(this.time))));
    this.transport.draw({ ...this, moved: this.started || this.pose !== null });
    this.writeFigures();
    Object.assign(this.root.dataset, { time: this.time, playing: this.playing });
    this.root.dataset.frameMs = (performance.now() - begun).toFixed(2);
    if (this.playing || waiting) this.askFrame();
  }

  /** True while its matches are still in the making. */
  drawFilm(film, i, until) {
    const look = { colours: this.colours, layers: this.layers, yaw: this.yaw, pitch: this.pitch,
      time: this.time, strength: 1, handle: null, stamp: null };
    if (this.pose) {
      this.drawPosed(film, i, look);
      return false;
    }
    const { k, phase } = film.placeOf(this.time);
    const found = this.matches[i].find(k, film.matching(k), until);
    this.shown[i] = found ?? this.shown[i];
    look.stamp = `${k} ${film.moment(this.time)}`;
    look.strength = phase <= 0.5 ? 0.2 + 1.6 * phase : 1 - 1.2 * (phase - 0.5);
    if (!this.playing && this.clouds.axes === 2 && i === 0) {
      look.handle = Pose.of(film, this.time, 2, this.clouds.middle);
    }
    this.scenes[i].draw(film.moved(this.time), this.shown[i], look);
    return !found;
  }

  /** The source in a hand: its matches follow, where there are not too many. */
  drawPosed(film, i, look) {
    const { source, target, axes } = this.clouds;
    const { linear, translation } = this.pose;
    const moved = moveInto(new Float32Array(source.length), source, linear, translation);
    const matching = { ...film.matching(0), linear, translation };
    const few = (source.length / 3) * (target.length / 3) <= LIVE_PAIRS;
    const lines = few && look.layers.has("lines") ? allLines(matching, source, target) : null;
    look.layers = new Set([...look.layers].filter((name) => name !== "trail"));
    if (axes === 2) look.handle = this.pose;
    this.scenes[i].draw(moved, lines, look);
  }

  writeFigures() {
    const words = this.pose ? `Start: T (${this.pose.shift.slice(0, this.axes).map((v) => short(v)).join(", ")})${
      this.axes === 2 ? `, turned ${short(this.pose.degrees)}\u00b0` : ""}`
      : this.films.map((film) => this.words(film)).join("   |   ");
    if (this.figures.textContent !== words) this.figures.textContent = words;
  }

  words(film) {
    const { k } = film.placeOf(this.time);
    const one = (name) => film.of(name, k)[0];
    const parts = [`T (${Array.from(film.of("shift", k)).slice(0, this.axes).map((v) => short(v)).join(", ")})`];
    if (Math.abs(one("degrees")) > 0.005) parts.push(`turned ${short(one("degrees"))}\u00b0`);
    if (Math.abs(one("scale") - 1) > 5e-4) parts.push(`scale ${short(one("scale"))}`);
    if (!film.hard) parts.push(`\u03c3 ${short(one("sigma"))}`, `${short(one("log_likelihood"), 1)} nats`);
    parts.push(`rms ${short(one("rms"), 3)}`);
    return (this.films.length > 1 ? `${film.title}: ` : "") + parts.join(" \u00b7 ");
  }

  // Hands

  actsOn(scene) {
    return {
      mode: () => this.mode,
      shown: () => this.pose ?? Pose.of(scene.film, this.time, this.axes, this.clouds.middle),
      pose: () => this.takeUp(scene),
      changed: () => this.askFrame(),
      released: () => this.askRelease(),
      orbit: (yaw, pitch) => this.orbit(yaw, pitch),
      rested: () => this.askReport(),
      key: (key) => this.key(key),
    };
  }

  /** The cloud as it is shown becomes the start. */
  takeUp(scene) {
    this.playing = false;
    this.pose ??= Pose.of(scene.film, this.time, this.axes, this.clouds.middle);
    return this.pose;
  }

  orbit(yaw, pitch) {
    this.yaw = ((((this.yaw + yaw + 180) % 360) + 360) % 360) - 180;
    this.pitch = Math.max(-90, Math.min(90, this.pitch + pitch));
    this.askFrame();
  }

  /** Whether the key means something. */
  key(key) {
    const act = {
      " ": () => (this.playing ? this.pause() : this.play()),
      e: () => this.step("E"),
      m: () => this.step("M"),
      Home: () => this.to(0),
      End: () => this.to(this.end),
    }[key];
    act?.();
    return act !== undefined;
  }

  setMode(name) {
    this.mode = name;
    this.askFrame();
  }

  layer(name, on) {
    this.layers[on ? "add" : "delete"](name);
    this.askFrame();
    this.askReport();
  }

  // What Python is told

  report() {
    if (this.closed || this.playing || this.pose || !this.films) return;
    this.describe();
    this.tell({ at: this.time });
  }

  describe() {
    const words = `${momentWords(this.time, this.end)}. ${this.films.map((f) => this.words(f)).join(". ")}`;
    this.status.textContent = words;
    for (const scene of this.scenes) {
      scene.canvas.setAttribute("aria-label", `${words}. Arrow keys move the source, [ and ] turn `
        + "it, Space plays, e and m step.");
    }
  }

  tell(extra) {
    const message = { version: this.version, layers: [...this.layers],
      yaw: Math.round(this.yaw), pitch: Math.round(this.pitch), ...extra };
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.send(message);
  }
}

function short(value, digits = 2) {
  return (Number.isFinite(value) ? value.toFixed(digits) : "\u2013").replace("-", "\u2212");
}
