// A picture asks: its nearest images by each network's embedding, and by raw pixels. Taken from the
// data, drawn here (the answer follows the hand) or brought as a file.
//
// data (see genlab/ui/siamese_pictures.py): runs with the URLs that answer; planes, the URLs of the
// first run's maps; file, a picture that was brought (base64) or null; view and its version.

import { element } from "./dom.js";
import { loadBytes, loadFloats } from "./mlp.js";
import { oncePerFrame, whenQuiet } from "./pacing.js";
import { distance as far } from "./siamese_pairs.js";
import { Plane } from "./siamese_plane.js";
import { SIDE, Sketch } from "./siamese_sketch.js";

const REST_MS = 300; // a hand that has not moved for so long rests
const ASKS = { data: "A test image", drawn: "Draw", file: "Your file" };
const SPLITS = { train: "training images", test: "test images" };

const instances = new WeakMap(); // parentElement -> Query

export default function ({ data, parentElement, setStateValue }) {
  let query = instances.get(parentElement);
  if (!query) {
    query = new Query(parentElement.querySelector(".genlab-root"));
    instances.set(parentElement, query);
  }
  query.tell = (view) => setStateValue("view", view);
  query.receive(data);
  return () => {
    query.close();
    instances.delete(parentElement);
  };
}

class Query {
  constructor(root) {
    Object.assign(this, { root, view: null, waiting: false, stale: false });
    this.askSoon = oncePerFrame(() => this.ask());
    this.askReport = whenQuiet(() => this.report(), REST_MS);
  }

  close() {
    this.closed = true;
    this.plane?.close();
    this.askSoon.cancel();
  }

  receive(data) {
    const known = (some) => JSON.stringify([some?.runs, some?.planes, some?.draws]);
    const others = known(this.data) !== known(data);
    const file = this.data?.file !== data.file;
    this.data = data;
    if (others) this.build();
    if (others || data.version !== this.version) {
      this.version = data.version;
      this.view = { ...data.view };
      if (this.view.ink) this.sketch.read(this.view.ink);
      this.change({});
    } else if (file) {
      this.change({});
    } else {
      this.plane.redraw(); // light or dark
    }
  }

  build() {
    this.plane?.close();
    const { data } = this;
    this.plane = new Plane(data.palette);
    this.sketch = new Sketch({ onChange: () => this.change({ ink: this.sketch.ink() }) });
    const kinds = Object.entries(ASKS).filter(([ask]) => ask !== "drawn" || data.draws);
    this.asks = kinds.map(([ask, words]) => this.segment(words, { ask }));
    this.splits = Object.entries(SPLITS).map(([among, words]) => this.segment(words, { among }));
    this.number = element("input", { type: "number", min: 0, max: data.counts.test - 1, step: 1,
      "aria-label": "Number of the test image",
      onchange: () => this.choose(Number(this.number.value)) });
    this.of = {
      data: element("div", { class: "line" }, element("label", {}, "no. ", this.number),
        this.button("Another", () => this.choose(Math.floor(Math.random() * data.counts.test)))),
      drawn: element("div", { class: "line" }, this.button("Clear", () => this.sketch.clear()),
        element("span", { class: "note" }, "Draw in the black field.")),
      file: element("div", { class: "line" }, element("span", { class: "note" },
        "Bring a file below.")),
    };
    this.picture = element("canvas", { class: "picture", role: "img",
      "aria-label": "The picture that asks" });
    this.seen = element("canvas", { class: "seen", role: "img",
      "aria-label": "The picture as the network sees it" });
    this.asked = element("p", { class: "note asked" });
    this.rows = [...data.runs, { name: "raw pixels", colour: null }].map((run) => this.row(run));
    this.problem = element("p", { class: "problem", role: "alert", hidden: true });
    this.status = element("p", { class: "spoken", role: "status" });
    this.time = element("span", { class: "note time" });
    this.element = element("div", { class: "query" },
      element("section", { class: "question" },
        segments("What asks", this.asks),
        this.sketch.element, this.picture, ...Object.values(this.of),
        element("div", { class: "line" }, this.seen, this.asked)),
      element("section", { class: "where" },
        element("h3", {}, data.runs[0].name, element("span", { class: "note" }, data.planes.note)),
        this.plane.element),
      element("section", { class: "answers" },
        element("div", { class: "line" }, element("h3", {}, "Nearest"),
          segments("Among", this.splits),
          this.time),
        this.problem, ...this.rows.map((row) => row.element)),
      this.status);
    this.root.replaceChildren(this.element);
    this.shownPlane = null;
  }

  segment(words, patch) {
    return element("button", { type: "button", "data-sets": JSON.stringify(patch),
      onclick: () => this.change(patch) }, words);
  }

  button(words, act) {
    return element("button", { type: "button", onclick: act }, words);
  }

  row(run) {
    const tiles = element("div", { class: "tiles" });
    const style = `--run: ${run.colour ?? "transparent"}`;
    const swatch = element("i", { class: "swatch", style });
    const kind = run.colour ? "answer" : "answer floor";
    const node = element("div", { class: kind, "data-run": run.name },
      element("h4", {}, swatch, run.name), tiles);
    return { tiles, element: node };
  }

