// The generator under the hand: fetched when its desk comes into sight, it runs in the browser.

import { element } from "./dom.js";
import { loadGenerator } from "./gan_generator.js";
import { LatentPlane } from "./gan_plane.js";
import { NewSamples } from "./gan_samples.js";
import { NoiseWalk } from "./gan_walk.js";
import { TabList } from "./tabs.js";

const BUDGET = 10; // milliseconds of a frame that overviews may take
const TITLES = {
  plane: "Drag through a plane",
  walk: "Walk between two noises",
  samples: "Twelve new samples",
};

export class GeneratorDesk {
  /** noiseOf(key, tile): a run's noise; change(patch): of the view. */
  constructor({ noiseOf, change }) {
    Object.assign(this, { noiseOf, runs: [], seen: false });
    this.walk = new NoiseWalk(change, () => change({}));
    this.panels = {
      plane: new LatentPlane(change),
      walk: this.walk,
      samples: new NewSamples(change),
    };
    const parts = Object.entries(this.panels).map(([name, { element: part }]) => [name, part]);
    this.tabs = new TabList(Object.fromEntries(parts), TITLES, (tab) => change({ tab }));
    this.choice = element("select", { "aria-label": "Whose generator",
      onchange: () => change({ generator: this.choice.value }) });
    this.status = element("p", { class: "note", role: "status" });
    this.body = element("div", {}, ...parts.map(([, part]) => part));
    this.element = element("section", { class: "desk" },
      element("h2", {}, "Hold the generator"), element("div", { class: "line" }, this.tabs.element,
        element("label", {}, "of ", this.choice)), this.status, this.body);
    this.observer = new IntersectionObserver(([entry]) => {
      this.seen ||= entry.isIntersecting;
      if (this.seen && this.view) this.update(this.view);
    }, { rootMargin: "200px" });
    this.observer.observe(this.element);
  }

  close() {
    this.observer.disconnect();
    this.walk.pause();
    cancelAnimationFrame(this.request);
  }

  get moving() {
    return this.walk.moving;
  }

  /** runs: { key, title, generator, nearest (URLs) } of those whose weights are here. */
  show(runs) {
    const before = this.runs.map(({ key }) => key).join();
    this.runs = runs;
    this.element.hidden = runs.length === 0;
    if (before === runs.map(({ key }) => key).join()) return;
    this.choice.replaceChildren(...runs.map(({ key, title }) =>
      element("option", { value: key }, title)));
  }

  update(view) {
    this.view = view;
    this.tabs.draw(view.tab);
    if (view.tab !== "walk") this.walk.pause();
    const run = this.runs.find(({ key }) => key === view.generator) ?? this.runs[0];
    if (!run || !this.seen) return;
    this.choice.value = run.key;
    if (this.loaded?.url !== run.generator) return this.load(run);
    this.draw(run);
  }

  async load(run) {
    if (this.loading === run.generator) return;
    this.loading = run.generator;
    this.status.textContent = `Fetching the generator of ${run.title}\u2026`;
    try {
      const generator = await loadGenerator(run.generator);
      if (this.loading !== run.generator) return;
      this.loaded = { url: run.generator, generator };
      this.status.textContent = "";
      this.update(this.view);
    } catch (error) {
      this.status.textContent = error.message;
    }
    this.loading = null;
  }

  draw(run) {
    const { view, loaded: { generator } } = this;
    const key = JSON.stringify([run.key, view.tab, view.tile, view.other, view.x, view.y, view.t,
      view.way, view.seed, view.span]);
    if (key === this.drawn) return;
    this.drawn = key;
    const begun = performance.now();
    const noise = (tile) => this.noiseOf(run.key, tile);
    if (view.tab === "plane") this.panels.plane.draw(view, generator, noise(view.tile));
    if (view.tab === "walk") this.walk.draw(view, generator, noise(view.tile), noise(view.other));
    if (view.tab === "samples") this.panels.samples.draw(view, generator, run.nearest);
    this.element.dataset.generateMs = (performance.now() - begun).toFixed(2);
    this.element.dataset.run = run.key;
    this.fill(begun + BUDGET);
  }

  /** Draw what may wait, a little in every frame. */
  fill(deadline) {
    cancelAnimationFrame(this.request);
    if (!this.panels[this.view.tab].drawUntil(deadline)) return;
    this.request = requestAnimationFrame(() => this.fill(performance.now() + BUDGET));
  }
}
