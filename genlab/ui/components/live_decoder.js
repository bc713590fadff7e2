// The live decoder: a trained decoder runs in the browser, and everything that a hand moves is
// decoded here. Python is told the view only when the hand rests.
//
// The view is {z, label, start, other, tab, dim, seed, temperature, span, walking}: z the latent (Z
// floats), label the class a CVAE decodes under, start and other numbers of test images, dim the
// chosen dimension, span the half-width of the plane, walking whether z came from the walk. Every
// change goes through change(), which notes what changed and asks for one frame.

import { element } from "./dom.js";
import { priorDraw } from "./latent.js";
import { loadBytes, loadDecoder, loadFloats } from "./mlp.js";
import { oncePerFrame, whenQuiet } from "./pacing.js";
import { ranked } from "./sliders.js";
import { Stage } from "./stage.js";
import { loadTestImages } from "./test_images.js";
import { WAYS } from "./walk.js";

const REST_MS = 250; // a hand that has not moved for so long rests

const instances = new WeakMap(); // parentElement -> LiveDecoder

export default function ({ data, parentElement, setStateValue }) {
  let instance = instances.get(parentElement);
  if (!instance) {
    instance = new LiveDecoder(parentElement.querySelector(".genlab-root"));
    instances.set(parentElement, instance);
  }
  instance.receive(data, (view) => setStateValue("view", view));
  return () => {
    instance.close();
    instances.delete(parentElement);
  };
}

class LiveDecoder {
  constructor(root) {
    this.root = root;
    this.changed = new Set();
    this.pressed = false;
    this.askFrame = oncePerFrame(() => this.frame());
    this.askReport = whenQuiet(() => this.report(), REST_MS);
    this.press = () => {
      this.pressed = true;
    };
    this.release = () => {
      if (!this.pressed) return;
      this.pressed = false;
      this.askReport();
    };
    root.addEventListener("pointerdown", this.press);
    window.addEventListener("pointerup", this.release);
    window.addEventListener("pointercancel", this.release);
  }

  close() {
    this.closed = true;
    this.stage?.close();
    this.askFrame.cancel();
    this.root.removeEventListener("pointerdown", this.press);
    window.removeEventListener("pointerup", this.release);
    window.removeEventListener("pointercancel", this.release);
  }

  /** Data from Python: load what is new, and take its view only where its version is new. */
  async receive(data, send) {
    Object.assign(this, { data, send });
    if (this.shown !== data.decoder_url && !(await this.show(data))) return;
    if (this.stage && this.data.version !== this.version) this.adopt(this.data);
  }

  /** Load a decoder and build its stage; false if that failed or was overtaken by other data. */
  async show(data) {
    this.shown = data.decoder_url;
    this.stage?.close();
    Object.assign(this, { stage: null, view: null, version: null });
    const waiting = element("p", { class: "loading", role: "status" }, "Loading the decoder\u2026");
    this.root.replaceChildren(waiting);
    try {
      this.loaded = await load(data);
      if (this.closed || this.shown !== data.decoder_url) return false;
      this.stage = new Stage(this.loaded, data, this.hands());
      this.root.replaceChildren(this.stage.element);
      return true;
    } catch (error) {
      if (this.shown !== data.decoder_url) return false;
      this.shown = null; // the next data may try again
      this.root.replaceChildren(element("p", { class: "problem", role: "alert" }, error.message));
      return false;
    }
  }

  /** What the stage may ask for on behalf of a hand. */
  hands() {
    return {
      view: () => this.view,
      meanOf: (index) => this.meanOf(index),
      redraw: () => this.askFrame(),
      change: (patch) => this.change(patch),
      begin: (start) => this.begin(start),
      back: () => this.change({ z: this.meanOf(this.view.start) }),
      draw: (seed, temperature) =>
        this.change({ seed, temperature, z: priorDraw(seed, this.latentDim(), temperature) }),
      walk: (way, t) => this.change({ z: this.onTheWay(way, t), walking: true }),
      rest: () => this.askReport(),
    };
  }

