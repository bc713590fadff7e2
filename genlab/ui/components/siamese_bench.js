// The Siamese bench: pairs of images under a threshold that the hand moves. Histograms, curves,
// figures and verdicts follow at once; Python is told the view when the hand rests.
//
// data (see genlab/ui/siamese_bench.py): runs, each with the URLs of its pairs and their pictures;
// raw, the URL of the same pairs as raw pixels see them; view and its version.

import { element } from "./dom.js";
import { fetchMessage } from "./film_data.js";
import { oncePerFrame, whenFontComes, whenQuiet } from "./pacing.js";
import { Controls, MOST_SEED } from "./siamese_controls.js";
import { CurvePlot } from "./siamese_curves.js";
import { FigureTable } from "./siamese_figures.js";
import { Histogram } from "./siamese_histogram.js";
import { PairSet } from "./siamese_pairs.js";
import { PairRow, loadTiles } from "./siamese_row.js";

const REST_MS = 250; // a hand that has not moved for so long rests

const instances = new WeakMap(); // parentElement -> Bench

export default function ({ data, parentElement, setStateValue }) {
  let bench = instances.get(parentElement);
  if (!bench) {
    bench = new Bench(parentElement.querySelector(".genlab-root"));
    instances.set(parentElement, bench);
  }
  bench.tell = (view) => setStateValue("view", view);
  bench.receive(data);
  return () => {
    bench.close();
    instances.delete(parentElement);
  };
}

class Bench {
  constructor(root) {
    Object.assign(this, { root, view: null, lanes: [], pressed: false, messages: new Map(),
      ticket: 0 });
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
    window.addEventListener("pointerup", this.release);
    window.addEventListener("pointercancel", this.release);
  }

  close() {
    this.closed = true;
    this.clear();
    this.askFrame.cancel();
    this.root.removeEventListener("pointerdown", this.press);
    window.removeEventListener("pointerup", this.release);
    window.removeEventListener("pointercancel", this.release);
  }

  clear() {
    for (const lane of this.lanes) lane.close();
    this.curves?.close();
    this.lanes = [];
    this.curves = null;
  }

  /** Data from Python: its view is taken where its version is new. */
  receive(data) {
    const runs = (some) => JSON.stringify([some?.runs, some?.raw]);
    const others = runs(this.data) !== runs(data);
    this.data = data;
    if (others || data.version !== this.version) {
      this.version = data.version;
      this.view = { ...data.view, t: data.runs.map((_, i) => data.view.t[i] ?? null) };
      if (others) this.build();
      this.load();
    } else {
      this.takePairs(); // light or dark
    }
  }

  build() {
    this.clear();
    const { runs } = this.data;
    this.lanes = runs.map((run, i) => new Histogram(run, {
      onThreshold: (value) => this.setThreshold(i, value),
      onHold: () => this.change({ held: run.name }),
    }));
    this.curves = new CurvePlot({
      onCurve: (curve) => this.change({ curve }),
      onThreshold: (value) => this.setThreshold(this.heldIndex, value),
    });
    this.table = new FigureTable(runs);
    const pick = (value) => this.setThreshold(this.heldIndex, value);
    this.row = new PairRow({ title: "", onPick: pick });
    this.accepts = new PairRow({ title: "", errors: "accepts", onPick: pick });
    this.rejects = new PairRow({ title: "", errors: "rejects", onPick: pick });
    this.controls = new Controls({
      change: (patch) => this.change(patch),
      reseed: (steps) => this.change({ seed: (this.view.seed + steps) % MOST_SEED }),
      setThresholds: (pick) => this.setThresholds(pick),
    });
    this.status = element("p", { class: "spoken", role: "status" });
    this.problem = element("p", { class: "problem", role: "alert", hidden: true });
    this.body = element("div", { class: "body", hidden: true },
      element("div", { class: "upper" },
        element("div", { class: "lanes", "data-count": runs.length },
          ...this.lanes.map((lane) => lane.element), this.legend()),
        this.curves.element),
      this.table.element, this.row.element,
      element("div", { class: "galleries" }, this.accepts.element, this.rejects.element));
    this.waiting = element("p", { class: "loading", role: "status" }, "Measuring the pairs\u2026");
    this.bench = element("div", { class: "bench" }, this.controls.element, this.problem,
      this.waiting, this.body, this.status);
    this.root.replaceChildren(this.bench);
  }

  legend() {
    const key = (kind, words) => element("span", {},
      element("i", { class: "swatch", style: `--run: var(--${kind})` }), ` ${words}`);
    return element("p", { class: "note legend" }, key("same", "same pairs"),
      key("different", "different pairs"), element("span", {}, "strong: judged wrongly"),
      element("span", {}, "\u25b2 training choice"),
      element("span", {}, "\u25c7 equal errors"));
  }

  // Pairs

  get asked() {
    return `?split=${this.view.split}&seed=${this.view.seed}`;
  }

