/**
 * One map: its points, its camera, what is drawn over them, and the hands on it.
 *
 * The view knows positions and pixels; which images are selected or hidden is told by the shared
 * PointState, and what a gesture means by the actions it is given (see choosing.js).
 */

import { ImageCard } from "./image_card.js";
import { mapNodes } from "./map_nodes.js";
import { oncePerFrame } from "./pacing.js";
import { Camera, toMapUnits } from "./scatter_camera.js";
import { CanvasPoints } from "./scatter_canvas.js";
import { attachGestures } from "./scatter_gestures.js";
import { PointGrid } from "./scatter_index.js";
import { drawLasso, drawProbe } from "./scatter_overlay.js";
import { WebGLPoints } from "./scatter_webgl.js";

const REACH = 9; // CSS pixels within which the pointer finds a point

export class ScatterView {
  /** id: "a" or "b". */
  constructor(id) {
    this.id = id;
    this.camera = new Camera();
    Object.assign(this, mapNodes(id));
    this.points =
      WebGLPoints.on(this.pointCanvas, () => this.requestDraw()) ??
      new CanvasPoints(this.pointCanvas);
    this.card = new ImageCard(this.plot, "hovered");
    this.probeCard = new ImageCard(this.plot, "probe");
    this.positions = null; // Float32Array (N * 2) in map units, where the points are or glide to
    this.marked = -1; // the image whose ring is shown
    this.probe = null; // { spot: [x, y] or null, neighbours: [index, ...] }
    this.lasso = null; // polygon in CSS pixels while it is drawn
    this.messages = {};
    this.progress = 1;
    this.requestDraw = oncePerFrame((time) => this.draw(time));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plot);
  }

  /** actions: what gestures mean, as attachGestures wants it. */
  listen(actions) {
    this.deafen = attachGestures(this.plot, this.camera, actions);
  }

  /** map: its entry in data.maps. */
  describe({ title, subtitle }, count) {
    this.title.textContent = title;
    this.subtitle.textContent = subtitle;
    this.plot.setAttribute(
      "aria-label",
      `${title}, ${subtitle}: ${count} images as points, coloured by class. ` +
        "Arrow keys go from point to point, Enter chooses, plus and minus zoom.",
    );
  }

  /** state: the PointState of both maps; palette: hex colours by class. */
  setPoints(state, palette) {
    this.state = state;
    this.positions = null; // of other images
    this.points.setPalette(palette.map(rgbOf));
    this.points.setLabels(state.labels);
    this.points.setFlags(state.flags);
    this.requestDraw();
  }

  /** Tells the view that selected or hidden images have changed. */
  flagsChanged() {
    this.points.setFlags(this.state.flags);
    this.requestDraw();
  }

  /**
   * Moves the points to new coordinates, Float32Array (N * 2) of any scale, in `glide`
   * milliseconds; 0 jumps. The pointer finds them at their goal at once.
   * pace: share of the time to share of the way.
   */
  setCoordinates(coordinates, glide, pace = eased) {
    const positions = toMapUnits(coordinates);
    this.glide = this.positions ? glide : 0;
    this.from = this.glide > 0 ? this.placesNow() : positions;
    this.positions = positions;
    this.grid = new PointGrid(positions);
    this.pace = pace;
    this.glideStart = null;
    this.progress = this.glide > 0 ? 0 : 1;
    this.points.setPositions(this.from, positions);
    this.plot.dataset.state = this.glide > 0 ? "moving" : "ready";
    this.showMessage("map", "");
    this.requestDraw();
  }

  /** Where the points stand at this moment of a glide. */
  placesNow() {
    const share = this.pace(this.progress);
    return this.positions.map((goal, i) => this.from[i] + share * (goal - this.from[i]));
  }

  /** Zooms about the middle of the plot. */
  zoomBy(factor) {
    this.camera.zoomAt(this.camera.width / 2, this.camera.height / 2, factor);
    this.requestDraw();
  }

  /** place: as Camera.place gives it; null shows all points. */
  moveCamera(place) {
    this.camera.goTo(place);
    this.requestDraw();
  }

  /** The point under CSS pixel (px, py), or -1. */
  pointAt(px, py) {
    if (!this.positions) return -1;
    const [x, y] = this.camera.toMap(px, py);
    return this.grid.nearest(x, y, REACH / this.camera.scale, (i) => this.state.isShown(i));
  }

  /** CSS pixel of image i at this moment. */
  screenPlace(i) {
    const share = this.pace(this.progress);
    const at = (k) => this.from[k] + share * (this.positions[k] - this.from[k]);
    return this.camera.toScreen(at(2 * i), at(2 * i + 1));
  }

  /** Rings image i and shows its card (as ImageCard.show), in place of the probe's. */
  mark(i, content) {
    this.marked = i;
    this.plot.dataset.image = i;
    this.card.show(content);
    this.probeCard.hide();
    this.placeMarker();
  }

  unmark() {
    this.marked = -1;
    delete this.plot.dataset.image;
    this.card.hide();
    if (this.probe) this.probeCard.node.hidden = false;
    this.placeMarker();
  }

  /** Draws a lasso's polygon (CSS pixels), or none for null. */
  showLasso(polygon) {
    this.lasso = polygon;
    this.requestDraw();
  }

  /** Pans until image i is in view. */
  reveal(i) {
    const { width, height } = this.camera;
    const [x, y] = this.screenPlace(i);
    const edge = 40; // CSS pixels
    const dx = Math.min(0, width - edge - x) + Math.max(0, edge - x);
    const dy = Math.min(0, height - edge - y) + Math.max(0, edge - y);
    this.camera.panBy(dx, dy);
    this.requestDraw();
  }

  /** Shows what a spot decodes to: spot in map units, or null in the map that was not asked. */
  showProbe(spot, neighbours, content) {
    this.probe = { spot, neighbours };
    this.probeCard.show(content);
    this.requestDraw();
  }

  hideProbe() {
    this.probe = null;
    this.probeCard.hide();
    this.requestDraw();
  }

  /** Says over the points what is wrong with the "map", the "model" or the "images"; "" nothing. */
  showMessage(about, sentence) {
    this.messages[about] = sentence;
    const sentences = new Set(Object.values(this.messages));
    this.message.textContent = [...sentences].join(" ").trim();
    this.message.hidden = !this.message.textContent;
  }

  /** Fits the canvases to the plot, with so many device pixels to a CSS pixel, and draws. */
  resize(pixelRatio = window.devicePixelRatio || 1) {
    const { clientWidth: width, clientHeight: height } = this.plot; // without its border
    if (width === 0 || height === 0) return;
    this.pixelRatio = pixelRatio;
    for (const canvas of [this.pointCanvas, this.overlay]) {
      canvas.width = Math.round(width * this.pixelRatio);
      canvas.height = Math.round(height * this.pixelRatio);
    }
    this.camera.width = width;
    this.camera.height = height;
    this.draw(performance.now());
  }

  draw(time) {
    if (!this.positions || !this.pixelRatio) return;
    if (this.progress < 1) {
      this.glideStart ??= time;
      this.progress = Math.min(1, (time - this.glideStart) / this.glide);
      if (this.progress === 1) this.plot.dataset.state = "ready";
      else this.requestDraw();
    }
    this.points.draw({
      camera: this.camera,
      progress: this.pace(this.progress),
      diameter: this.diameter(),
      dim: this.state.chosen > 0 ? 0.12 : 0.8,
      pixelRatio: this.pixelRatio,
    });
    this.drawOverlay();
    this.placeMarker();
    this.plot.dataset.zoom = this.camera.zoom.toFixed(2);
  }

  /** Point size in CSS pixels: smaller where there are many, larger as one zooms in. */
  diameter() {
    const crowd = Math.min(1.3, Math.max(0.6, (10000 / this.state.size) ** 0.2));
    return Math.min(16, Math.max(2.5, 4.6 * crowd * this.camera.zoom ** 0.4));
  }

  drawOverlay() {
    this.overlay.hidden = !this.lasso && !this.probe; // some browsers keep showing a cleared canvas
    if (this.overlay.hidden) return;
    const context = this.overlay.getContext("2d");
    const style = getComputedStyle(this.plot);
    context.setTransform(this.pixelRatio, 0, 0, this.pixelRatio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    if (this.lasso) {
      drawLasso(context, this.lasso, style.getPropertyValue("--st-primary-color").trim());
    }
    if (this.probe) {
      const neighbours = this.probe.neighbours.map((i) => this.screenPlace(i));
      drawProbe(context, this.probeSpot(), neighbours, style.color);
    }
  }

  /** CSS pixel of the spot this map was asked about, or null where the other map was asked. */
  probeSpot() {
    return this.probe.spot && this.camera.toScreen(...this.probe.spot);
  }

  placeMarker() {
    const { width, height } = this.camera;
    this.marker.hidden = this.marked < 0 || !this.positions;
    if (!this.marker.hidden) {
      const [x, y] = this.screenPlace(this.marked);
      this.marker.style.transform = `translate(${x}px, ${y}px)`;
      this.card.place(x, y, width, height);
    }
    if (this.probe && !this.probeCard.node.hidden) {
      const [x, y] = this.probeSpot() ?? [width, 0]; // else the top right corner
      this.probeCard.place(x, y, width, height);
    }
  }

  dispose() {
    this.observer.disconnect();
    this.requestDraw.cancel();
    this.deafen?.();
    this.points.dispose();
  }
}

function eased(progress) {
  return progress * progress * (3 - 2 * progress);
}

function rgbOf(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16) / 255);
}
