/**
 * Linked maps: two scatter plots of the same images, one selection, one pointer.
 *
 * Streamlit calls the default export at mount and again whenever its data or the theme change.
 * data (see genlab/ui/linked_maps.py) names what to fetch; what the visitor chose goes back as the
 * state "choice" ({ version, selection: base64 bitset or null, hidden: class ids, cameras: place of
 * each map's camera }) and the trigger "stop" (a map's id).
 */

import { ClassList } from "./class_list.js";
import { Choosing } from "./choosing.js";
import { element } from "./dom.js";
import { Gallery } from "./gallery.js";
import { LiveMap } from "./live_map.js";
import { describeSpot, imageCard, spotCard } from "./map_cards.js";
import { MapModel } from "./map_model.js";
import { drawPicture, savePicture } from "./map_picture.js";
import { MapsToolbar, describeChoice } from "./maps_toolbar.js";
import { loadBytes, loadFloats } from "./mlp.js";
import { oncePerFrame, whenQuiet } from "./pacing.js";
import { PointState } from "./point_state.js";
import { nearestPoints } from "./scatter_index.js";
import { ScatterView } from "./scatter_view.js";
import { loadTestImages } from "./test_images.js";

const GLIDE = 700; // milliseconds from one projection to another
const NEIGHBOURS = 10; // whose mean latent a spot decodes
const HINT =
  "Drag: choose. Shift adds, Alt or Ctrl removes. Wheel: zoom. Right button or Space: pan. " +
  "Keys: arrows, Enter, + \u2212 zoom, 0 resets, Escape clears.";
const DECODES = " Click an empty spot, or press D at a point: decode it.";

const instances = new WeakMap(); // parentElement -> LinkedMaps

export default function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  let maps = instances.get(parentElement);
  if (!maps) {
    maps = new LinkedMaps(parentElement.querySelector(".genlab-root"), data);
    instances.set(parentElement, maps);
  }
  maps.send = { setStateValue, setTriggerValue };
  maps.update(data).catch((error) => maps.fail(error));
  return () => {
    maps.dispose();
    instances.delete(parentElement);
  };
}

class LinkedMaps {
  constructor(root, data) {
    this.root = root;
    this.hovered = -1; // the image both maps mark
    this.models = {}; // map id -> MapModel
    this.live = {}; // map id -> LiveMap
    this.shownUrls = {}; // map id -> where its coordinates came from
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.views = data.maps.map((map) => new ScatterView(map.id));
    this.choosing = new Choosing(this);
    for (const view of this.views) view.listen(this.choosing.actionsIn(view));
    this.requestRefresh = oncePerFrame(() => this.refresh());
    this.sendChoiceSoon = whenQuiet(() => this.root.isConnected && this.sendChoice(), 350);
    this.build();
  }

  build() {
    this.toolbar = new MapsToolbar({
      setMode: (mode) => this.setMode(mode),
      zoom: (factor) => this.moveAll((view) => view.zoomBy(factor)),
      reset: () => this.moveAll((view) => view.moveCamera(null)),
      clear: () => this.choosing.clear(),
      save: () => this.savePicture(),
    });
    this.status = element("p", { class: "spoken", role: "status" });
    this.lower = element("div", { class: "lower" });
    const maps = element("div", { class: "maps" }, ...this.views.map((view) => view.node));
    this.hint = element("p", { class: "hint" }, HINT);
    this.root.replaceChildren(this.toolbar.node, this.status, maps, this.lower, this.hint);
    this.setMode("lasso");
  }

  /** mode: what a plain drag does, "lasso" or "pan". */
  setMode(mode) {
    this.mode = mode;
    this.toolbar.showMode(mode);
    this.root.dataset.mode = mode;
  }

  moveAll(move) {
    this.views.forEach(move);
    this.sendChoiceSoon();
  }

  // What Python says

  async update(data) {
    this.data = data;
    this.decodes = data.maps.some((map) => map.decoder_url);
    this.hint.textContent = HINT + (this.decodes ? DECODES : "");
    this.root.style.setProperty("--map-height", `${data.height}px`);
    if (data.labels_url !== this.labelsUrl) {
      const labels = await loadBytes(data.labels_url);
      if (data !== this.data) return; // a newer update has overtaken this one
      this.changeImages(labels);
    }
    if (data.selection_version !== this.selectionVersion) {
      this.selectionVersion = data.selection_version;
      this.state.hide(data.hidden);
      this.state.fromBase64(data.selection);
      this.views.forEach((view, place) => view.moveCamera(data.maps[place].camera));
      this.changed();
      this.announce();
    }
    this.views.forEach((view, place) => this.updateMap(view, data.maps[place]));
    this.requestRefresh();
  }

  /** Other images: other labels and pictures, nothing selected. */
  changeImages(labels) {
    const { data } = this;
    this.labelsUrl = data.labels_url;
    this.selectionVersion = undefined;
    this.shownUrls = {};
    this.state = new PointState(labels, data.classes.length);
    for (const view of this.views) view.setPoints(this.state, data.palette);
    this.gallery?.dispose();
    this.classList = new ClassList(data.classes, data.palette, (hidden) => this.hide(hidden));
    this.gallery = new Gallery(this.state, data.palette, (image) => this.hover(image));
    this.lower.replaceChildren(this.classList.node, this.gallery.node);

    this.images = null;
    this.hover(-1);
    this.hideProbe();
    loadTestImages(data.sprite, labels).then(
      (images) => {
        if (data.labels_url !== this.labelsUrl) return;
        this.images = images;
        this.gallery.setImages(images);
      },
      (error) => this.fail(error),
    );
  }

