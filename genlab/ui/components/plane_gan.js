// GANs in the plane: two trainings from one start, as films that play in lockstep.
//
// data: {version, films: [{id, bytes, title, goal, floor}], view: {at, beside, chart, layers, target,
// ink, axes}, ready: title -> ink, beside: name -> title, charts: name -> title}.
// What a hand does is told to Python as "look" once it rests: {version, at, beside, chart, layers,
// ink, close}.

import { coloursOf } from "./plane_colours.js";
import { element } from "./dom.js";
import { oncePerFrame, whenQuiet } from "./pacing.js";
import { Painter } from "./plane_paint.js";
import { Panel } from "./plane_panel.js";
import { readFilm } from "./plane_film.js";
import { lookControls } from "./plane_look.js";
import { momentWords, Transport } from "./plane_transport.js";

const REST_MS = 300;
const SHARED = ["jsd", "push", "opinions"]; // charts with one range for both panels

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
    Object.assign(this, { root, films: new Map(), time: 0, playing: false });
    this.askFrame = oncePerFrame((now) => this.frame(now));
    this.askReport = whenQuiet(() => this.report(), REST_MS);
    this.transport = new Transport({
      toggle: () => (this.playing ? this.pause() : this.play()),
      step: (mover) => this.step(mover),
      to: (index) => this.to(this.film.times[index]),
      close: () => this.tell({ close: Math.floor(this.time) }),
    });
    this.status = element("p", { class: "spoken", role: "status", "aria-live": "polite" });
    this.stage = element("div", { class: "panels" });
    this.drawing = element("div");
    this.controls = element("div", { class: "look" });
    root.replaceChildren(element("div", { class: "theatre" }, this.drawing, this.transport.element,
      this.controls, this.stage, this.status));
    this.observer = new ResizeObserver(() => this.askFrame());
    this.observer.observe(this.stage);
  }

  close() {
    this.closed = true;
    this.askFrame.cancel();
    this.observer.disconnect();
  }

  /** Data from Python: decode what is new, and take its view over where its version is new. */
  async receive(data, send) {
    Object.assign(this, { send, colours: coloursOf(this.root) });
    if (this.version === data.version) {
      if (this.panels) this.arrange();
      return;
    }
    this.version = data.version;
    let films;
    try {
      films = await Promise.all(data.films.map((film) => this.decoded(film)));
    } catch (error) {
      this.stage.replaceChildren(element("p", { class: "problem", role: "alert" },
        `This film cannot be read (${error.message}); reload the page.`));
      return;
    }
    if (this.closed || this.version !== data.version) return;
    this.adopt(data, films);
  }

  /** A film is decoded once, however often it is sent. */
  async decoded({ id, bytes }) {
    if (!this.films.has(id)) this.films.set(id, await readFilm(bytes));
    return this.films.get(id);
  }

  adopt(data, films) {
    const { view } = data;
    for (const id of this.films.keys()) {
      if (!data.films.some((film) => film.id === id)) this.films.delete(id);
    }
    this.data = data;
    this.look = { beside: view.beside, chart: view.chart, layers: new Set(view.layers) };
    this.panels = films.map((film, i) => new Panel(film, data.films[i], (time) => this.to(time)));
    this.film = films[0];
    this.beats = this.film.beats();
    this.stage.replaceChildren(...this.panels.map((panel) => panel.element));
    this.stage.dataset.panels = this.panels.length;
    this.root.dataset.version = data.version;
    this.controls.replaceChildren(...lookControls(data, this.look, () => this.arrange(true)));
    this.adoptDrawing(view, data);
    this.arrange();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (view.at !== null) this.to(view.at);
    else if (still) this.to(this.film.times.at(-1));
    else this.play(0);
  }

  adoptDrawing(view, data) {
    if (view.target !== "drawn") {
      this.painter = null;
      this.drawing.replaceChildren();
      return;
    }
    if (this.painter?.axes !== view.axes) {
      const onTrain = (ink) => {
        this.ink = ink;
        this.tell({ ink, at: null });
      };
      this.ink = null;
      this.painter = new Painter({ axes: view.axes, ready: data.ready, onTrain });
      this.drawing.replaceChildren(this.painter.element);
    }
    if (view.ink !== this.ink) this.painter.read(view.ink); // else a hand may have gone on painting
    this.ink = view.ink;
  }

  /** Charts and controls after another choice, theme or film. */
  arrange(chosen = false) {
    const { panels, look, colours } = this;
    const joined = (chart) => {
      const ranges = panels.map((panel) => panel.range(chart, colours));
      return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
    };
    const range = SHARED.includes(look.chart) ? joined(look.chart) : null;
    const alike = new Set(panels.map((panel) => panel.film.equilibrium)).size === 1;
    for (const panel of panels) {
      panel.showCharts(look.chart, range, alike ? joined("value") : null, colours);
    }
    this.askFrame();
    if (chosen) this.askReport();
  }

  // The moment on show

  play(from = null) {
    const last = this.beats.length - 1;
    const now = from ?? this.time;
    const ahead = this.beats.findIndex((time) => time > now);
    const before = ahead < 0 ? last : ahead - 1;
    this.beat = before >= last ? 0 : before +
      (now - this.beats[before]) / (this.beats[before + 1] - this.beats[before]);
    Object.assign(this, { playing: true, drawn: null });
    this.askFrame();
  }

  pause() {
    this.to(this.time);
  }

  /** Stand still at the frame nearest to a time. */
  to(time) {
    this.playing = false;
    this.index = this.film.nearest(time);
    this.time = this.film.times[this.index];
    this.askFrame();
    this.askReport();
  }

  /** On to the next frame that the mover has made. */
  step(mover) {
    const { times } = this.film;
    const wanted = (time) => time > this.time && Number.isInteger(time) === (mover === "G");
    const next = times.find(wanted);
    if (next !== undefined) this.to(next);
    else this.pause();
  }

  frame(now) {
    if (!this.panels || this.closed) return;
    const begun = performance.now();
    if (this.playing) this.advance(now);
    const look = { ...this.look, colours: this.colours };
    for (const panel of this.panels) panel.draw(this.time, look);
    this.index = this.film.placeOf(this.time).index;
    this.transport.draw(this);
    this.root.dataset.frameMs = (performance.now() - begun).toFixed(2);
    this.root.dataset.time = this.time;
    if (this.playing) this.askFrame();
  }

  advance(now) {
    const last = this.beats.length - 1;
    const elapsed = this.drawn === null ? 0 : Math.min(0.5, (now - this.drawn) / 1000);
    this.drawn = now;
    this.beat = Math.min(last, this.beat + elapsed * this.transport.beatsPerSecond);
    const before = Math.min(Math.floor(this.beat), last - 1);
    const [from, to] = [this.beats[before], this.beats[before + 1]];
    this.time = from + (to - from) * (this.beat - before);
    if (this.beat === last) this.to(this.beats[last]);
  }

  // What Python is told

  report() {
    if (this.closed || this.playing || !this.panels) return;
    const words = this.panels.map((panel) => panel.describe(this.index)).join(" ");
    this.status.textContent = `${momentWords(this.time, this.film)}. ${words}`;
    this.tell({});
  }

  tell(extra) {
    const look = { ...this.look, layers: [...this.look.layers] };
    const message = { version: this.version, ...look, at: this.time, ...extra };
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.send(message);
  }
}
