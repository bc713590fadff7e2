// How an embedding came to be: the same held-out images through the training of one to four runs,
// under one cursor with their losses, their mean distances and the margin.
//
// data (see genlab/ui/siamese_film.py): films, each with the URLs of its film and its pictures, and
// live, whether it is still being shot; view.at, the update of the cursor (null: the end), and
// version.

import { element } from "./dom.js";
import { TimeAxis } from "./film_axis.js";
import { Chart } from "./film_chart.js";
import { FilmClock } from "./film_clock.js";
import { fetchMessage } from "./film_data.js";
import { follow, stateWords } from "./film_follow.js";
import { oncePerFrame, whenFontComes, whenQuiet } from "./pacing.js";
import { turned } from "./siamese_axes.js";
import { Screen } from "./siamese_screen.js";

const REST_MS = 250; // a hand that has not moved for so long rests
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const DASH = [5, 4];

const instances = new WeakMap(); // parentElement -> FilmTheatre

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let theatre = instances.get(parentElement);
  if (!theatre) {
    theatre = new FilmTheatre(parentElement.querySelector(".genlab-root"));
    instances.set(parentElement, theatre);
  }
  theatre.tell = (view) => setStateValue("view", view);
  theatre.tellEnded = (run) => setTriggerValue("ended", run);
  theatre.receive(data);
  return () => {
    theatre.close();
    instances.delete(parentElement);
  };
}

class FilmTheatre {
  constructor(root) {
    Object.assign(this, { root, at: 0, screens: [], charts: [], following: [], pressed: false });
    this.clock = new FilmClock({ onMove: (at) => this.move(at), onPause: () => this.rest() });
    this.askFrame = oncePerFrame(() => this.frame());
    this.askReport = whenQuiet(() => this.report(), REST_MS);
    this.press = () => {
      this.pressed = true;
    };
    this.release = () => {
      if (this.pressed) this.askReport();
      this.pressed = false;
    };
    this.keys = (event) => this.key(event);
    root.addEventListener("pointerdown", this.press);
    root.addEventListener("keydown", this.keys);
    window.addEventListener("pointerup", this.release);
    window.addEventListener("pointercancel", this.release);
  }

  close() {
    this.closed = true;
    this.clock.pause();
    this.stopFollowing();
    this.clear();
    this.askFrame.cancel();
    this.root.removeEventListener("pointerdown", this.press);
    this.root.removeEventListener("keydown", this.keys);
    window.removeEventListener("pointerup", this.release);
    window.removeEventListener("pointercancel", this.release);
  }

  clear() {
    for (const part of [...this.screens, ...this.charts]) part.close();
    this.screens = [];
    this.charts = [];
  }

  async receive(data) {
    const before = this.data;
    this.data = data;
    if (JSON.stringify(before?.films) !== JSON.stringify(data.films)) return this.load(data);
    if (!this.films || !this.screens.length) return;
    if (data.version !== this.version) this.adopt();
    else this.redraw(); // light or dark
  }

