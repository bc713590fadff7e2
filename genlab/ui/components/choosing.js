/**
 * What gestures and keys on a map mean: choosing images, stepping from one to the next, asking
 * what an empty spot decodes to.
 */

import { oncePerFrame } from "./pacing.js";
import { nearestPoints, pointInDirection, pointsInside } from "./scatter_index.js";

const KEY_STEP = 3; // CSS pixels an arrow key moves at least

export class Choosing {
  /** maps: the LinkedMaps whose state, views, mark and probe this moves. */
  constructor(maps) {
    this.maps = maps;
    this.earlier = null; // the selection before the lasso
    this.beforeClicks = []; // the selections before the last two clicks
    this.lasso = null; // [view, polygon, how] still to be caught
    this.requestCatch = oncePerFrame(() => this.catchNow(...this.lasso));
  }

  get state() {
    return this.maps.state;
  }

  /** The actions of attachGestures, for one view. */
  actionsIn(view) {
    const { maps } = this;
    return {
      ready: () => Boolean(view.positions),
      mode: () => maps.mode,
      hover: (x, y) => maps.hover(view.pointAt(x, y)),
      leave: () => maps.hover(-1),
      lasso: {
        start: () => this.startLasso(),
        extend: (polygon, how) => this.extendLasso(view, polygon, how),
        finish: (polygon, how) => this.finishLasso(view, polygon, how),
        cancel: () => this.cancelLasso(view),
      },
      click: (x, y, how) => this.click(view, x, y, how),
      doubleClick: () => this.doubleClick(view),
      reset: () => {
        view.moveCamera(null);
        maps.sendChoiceSoon();
      },
      moved: () => {
        view.requestDraw();
        maps.sendChoiceSoon();
      },
      step: (dx, dy) => this.step(view, dx, dy),
      toggle: () => this.toggle(),
      decode: () => this.decode(view),
      clear: () => this.clear(),
    };
  }

  startLasso() {
    this.earlier = this.state.selection();
    this.maps.hideProbe();
  }

  extendLasso(view, polygon, how) {
    view.showLasso(polygon);
    this.lasso = [view, polygon, how];
    this.requestCatch();
  }

  finishLasso(view, polygon, how) {
    view.showLasso(null);
    this.catchNow(view, polygon, how);
    this.maps.chose();
  }

  cancelLasso(view) {
    view.showLasso(null);
    this.requestCatch.cancel();
    this.state.select(this.earlier);
    this.maps.changed();
  }

  /** Chooses what the lasso holds at this moment. */
  catchNow(view, polygon, how) {
    this.requestCatch.cancel();
    const corners = polygon.map(([px, py]) => view.camera.toMap(px, py));
    this.state.combine(this.earlier, pointsInside(view.positions, corners), how);
    this.maps.changed();
  }

  /** A click chooses the point under it; on an empty spot it clears, and decodes the spot. */
  click(view, x, y, how) {
    const { maps, state } = this;
    const hit = view.pointAt(x, y);
    const caught = new Uint8Array(state.size);
    if (hit >= 0) caught[hit] = 1;
    const earlier = state.selection();
    this.beforeClicks = [...this.beforeClicks, earlier].slice(-2);
    state.combine(earlier, caught, how);
    maps.changed();
    maps.chose();
    maps.hover(hit);
    if (hit >= 0) maps.hideProbe();
    else maps.probe(view, view.camera.toMap(x, y));
  }

  /** Its two clicks were none: the selection is again what it was before them. */
  doubleClick(view) {
    view.moveCamera(null);
    this.maps.hideProbe();
    if (this.beforeClicks.length) this.state.select(this.beforeClicks[0]);
    this.maps.changed();
    this.maps.chose();
  }

  /** Marks the next point in the direction (dx, dy), or the middle one where none is marked. */
  step(view, dx, dy) {
    const { maps, state } = this;
    const { camera, positions } = view;
    const shown = (i) => state.isShown(i);
    const next =
      maps.hovered < 0
        ? (nearestPoints(positions, camera.x, camera.y, 1, shown)[0]?.index ?? -1)
        : pointInDirection(positions, maps.hovered, dx, dy, KEY_STEP / camera.scale, shown);
    if (next < 0) return;
    view.reveal(next);
    maps.sendChoiceSoon();
    maps.hover(next);
    const chosen = state.isChosen(next) ? ", chosen" : "";
    maps.say(`Image ${next}, ${maps.className(next)}${chosen}.`);
  }

  toggle() {
    if (this.maps.hovered < 0) return;
    this.state.toggle(this.maps.hovered);
    this.maps.changed();
    this.maps.chose();
  }

  /** Decodes the surroundings of the marked point, as a click beside it would. */
  decode(view) {
    const marked = this.maps.hovered;
    if (marked < 0) return;
    this.maps.hover(-1);
    this.maps.probe(view, [...view.positions.slice(2 * marked, 2 * marked + 2)]);
  }

  clear() {
    if (!this.state) return;
    this.maps.hideProbe();
    this.state.clear();
    this.maps.changed();
    this.maps.chose();
  }

  dispose() {
    this.requestCatch.cancel();
  }
}
