// The GAN theatre: films of one to four runs under one cursor, and what their generators make.
//
// Everything that a hand moves is drawn here; Python is told the view when the hand rests. The view
// is that of genlab/ui/gan_view.py, TheatreView: at is a moment of the clock ("updates" or "images"
// seen), tile and other are numbers of noises.

import { element } from "./dom.js";
import { FilmClock } from "./film_clock.js";
import { Film, fetchMessage } from "./film_data.js";
import { Hall } from "./film_hall.js";
import { GeneratorDesk } from "./gan_desk.js";
import { oncePerFrame, whenQuiet } from "./pacing.js";

const REST_MS = 250; // a hand that has not moved for so long rests
const TYPING = "input[type=number], select, textarea, .surface";

const instances = new WeakMap(); // parentElement -> Theatre

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let theatre = instances.get(parentElement);
  if (!theatre) {
    theatre = new Theatre(parentElement.querySelector(".genlab-root"));
    instances.set(parentElement, theatre);
  }
  theatre.tell = (view) => setStateValue("view", view);
  theatre.tellEnded = (key) => setTriggerValue("ended", key);
  theatre.receive(data);
  return () => {
    theatre.close();
    instances.delete(parentElement);
  };
}

class Theatre {
  constructor(root) {
    Object.assign(this, { root, films: new Map(), hall: null, view: null, pressed: false });
    this.clock = new FilmClock({
      onMove: (at) => this.change({ at }),
      onPause: () => this.change({}),
    });
    this.askFrame = oncePerFrame(() => this.frame());
    this.askReport = whenQuiet(() => this.report(), REST_MS);
    this.press = () => {
      this.pressed = true;
    };
    this.release = () => {
      if (this.pressed) this.askReport();
      this.pressed = false;
    };
    root.addEventListener("pointerdown", this.press);
    root.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("pointerup", this.release);
    window.addEventListener("pointercancel", this.release);
  }

  close() {
    this.closed = true;
    this.clock.pause();
    this.clear();
    this.askFrame.cancel();
    this.root.removeEventListener("pointerdown", this.press);
    window.removeEventListener("pointerup", this.release);
    window.removeEventListener("pointercancel", this.release);
  }

  clear() {
    this.hall?.close();
    this.desk?.close();
    this.hall = null;
  }

  /** Data from Python: other films are loaded; its view is taken where its version is new. */
  async receive(data) {
    const before = this.data;
    this.data = data;
    const urls = (some) => JSON.stringify(some?.films.map(({ key, url }) => [key, url]));
    if (urls(before) !== urls(data)) await this.show(data);
    else if (this.hall && data.version !== this.version) this.adopt();
    else if (this.hall && this.ink() !== this.drawnIn) this.takeFilms(); // light or dark
  }

  async show(data) {
    this.clock.pause();
    if (!this.hall) {
      const waiting = element("p", { class: "loading", role: "status" }, "Loading the films\u2026");
      this.root.replaceChildren(waiting);
    }
    try {
      const films = await Promise.all(data.films.map((one) => this.load(one)));
      if (!this.closed && data === this.data) this.build(data, films);
    } catch (error) {
      if (data !== this.data) return;
      this.clear();
      this.data = null; // the same data may try again
      this.root.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  /** Promise of a Film; of a run it is fetched once, of a job as far as it has come. */
  load({ key, title, url, live }) {
    const known = live ? key : url;
    if (!this.films.has(known)) {
      const promise = fetchMessage(live ? `${url}?after=-1&seen=0` : url).then((message) => {
        const film = new Film();
        film.append(message);
        return film;
      }, (error) => {
        this.films.delete(known);
        throw new Error(`${title}: ${error.message}`);
      });
      this.films.set(known, promise);
    }
    return this.films.get(known);
  }

  build(data, films) {
    this.clear();
    this.hall = new Hall(data.films, films, data.classes, {
      toggle: () => this.toggle(),
      step: (steps) => this.step(steps),
      scrub: (when) => this.scrub(when),
      scrubToStop: (i) => this.scrub(this.clock.stops[i]),
      change: (patch) => this.change(patch),
      enlarge: () => this.enlarge(),
      news: () => this.takeNews(),
      ended: (key) => this.tellEnded(key),
      clock: () => this.view.clock,
    });
    this.desk = new GeneratorDesk({ change: (patch) => this.change(patch),
      noiseOf: (key, tile) => this.hall.filmOf(key).noiseOf(tile) });
    this.desk.show(this.hall.screenings.filter((one) => one.generator));
    this.root.replaceChildren(this.hall.element, this.desk.element);
    this.adopt();
  }

  /** Take over the view that Python imposes; an open moment is the end. */
  adopt() {
    const { view, version } = this.data;
    this.version = version;
    this.view = { ...view };
    this.takeFilms();
    const noises = Math.min(...this.hall.running.map(({ film }) => film.noises));
    for (const name of ["tile", "other"]) this.view[name] = Math.min(this.view[name], noises - 1);
    this.change({ at: view.at ?? this.clock.last });
  }

  takeFilms() {
    this.clock.setFilms(this.hall.running.map(({ film }) => film), this.view.clock);
    this.hall.takeFilms(this.view);
    this.shownAs = `${this.view.clock} ${this.view.bent}`;
    this.drawnIn = this.ink();
  }

  ink() {
    return getComputedStyle(this.root).color;
  }

  /** New frames of a film that is being shot; a cursor at the end stays at the end. */
  takeNews() {
    const atEnd = this.view.at >= this.clock.last;
    this.takeFilms();
    this.change(atEnd && !this.clock.playing ? { at: this.clock.last } : {});
  }

  toggle() {
    if (this.clock.playing) this.clock.pause();
    else this.clock.play(this.view.at);
    this.askFrame();
  }

  step(steps) {
    this.scrub(this.clock.stopFrom(this.view.at, steps));
  }

  scrub(at) {
    this.clock.pause();
    this.change({ at });
  }

  enlarge() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.hall.element.requestFullscreen?.();
  }

  key(event) {
    const { target } = event;
    if (target.closest(TYPING) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.hall?.element.contains(target)) return;
    const acts = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.scrub(0),
      End: () => this.scrub(this.clock.last),
      f: () => this.enlarge(),
    };
    if (!target.closest("button, input[type=checkbox]")) acts[" "] = () => this.toggle();
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  change(patch) {
    const { view } = this;
    if (patch.clock && patch.clock !== view.clock) {
      this.clock.pause();
      const { film } = this.hall.screenings[0];
      const same = film.translated(view.at, view.clock, patch.clock);
      patch = { ...patch, at: view.at >= this.clock.last ? Infinity : same };
    }
    Object.assign(view, patch);
    if (this.shownAs !== `${view.clock} ${view.bent}`) this.takeFilms(); // the next key needs them
    view.at = Math.min(view.at, this.clock.last);
    this.askFrame();
    this.askReport();
  }

  frame() {
    const { view } = this;
    if (!view || !this.hall) return;
    const begun = performance.now();
    this.clock.speed = view.speed;
    this.hall.draw(view, this.clock);
    this.desk.update(view);
    this.hall.element.dataset.at = view.at;
    this.hall.element.dataset.drawMs = (performance.now() - begun).toFixed(2);
  }

  /** Tell Python, once the hand rests. */
  report() {
    if (this.closed || !this.hall || this.pressed) return;
    if (this.clock.playing || this.desk.moving) return;
    const message = { ...this.view, version: this.version };
    if (this.view.at >= this.clock.last) message.at = null; // the end, wherever it will be
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.tell(message);
  }
}