  choose(image) {
    const { test } = this.data.counts;
    this.change({ image: Math.min(test - 1, Math.max(0, Math.round(image) || 0)), ask: "data" });
  }

  change(patch) {
    Object.assign(this.view, patch);
    const { view, data } = this;
    for (const button of [...this.asks, ...this.splits]) {
      const [[name, value]] = Object.entries(JSON.parse(button.dataset.sets));
      button.ariaPressed = String(this.now(name) === value);
    }
    for (const [ask, node] of Object.entries(this.of)) node.hidden = ask !== view.ask;
    this.sketch.element.hidden = view.ask !== "drawn";
    this.picture.hidden = view.ask === "drawn" || (view.ask === "file" && !data.file);
    this.seen.hidden = view.ask !== "drawn";
    this.number.value = view.image;
    this.askSoon();
    this.askReport();
  }

  now(name) {
    return name === "among" ? this.view.among || this.data.home : this.view[name];
  }

  // Questions: one at a time; what has changed meanwhile is asked afterwards

  question() {
    const { view, data } = this, among = this.now("among");
    if (view.ask === "data") return { query: `?among=${among}&image=${view.image}`, body: null };
    if (view.ask === "file") {
      return data.file && { query: `?among=${among}&fit=0`, body: bytesOf(data.file) };
    }
    return this.sketch.empty ? null
      : { query: `?among=${among}&height=${SIDE}&width=${SIDE}`, body: this.sketch.greys() };
  }

  async ask() {
    this.stale = this.waiting;
    if (this.waiting || this.closed) return;
    const question = this.question();
    if (!question) return this.nothing();
    this.waiting = true;
    try {
      await this.showPlane(this.now("among"));
      const begun = performance.now();
      const answers = await Promise.all(this.data.runs.map(({ url }) => answer(url, question)));
      if (this.closed) return;
      this.problem.hidden = true;
      this.show(answers, performance.now() - begun);
    } catch (error) {
      if (this.closed) return;
      this.nothing();
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    } finally {
      this.waiting = false;
      if (this.stale && !this.closed) this.ask(); // at once: the hand may rest by now
    }
  }

  async showPlane(among) {
    const urls = this.data.planes[among];
    if (this.shownPlane === urls.points) return;
    const [points, labels] = await Promise.all([loadFloats(urls.points), loadBytes(urls.labels)]);
    this.shownPlane = urls.points;
    this.plane.show(points, labels, urls.classes);
  }

  nothing() {
    this.problem.hidden = true;
    for (const { tiles } of this.rows) tiles.replaceChildren();
    this.plane.mark(null);
    this.asked.textContent = "";
    this.time.textContent = "";
    delete this.element.dataset.answered;
    if (this.view.ask === "drawn") this.seen.getContext("2d").clearRect(0, 0, 999, 999);
  }

  show(answers, ms) {
    const { view } = this, [first] = answers;
    const picture = bytesOf(first.seen);
    paintGrey(view.ask === "drawn" ? this.seen : this.picture, picture, first.tile);
    this.asked.textContent = view.ask === "drawn" ? "what the network sees: cut out and centred"
      : first.name ? `test image ${view.image}: ${first.name}` : "cut out as the network sees it";
    const found = [...answers.map(({ runs }) => runs[0]), first.runs[1]];
    found.forEach((one, i) => this.rows[i].tiles.replaceChildren(
      ...one.index.map((row, k) => tile(one, k, row, first.tile))));
    this.plane.mark(first.place, first.runs[0].index);
    this.time.textContent = `answered in ${ms.toFixed(0)} ms`;
    Object.assign(this.element.dataset, { answered: JSON.stringify([view.ask, this.now("among"),
      view.ask === "data" ? view.image : null]), ms: ms.toFixed(1) });
    this.status.textContent = `Nearest by ${found[0].name}: ${found[0].names.join(", ")}.`;
  }

  /** Tell Python, once the hand rests. */
  report() {
    if (this.closed) return;
    const { ask, image, ink, among } = this.view;
    const message = { ask, image, ink, among, version: this.version };
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.tell(message);
  }
}

function segments(label, buttons) {
  return element("div", { class: "segments", role: "group", "aria-label": label }, ...buttons);
}

async function answer(url, { query, body }) {
  const response = await fetch(new URL(url + query, document.baseURI), { method: "POST", body });
  if (response.ok) return response.json();
  throw new Error((await response.text()).trim() || "No answer came; try again.");
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function tile({ distance, names, pixels }, k, row, size) {
  const canvas = element("canvas", { role: "img" });
  paintGrey(canvas, bytesOf(pixels[k]), size);
  return element("figure", { class: "tile", "data-row": row, title: `${names[k]}, image ${row}` },
    canvas, element("b", {}, names[k]), element("span", { class: "note" }, far(distance[k])));
}

function paintGrey(canvas, greys, [height, width]) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  greys.forEach((grey, p) => {
    words[p] = 0xff000000 | (grey * 0x010101);
  });
  context.putImageData(image, 0, 0);
}