  /** Promise of a PairSet or of a bitmap; a failure is forgotten, so that it may be tried again. */
  once(url, fetcher) {
    if (!this.messages.has(url)) {
      const promise = fetcher(url);
      promise.catch(() => this.messages.delete(url));
      this.messages.set(url, promise);
    }
    return this.messages.get(url);
  }

  async load() {
    const { asked, data } = this, ticket = ++this.ticket;
    const pairs = (url) => this.once(url + asked,
      async (address) => new PairSet(await fetchMessage(address)));
    const slow = setTimeout(() => this.bench.toggleAttribute("data-waiting", true), 200);
    try {
      const [raw, sets, tiles] = await Promise.all([
        pairs(data.raw),
        Promise.all(data.runs.map((run) => pairs(run.pairs))),
        Promise.all(data.runs.map((run) => this.once(run.tiles + asked, loadTiles))),
      ]);
      if (this.closed || ticket !== this.ticket) return; // another load has overtaken this one
      Object.assign(this, { raw, sets, tiles, loaded: asked });
      this.problem.hidden = true;
      this.takePairs();
    } catch (error) {
      if (this.closed || ticket !== this.ticket) return;
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    } finally {
      clearTimeout(slow);
      if (ticket === this.ticket) {
        this.bench.toggleAttribute("data-waiting", false);
        this.waiting.hidden = true;
      }
    }
  }

  /** Draw what does not follow the threshold. */
  takePairs() {
    if (!this.sets || this.sets.length !== this.lanes.length) return;
    this.body.hidden = false;
    this.drawn = null;
    this.askFrame();
  }

  get heldIndex() {
    const i = this.data.runs.findIndex(({ name }) => name === this.view.held);
    return Math.max(0, i);
  }

  thresholds() {
    return this.sets.map((set, i) => this.view.t[i] ?? set.threshold);
  }

  setThreshold(i, value) {
    const t = [...this.view.t];
    t[i] = Number(value.toPrecision(4));
    this.change({ t, held: this.data.runs[i].name });
  }

  /** pick: of a PairSet, a distance or null. */
  setThresholds(pick) {
    const t = this.sets.map((set) => {
      const value = pick(set);
      return value === null ? null : Number(value.toPrecision(4));
    });
    this.change({ t });
  }

  change(patch) {
    Object.assign(this.view, patch);
    if (this.loaded && this.asked !== this.loaded) this.load();
    this.askFrame();
    this.askReport();
  }

  frame() {
    if (!this.sets || this.closed || this.body.hidden) return;
    const begun = performance.now();
    const { view, sets } = this, held = this.heldIndex, thresholds = this.thresholds();
    const drawn = JSON.stringify([this.loaded, view.curve, view.log, held]);
    const still = drawn === this.drawn;
    if (!still) this.drawStill(held);
    this.drawn = drawn;
    this.lanes.forEach((lane, i) => lane.setThreshold(thresholds[i]));
    this.curves.mark([...thresholds, this.raw.threshold]);
    this.table.show(sets, thresholds, this.raw, view.split);
    const { accepts, rejects } = sets[held].rates(thresholds[held]);
    this.row.judge(thresholds[held]);
    this.accepts.judge(thresholds[held]);
    this.rejects.judge(thresholds[held]);
    this.accepts.heading.textContent = `Worst false accepts: ${count(accepts)} of ` +
      `${count(sets[held].different.length)} different pairs`;
    this.rejects.heading.textContent = `Worst false rejects: ${count(rejects)} of ` +
      `${count(sets[held].same.length)} same pairs`;
    if (!still) whenFontComes(this.root, () => this.takePairs());
    Object.assign(this.bench.dataset, { threshold: thresholds[held], split: view.split,
      seed: view.seed, loaded: this.loaded, drawMs: (performance.now() - begun).toFixed(2) });
  }

  drawStill(held) {
    const { view, sets, data } = this, set = sets[held];
    this.controls.show(view);
    this.lanes.forEach((lane, i) => {
      lane.element.toggleAttribute("data-held", i === held && sets.length > 1);
      lane.show(sets[i], view.log);
    });
    this.curves.show(view.curve, [
      ...sets.map((one, i) => ({ set: one, colour: data.runs[i].colour, held: i === held })),
      { set: this.raw, colour: null, dash: [6, 5] },
    ]);
    const many = sets.length > 1 ? ` of ${set.name}` : "";
    const those = view.split === "test" ? "test pairs" : "training pairs";
    this.row.heading.textContent = `${set.row.length} ${those}${many}, nearest first: ` +
      "accepted left of the line, rejected right of it";
    let first = 0;
    for (const [kind, row] of [["row", this.row], ["accepts", this.accepts],
      ["rejects", this.rejects]]) {
      row.show(set, set[kind], this.tiles[held], first, view.split);
      first += set[kind].length;
    }
  }

  /** Tell Python, once the hand rests. */
  report() {
    if (this.closed || !this.sets || this.pressed) return;
    const message = { ...this.view, version: this.version };
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.tell(message);
    this.status.textContent = this.table.words(this.heldIndex);
  }
}

function count(value) {
  return value.toLocaleString("en");
}