  async load(data) {
    this.films = null;
    this.stopFollowing();
    if (!this.screens.length) {
      const waiting = element("p", { class: "loading", role: "status" }, "Loading the film\u2026");
      this.root.replaceChildren(waiting);
    }
    try {
      const films = await Promise.all(data.films.map(async (one) =>
        taken({ ...one }, await fetchMessage(one.url))));
      if (this.closed || JSON.stringify(this.data.films) !== JSON.stringify(data.films)) return;
      this.films = films;
      this.build();
      this.following = films.filter(({ live }) => live).map((film) => follow(
        () => `${film.url}?known=${film.version}`, (message) => this.hear(film, message),
        (sentence) => this.say(Object.assign(film, { state: sentence }))));
    } catch (error) {
      if (this.closed) return;
      this.clear();
      this.data = null; // the same data may try again
      this.root.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  stopFollowing() {
    for (const stop of this.following) stop();
    this.following = [];
  }

  /** News of a film that is being shot; true: there will be no more. */
  hear(film, message) {
    const before = film.version, { job } = message.header;
    taken(film, message);
    this.say(film);
    if (film.version !== before && !before) this.admit();
    else if (film.version !== before) this.grow();
    if (job.run) this.tellEnded(job.run);
    return Boolean(job.run) || job.state === "failed";
  }

  /** A film has its first frame; a hand that is on its way stays where it is. */
  admit() {
    const at = this.screens.length && this.at < this.clock.last ? this.at : null;
    this.data = { ...this.data, view: { at } };
    this.build();
  }

  /** Show how the training of a film stands. */
  say(film) {
    this.screens.find((screen) => screen.film === film)?.tell();
    if (this.waiting) this.waiting.textContent = waitingWords(film);
  }

  /** There are more frames: a cursor at the end goes on to the new end, without haste. */
  grow() {
    const follows = this.at >= this.clock.last && !this.pressed;
    this.takeFilms();
    this.redraw();
    if (!follows) return;
    this.clock.play(this.at);
    this.gliding = this.clock.playing;
  }

  takeFilms() {
    this.clock.setFilms(this.running, "updates");
    this.slider.max = this.clock.stops.length - 1;
    for (const screen of this.screens) screen.takeFilm();
  }

  /** The films that have a frame to show. */
  get running() {
    return this.films.filter(({ updates }) => updates.length > 0);
  }

  build() {
    this.clear();
    const films = this.running, count = films.length;
    this.waiting = null;
    if (!count) {
      this.waiting = element("p", { class: "loading", role: "status" },
        waitingWords(this.films[0]));
      this.root.replaceChildren(this.waiting);
      return;
    }
    this.clock.setFilms(films, "updates");
    this.screens = films.map((film) => new Screen(film, this.data.palette));
    const scrub = (at) => this.scrub(at);
    const chart = (name, title, legend = "") => new Chart({ name, title, legend, onScrub: scrub });
    const own = count > 1 ? "dashed: same pairs" : legend();
    this.charts = [chart("loss", "Loss"),
      chart("distances", "Mean distance of the batch's pairs", own),
      chart("error", "Equal error rate of the batch's pairs")];
    this.status = element("p", { class: "spoken", role: "status" });
    this.theatre = element("div", { class: "film", tabindex: "0", "aria-label": "Film" },
      this.transport(),
      element("div", { class: "house", "data-count": count },
        element("div", { class: "screens", "data-count": count },
          ...this.screens.map((screen) => screen.element)),
        element("div", { class: "curves" }, ...this.charts.map((one) => one.element))),
      this.status);
    this.root.replaceChildren(this.theatre);
    this.adopt();
  }

  transport() {
    const button = (words, title, kind, act) => element("button", { type: "button", title,
      "aria-label": title, class: kind, onclick: act }, words);
    this.playButton = button("Play", "Play or pause (Space)", "primary", () => this.toggle());
    this.slider = element("input", { type: "range", min: 0, max: this.clock.stops.length - 1,
      step: 1, class: "scrub", "aria-label": "Place in the film",
      oninput: () => this.scrub(this.clock.stops[Number(this.slider.value)]) });
    this.moment = element("output", { class: "moment" });
    const speed = element("select", { "aria-label": "Speed",
      onchange: () => {
        this.clock.speed = Number(speed.value);
      } },
    ...SPEEDS.map((value) => element("option", { value, selected: value === this.clock.speed },
      `${value} \u00d7`)));
    return element("div", { class: "transport" }, this.playButton,
      button("\u2039", "Frame before (Left arrow)", "step", () => this.step(-1)), this.slider,
      button("\u203a", "Next frame (Right arrow)", "step", () => this.step(1)), this.moment, speed);
  }

  /** Take over the moment that Python imposes. */
  adopt() {
    this.version = this.data.version;
    this.redraw();
    whenFontComes(this.root, () => this.screens.length && this.redraw());
    this.scrub(this.data.view.at ?? this.clock.last);
  }

  redraw() {
    const films = this.running, axis = new TimeAxis({ last: this.clock.last,
      first: this.clock.stops[1] ?? 1, bent: true, unit: "updates" });
    const style = getComputedStyle(this.root), one = films.length === 1;
    const colour = (kind) => style.getPropertyValue(`--${kind}`).trim();
    const line = (film, name, ink = film.colour, dash = []) => ({ moments: film.moments,
      values: film.trace[name] ?? [], colour: ink, dash });
    const shown = (lines) => lines.filter(({ values }) => values.length > 0);
    const [loss, distances, error] = this.charts;
    loss.show({ axis, lines: shown(films.map((film) => line(film, "pair_loss"))) });
    const margins = new Map(films.filter(({ margin }) => margin !== null)
      .map(({ margin }) => [`margin ${margin}`, margin]));
    distances.show({ axis, floors: [...margins], lines: shown(films.flatMap((film) => [
      line(film, "d_same", one ? colour("same") : film.colour, one ? [] : DASH),
      line(film, "d_different", one ? colour("different") : film.colour)])) });
    error.show({ axis, lines: shown(films.map((film) => line(film, "pair_eer"))) });
    for (const screen of this.screens) screen.redraw();
    this.askFrame();
  }

  // Time

  /** The hand that plays has come to the end, or was stopped. */
  rest() {
    this.gliding = false;
    this.askReport();
  }

  toggle() {
    if (this.clock.playing) this.clock.pause();
    else this.clock.play(this.at);
    this.askFrame();
  }

  step(steps) {
    this.scrub(this.clock.stopFrom(this.at, steps));
  }

  scrub(at) {
    this.clock.pause();
    this.move(at);
    this.askReport();
  }

  move(at) {
    this.at = Math.min(Math.max(0, at), this.clock.last);
    this.askFrame();
  }

  key(event) {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select")) return;
    const acts = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.scrub(0),
      End: () => this.scrub(this.clock.last),
    };
    if (!target.closest("button")) acts[" "] = () => this.toggle();
    if (!acts[event.key] || !this.screens.length) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  frame() {
    if (!this.screens.length || this.closed) return;
    const begun = performance.now();
    for (const screen of this.screens) screen.draw(this.at);
    for (const chart of this.charts) chart.moveCursor(this.at);
    this.playButton.textContent = this.clock.playing && !this.gliding ? "Pause" : "Play";
    this.slider.value = Math.floor(this.clock.placeOf(this.at));
    const [at, last] = [this.at, this.clock.last].map((update) => update.toLocaleString("en"));
    const words = `update ${at} of ${last}`;
    this.moment.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    this.theatre.dataset.at = this.at;
    this.theatre.dataset.drawMs = (performance.now() - begun).toFixed(2);
  }

  /** Tell Python, once the hand rests. */
  report() {
    if (this.closed || !this.screens.length || this.pressed || this.clock.playing) return;
    const message = { at: this.at >= this.clock.last ? null : this.at, version: this.version };
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.tell(message);
    this.status.textContent = this.moment.textContent;
  }
}

/** Which colour is which kind of pair. */
function legend() {
  const key = (kind) => element("span", {}, element("i", { class: "swatch",
    style: `--run: var(--${kind})` }), ` ${kind} `);
  return element("span", { class: "kinds" }, key("same"), key("different"));
}

function waitingWords({ name, state }) {
  return `${name}: ${state}. Its first frame comes before its first update.`;
}

/** The film with what a message brings of it: all of it, or only how its training stands. */
function taken(film, { header, arrays }) {
  const { updates = film.updates ?? [], job } = header;
  Object.assign(film, header, { updates, times: { updates } });
  if (arrays.places) {
    const labels = arrays.labels.values, places = arrays.places.values;
    Object.assign(film, traces(arrays), { labels,
      places: film.places ? turned(places, film.places, labels.length) : places });
  }
  if (job) film.state = stateWords(job);
  return film;
}

/** The losses by name, and the update that each of their values belongs to. */
function traces(arrays) {
  const trace = {};
  for (const [name, { values }] of Object.entries(arrays)) {
    if (name.startsWith("trace.")) trace[name.slice("trace.".length)] = values;
  }
  const longest = Math.max(0, ...Object.values(trace).map((values) => values.length));
  return { trace, moments: Float64Array.from({ length: longest }, (_, i) => i + 1) };
}