  updateMap(view, map) {
    view.describe(map, this.state.size);
    if (!this.models[view.id]?.fits(map)) this.changeModel(view, map);
    if ((map.live_url ?? undefined) !== this.live[view.id]?.url) this.changeLive(view, map);
    if (!map.live_url && map.coords_url !== this.shownUrls[view.id]) this.changeMap(view, map);
  }

  changeModel(view, map) {
    const model = new MapModel(map);
    this.models[view.id] = model;
    view.showMessage("model", "");
    this.hideProbe();
    model.load().then(
      () => this.hover(this.hovered, true),
      (error) => view.showMessage("model", error.message),
    );
  }

  async changeMap(view, map) {
    this.shownUrls[view.id] = map.coords_url;
    view.plot.dataset.state = "loading";
    try {
      const coordinates = await loadFloats(map.coords_url);
      if (this.shownUrls[view.id] !== map.coords_url || this.live[view.id]?.moved) return;
      if (view.positions && view.camera.place()) {
        view.moveCamera(null); // a detail of another projection means nothing here
        this.sendChoiceSoon();
      }
      view.setCoordinates(coordinates, this.calm.matches ? 0 : GLIDE);
      this.hideProbe();
    } catch (error) {
      delete this.shownUrls[view.id];
      view.showMessage("map", error.message);
    }
  }

  changeLive(view, map) {
    this.live[view.id]?.close();
    delete this.live[view.id];
    this.shownUrls[view.id] = null;
    this.hideProbe();
    if (!map.live_url) return;
    this.live[view.id] = new LiveMap(view, map.live_url, {
      calm: this.calm.matches,
      onStop: () => this.send.setTriggerValue("stop", view.id),
    });
    if (!view.positions) this.changeMap(view, map); // something to look at until it moves
  }

  hide(hidden) {
    this.state.hide(hidden);
    if (this.hovered >= 0 && !this.state.isShown(this.hovered)) this.hover(-1);
    this.changed();
    this.announce();
    this.sendChoiceSoon(); // a double click is two clicks and one message
  }

  // What the eye sees

  /** Selected or hidden images have changed: draws them, tells nobody. */
  changed() {
    for (const view of this.views) view.flagsChanged();
    this.requestRefresh();
  }

  refresh() {
    if (!this.state) return;
    const slow = this.views[0].points.name !== "WebGL";
    this.toolbar.showChoice(this.state, this.data.classes, slow);
    this.classList.show(this.state);
    this.gallery.requestDraw();
    this.root.dataset.chosen = this.state.chosen;
  }

  /** The choice is made: tells Python and the screen reader. */
  chose() {
    this.announce();
    this.sendChoice();
  }

  sendChoice() {
    if (!this.state) return;
    const choice = {
      version: this.selectionVersion,
      selection: this.state.toBase64(),
      hidden: [...this.state.hidden],
      cameras: this.views.map((view) => view.camera.place()),
    };
    const text = JSON.stringify(choice);
    if (text === this.sent) return;
    this.sent = text;
    this.send.setStateValue("choice", choice);
  }

  announce() {
    this.say(describeChoice(this.state, this.data.classes));
  }

  say(sentence) {
    this.status.textContent = sentence;
  }

  className(i) {
    return this.data.classes[this.state.labels[i]];
  }

  fail(error) {
    for (const view of this.views) view.showMessage("images", error.message);
  }

  /** Marks image i in both maps, beside each model's reconstruction of it; -1 for none. */
  hover(i, again = false) {
    if (i === this.hovered && !again) return;
    this.hovered = i;
    this.views.forEach((view, place) => {
      if (i >= 0) view.mark(i, imageCard(this, place, i));
      else view.unmark();
    });
  }

  /** Decodes the mean latent of the points nearest to a spot (map units), in both models. */
  probe(asked, spot) {
    if (!this.decodes) return;
    const shown = (i) => this.state.isShown(i);
    const found = nearestPoints(asked.positions, ...spot, NEIGHBOURS, shown);
    if (found.length === 0) return;
    const images = found.map(({ index }) => index);
    const answer = describeSpot(this, images, found[0].distance);
    this.views.forEach((view, place) => {
      const here = view === asked;
      view.showProbe(here ? spot : null, images, spotCard(this, place, images, answer, here));
    });
    const { votes, warning } = answer;
    this.say(`Decoded the mean latent of the ${images.length} nearest. ${votes}${warning}`);
  }

  hideProbe() {
    for (const view of this.views) view.hideProbe();
  }

  savePicture() {
    if (!this.state) return;
    const { classes, palette, maps } = this.data;
    const style = getComputedStyle(this.root);
    const colours = {
      text: style.color,
      background: style.getPropertyValue("--st-background-color").trim() || "#ffffff",
      font: style.fontFamily,
    };
    const picture = drawPicture(this.views, { classes, palette, state: this.state, colours });
    savePicture(picture, `maps-${maps.map((map) => map.title).join("-")}.png`);
  }

  dispose() {
    for (const live of Object.values(this.live)) live.close();
    for (const view of this.views) view.dispose();
    this.gallery?.dispose();
    this.requestRefresh.cancel();
    this.choosing.dispose();
  }
}
