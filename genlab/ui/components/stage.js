// Everything the live decoder shows, and which of it to redraw when the view changes.

import { Comparison } from "./comparison.js";
import { element } from "./dom.js";
import { norm, signed, withDimension } from "./latent.js";
import { TestImagePicker } from "./picker.js";
import { Plane } from "./plane.js";
import { PriorControls } from "./prior.js";
import { ranked, Sliders } from "./sliders.js";
import { Strip } from "./strip.js";
import { TabList } from "./tabs.js";
import { Traversal, TraversalGrid } from "./traversals.js";
import { Walk } from "./walk.js";

const OVERVIEW_MS = 6; // of each frame may go to pictures that can lag behind
const GRID_ROWS = 8;
const TABS = { traversals: "Traversals", walk: "Walk between two images" };

export class Stage {
  /**
   * loaded: {decoder, side, images, means}, the last two null without test images.
   * data: {classes, palette, kl, active}.
   * hands: what a hand may do to the view: change(patch), begin(start), back(), backOne(dimension),
   *   draw(seed, temperature), walk(way, t), rest(); view() and meanOf(index) tell; redraw() asks
   *   for a frame.
   */
  constructor(loaded, data, hands) {
    Object.assign(this, loaded, { data, hands });
    this.pixels = new Float32Array(loaded.decoder.pixels);
    this.decode = (z, label) => loaded.decoder.decode(z, label, this.pixels);
    this.stale = { labels: true, traversal: true, walk: true };
    this.sights = new Map(); // element -> is it in sight
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.sights.set(target, isIntersecting);
      hands.redraw();
    });
    this.buildControls();
    this.buildStrips();
    this.arrange();
  }

  buildControls() {
    const { decoder, images, means, side, decode, hands } = this;
    const { classes, palette, kl, active } = this.data;
    this.comparison = new Comparison({ decoder, side, images, classes });
    this.prior = new PriorControls({
      hasImages: images !== null,
      onStart: hands.back,
      onMean: () => hands.change({ z: new Float32Array(decoder.latentDim) }),
      onDraw: hands.draw,
    });
    this.sliders = new Sliders({
      kl,
      active,
      onMove: (dimension, value) => this.moveOne(dimension, value),
      onChoose: (dim) => dim !== hands.view().dim && hands.change({ dim }),
      onReset: (dimension) => this.moveOne(dimension, hands.meanOf(hands.view().start)[dimension]),
    });
    this.picker = images && this.pickerFor("Start from test image", hands.begin);
    this.plane = decoder.latentDim !== 2 ? null : new Plane({
      decode,
      side,
      means,
      labels: images?.labels,
      classes,
      palette,
      onMove: (z) => hands.change({ z: Float32Array.from(z) }),
      onSpan: (span) => hands.change({ span }),
    });
  }

  buildStrips() {
    const { decoder, images, side, decode, hands } = this;
    const { classes, palette, kl, active } = this.data;
    const onPick = (dimension, value) => this.moveOne(dimension, value);
    this.traversal = new Traversal({ decode, side, onPick });
    const dimensions = ranked(kl, active).filter((d) => active[d]).slice(0, GRID_ROWS);
    this.grid = new TraversalGrid({ dimensions, decode, side, onPick });
    this.labels = decoder.classes === 0 ? null : new Strip({
      name: "The same z under every label",
      captions: classes,
      colours: palette,
      onPick: (label) => hands.change({ label }),
    });
    this.walk = images && new Walk({
      picker: this.pickerFor("Walk to test image", (other) => hands.change({ other })),
      decode,
      side,
      onWalk: hands.walk,
      onRest: hands.rest,
    });
  }

  pickerFor(title, onPick) {
    return new TestImagePicker({ title, images: this.images, classes: this.data.classes, onPick });
  }

  moveOne(dimension, value) {
    const z = withDimension(this.hands.view().z, dimension, value);
    this.hands.change({ z, dim: dimension });
  }

  arrange() {
    const { prior, sliders, comparison, plane } = this;
    const left = plane ? [comparison, sliders] : [comparison]; // a plane needs the other column
    const right = plane ? [prior, plane] : [prior, sliders];
    const column = (parts) =>
      element("div", { class: "column" }, ...parts.map((part) => part.element));
    this.element = element("div", { class: "stage" });
    if (this.picker) this.element.append(this.picker.element);
    this.element.append(element("div", { class: "main" }, column(left), column(right)));
    if (this.labels) {
      const title = element("h3", {}, "The same z under all ten labels");
      this.element.append(element("section", { class: "labels" }, title, this.labels.element));
    }
    const panels = { traversals: this.grid.element };
    if (this.walk) panels.walk = this.walk.element;
    this.tabs = new TabList(panels, TABS, (tab) => this.hands.change({ tab }));
    this.status = element("p", { class: "spoken", role: "status", "aria-live": "polite" });
    this.element.append(this.traversal.element, this.tabs.element, ...Object.values(panels));
    this.element.append(this.status);
    for (const part of [this.labels, this.traversal, this.grid, this.walk, this.plane]) {
      if (part) this.observer.observe(part.element);
    }
  }

  close() {
    this.walk?.pause();
    this.plane?.close();
    this.observer.disconnect();
  }

  /** Redraw what the names in `changed` (a Set of the view's fields) call for, at once. */
  draw(view, changed) {
    const touched = (...names) => names.some((name) => changed.has(name));
    this.drawImages(view, touched);
    this.drawControls(view, touched);
    this.drawStrips(view, touched);
    this.drawWalk(view, touched);
    if (touched("z", "label")) this.grid.invalidate();
    if (touched("label", "span")) this.plane?.invalidate();
  }

  drawImages({ z, label, start }, touched) {
    if (touched("start")) {
      this.picker?.draw(start);
      this.comparison.drawStart(start, this.hands.meanOf(start));
    }
    if (touched("z", "label", "start")) this.comparison.drawNow(z, label);
  }

  drawControls({ z, start, dim, seed, temperature, span, tab }, touched) {
    if (touched("z", "start", "dim")) this.sliders.draw(z, this.hands.meanOf(start), dim);
    if (touched("seed", "temperature")) this.prior.draw(seed, temperature);
    if (touched("tab")) this.tabs.draw(tab);
    if (touched("span")) this.plane?.setSpan(span);
    if (touched("z", "span")) this.plane?.drawCursor(z);
  }

  /** Strips follow within the same frame, or else when they come into sight. */
  drawStrips({ z, label, dim }, touched) {
    if (touched("z")) this.stale.labels = true;
    if (touched("z", "label", "dim")) this.stale.traversal = true;
    if (touched("label")) this.labels?.mark(label);
    if (this.labels && this.isDue("labels", this.labels)) {
      for (let k = 0; k < this.decoder.classes; k++) {
        this.labels.paint(k, this.decode(z, k), this.side);
      }
    }
    if (this.isDue("traversal", this.traversal)) this.traversal.draw(z, label, dim);
  }

  drawWalk({ label, start, other, walking }, touched) {
    if (!this.walk) return;
    const { meanOf } = this.hands;
    if (touched("other")) this.walk.picker.draw(other);
    if (touched("start", "other", "label")) this.stale.walk = true;
    if (this.isDue("walk", this.walk)) {
      this.walk.drawStrips(meanOf(start), meanOf(other ?? start), label);
    }
    if (touched("z", "other", "start")) this.walk.drawPlace(walking);
  }

  /** Pictures that may lag behind the hand; true while some are left to draw. */
  drawOverviews({ z, label }) {
    const deadline = performance.now() + OVERVIEW_MS;
    let more = false;
    if (this.plane && this.inSight(this.plane)) more = this.plane.drawUntil(deadline, label);
    if (this.inSight(this.grid)) more = this.grid.drawUntil(deadline, z, label) || more;
    return more;
  }

  /** Whether a stale part is in sight; then it counts as drawn. */
  isDue(name, part) {
    const due = this.stale[name] && this.inSight(part);
    if (due) this.stale[name] = false;
    return due;
  }

  inSight(part) {
    return this.sights.get(part.element) === true;
  }

  /** Say in words what is on show. */
  describe({ z, label, start }) {
    const under = label === null ? "" : ` as ${this.data.classes[label]}`;
    const from = start === null ? "" : ` Start: test image ${start}.`;
    const { numbers } = this.comparison;
    const nll = numbers ? ` NLL ${numbers.now.toFixed(1)} nats.` : "";
    const distance = `distance from the prior mean ${norm(z).toFixed(2)}`;
    this.status.textContent = `Decoded${under}, ${distance}.${from}${nll}`;
    const values = Array.from(z, (value) => signed(value)).join(", ");
    this.comparison.describe(`Decoded image at z = ${values}${under}`);
  }
}