  latentDim() {
    return this.loaded.decoder.latentDim;
  }

  /** mu of a test image, or the prior mean. */
  meanOf(index) {
    const Z = this.latentDim();
    if (index === null) return new Float32Array(Z);
    return this.loaded.means.slice(index * Z, (index + 1) * Z);
  }

  /** Start from a test image: z is its mu and, in a CVAE, the label its own. */
  begin(start) {
    const { decoder, images } = this.loaded;
    const label = decoder.classes > 0 ? images.labels[start] : null;
    this.change({ start, label, z: this.meanOf(start) });
  }

  onTheWay(way, t) {
    const { start, other } = this.view;
    return WAYS[way](this.meanOf(start), this.meanOf(other ?? start), t);
  }

  /** Take over a view that Python imposes; what it leaves open is filled in here, and told back. */
  adopt(data) {
    const { decoder, images } = this.loaded;
    const { label = null, other = null, seed = null, temperature = 1, span = 3, tab } = data;
    const start = images ? (data.start ?? null) : null;
    const dim = data.dim ?? ranked(data.kl, data.active)[0];
    let z = this.meanOf(start);
    if (data.z) z = Float32Array.from(data.z);
    else if (seed !== null) z = priorDraw(seed, decoder.latentDim, temperature);
    const ownLabel = start === null ? 0 : images.labels[start];
    this.version = data.version;
    this.change({
      z, start, other, seed, temperature, span, dim,
      label: decoder.classes > 0 ? (label ?? ownLabel) : null,
      tab: tab === "walk" && images ? "walk" : "traversals",
    });
  }

  /** Change the view; only a playing walk goes on by itself, any other hand stops it. */
  change(patch) {
    if (!patch.walking) this.stage.walk?.pause();
    if ("z" in patch) patch = { walking: false, ...patch };
    this.asked ??= performance.now();
    this.view = { ...this.view, ...patch };
    for (const name of Object.keys(patch)) this.changed.add(name);
    this.askFrame();
    this.askReport();
  }

  frame() {
    if (!this.view) return;
    const begun = performance.now();
    const changed = this.changed;
    this.changed = new Set();
    this.stage.draw(this.view, changed);
    if (this.asked !== undefined) {
      this.root.dataset.inputMs = (performance.now() - this.asked).toFixed(1);
      this.root.dataset.frameMs = (performance.now() - begun).toFixed(1);
      this.asked = undefined;
    }
    if (this.stage.drawOverviews(this.view)) this.askFrame();
  }

  /** Tell Python, once the hand rests. */
  report() {
    if (this.closed || !this.view || this.pressed || this.stage.walk?.playing) return;
    this.stage.describe(this.view);
    const message = this.message();
    const text = JSON.stringify(message);
    if (text === this.told) return;
    this.told = text;
    this.send(message);
  }

  /** The view as Python gets it, with the nats of the comparison. */
  message() {
    const { z, walking, ...rest } = this.view;
    const { numbers } = this.stage.comparison;
    const rounded = Array.from(z, (value) => Number(value.toFixed(3)));
    return { ...rest, z: rounded, version: this.version, nll: numbers && { ...numbers } };
  }
}

/** Everything the component needs, fetched at once; images and means are null without test data. */
async function load({ decoder_url, latents_url, labels_url, sprite }) {
  const [decoder, means, labels] = await Promise.all([
    loadDecoder(decoder_url),
    latents_url && loadFloats(latents_url),
    labels_url && loadBytes(labels_url),
  ]);
  const side = Math.round(Math.sqrt(decoder.pixels));
  if (side * side !== decoder.pixels) {
    throw new Error(
      `This decoder makes ${decoder.pixels} pixels, which is no square image; see its X-ray.`,
    );
  }
  const images = means && labels && sprite ? await loadTestImages(sprite, labels) : null;
  return { decoder, means, images, side };
}
