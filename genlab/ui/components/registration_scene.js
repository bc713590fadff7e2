// One registration on a canvas: the cloud that stays, the one that moves, and lines between pairs.
// Everything of one style is one path, so that thousands of points and lines make a few calls.

import { element } from "./dom.js";
import { Camera } from "./registration_camera.js";
import { Haze } from "./registration_haze.js";
import { styleOf } from "./registration_match.js";

export const STAYS = "#3f90da";
export const MOVES = "#ffa90e";
const ROUND_UP_TO = 700; // points are drawn as discs, more as squares
const STROKES_UP_TO = 150; // lines are drawn one by one, more as a haze
const HANDLE = 0.23; // of the shorter side: how far the handle is from the middle

export class Scene {
  constructor(name) {
    this.canvas = element("canvas", { tabindex: 0, role: "application",
      "aria-roledescription": "point clouds", "data-scene": name });
    this.caption = element("figcaption");
    this.element = element("figure", { class: "scene" }, this.caption, this.canvas);
  }

  /** film: a Film; clouds: {axes, target, source, partner, middle}. */
  show(film, clouds) {
    if (this.clouds?.key !== clouds.key) {
      this.camera = new Camera(clouds.axes);
      this.onTarget = new Float32Array(clouds.target.length);
      this.onSource = new Float32Array(clouds.source.length);
      this.camera.include(clouds.target);
      this.camera.include(clouds.source);
    }
    Object.assign(this, { film, clouds });
    const some = Math.max(1, Math.floor(film.count / 20));
    for (let k = 0; k < film.count; k += some) this.camera.include(film.moved(k));
    this.camera.include(film.moved(film.count - 1));
    const count = Math.max(clouds.source.length, clouds.target.length) / 3;
    this.size = Math.max(1.5, Math.min(5.5, 52 / Math.sqrt(count)));
    this.round = count <= ROUND_UP_TO;
    this.caption.textContent = film.title;
  }

  /** moved (3 M,): where the source is; lines: of Matches or null; look: see registration.js. */
  draw(moved, lines, look) {
    const { canvas, camera } = this;
    const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
    if (!wide || !camera) return;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(tall * ratio)) {
      Object.assign(canvas, { width: Math.round(wide * ratio), height: Math.round(tall * ratio) });
    }
    Object.assign(camera, { yaw: look.yaw, pitch: look.pitch });
    camera.size(wide, tall);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, tall);
    camera.project(this.clouds.target, this.onTarget);
    camera.project(moved, this.onSource);
    if (camera.flat) this.drawGrid(context, look.colours, wide, tall);
    else this.drawBox(context, look.colours);
    if (lines && look.layers.has("lines")) this.drawLines(context, lines, look);
    if (look.layers.has("truth")) this.drawTruth(context, look.colours);
    if (look.layers.has("trail")) this.drawTrail(context, look);
    this.drawPoints(context, this.onTarget, STAYS, false);
    this.drawPoints(context, this.onSource, MOVES, true);
    if (look.handle) this.drawHandle(context, look);
  }

  drawGrid(context, colours, wide, tall) {
    const { camera } = this;
    const rough = 90 / camera.unit, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const [left, top] = [camera.centre[0] - wide / 2 / camera.unit,
      camera.centre[1] + tall / 2 / camera.unit];
    context.fillStyle = colours.css(0.07);
    context.font = `12px ${getComputedStyle(this.canvas).fontFamily}`;
    const words = colours.css(0.5);
    for (let n = Math.ceil(left / step); (n * step - left) * camera.unit < wide; n += 1) {
      const x = Math.round((n * step - left) * camera.unit);
      context.fillStyle = colours.css(n === 0 ? 0.2 : 0.07);
      context.fillRect(x, 0, 1, tall);
      context.fillStyle = words;
      context.fillText(brief(n * step), x + 3, tall - 4);
    }
    for (let n = Math.ceil((top - tall / camera.unit) / step); (top - n * step) * camera.unit > 0; n += 1) {
      const y = Math.round((top - n * step) * camera.unit);
      context.fillStyle = colours.css(n === 0 ? 0.2 : 0.07);
      context.fillRect(0, y, wide, 1);
      context.fillStyle = words;
      if (y < tall - 22) context.fillText(brief(n * step), 4, y - 3);
    }
  }

  drawBox(context, colours) {
    const { low, high } = this.camera;
    const corners = new Float32Array(24);
    for (let n = 0; n < 8; n += 1) {
      for (let axis = 0; axis < 3; axis += 1) {
        corners[3 * n + axis] = (n >> axis) & 1 ? high[axis] : low[axis];
      }
    }
    const on = this.camera.project(corners, new Float32Array(24));
    context.beginPath();
    for (let n = 0; n < 8; n += 1) {
      for (const bit of [1, 2, 4]) {
        if (n & bit) continue;
        context.moveTo(on[3 * n], on[3 * n + 1]);
        context.lineTo(on[3 * (n | bit)], on[3 * (n | bit) + 1]);
      }
    }
    context.strokeStyle = colours.css(0.15);
    context.lineWidth = 1;
    context.stroke();
    context.fillStyle = colours.css(0.6);
    context.font = `13px ${getComputedStyle(this.canvas).fontFamily}`;
    "xyz".split("").forEach((name, axis) => {
      const end = 3 * (1 << axis);
      context.fillText(name, on[end] + 5, on[end + 1] - 4);
    });
  }

  drawLines(context, lines, look) {
    const { source, target, bins } = lines;
    const { onSource: from, onTarget: to, canvas } = this;
    if (source.length > STROKES_UP_TO) {
      const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
      const stamp = look.stamp && [look.stamp, look.yaw, look.pitch, wide, tall, this.camera.unit,
        look.colours.text].join();
      const { strength } = look;
      this.haze ??= new Haze();
      this.haze.draw(context, lines, from, to, { wide, tall, ink: look.colours.text, strength, stamp });
      return;
    }
    bins.forEach((bin, level) => {
      if (!bin.length) return;
      const { alpha, width } = styleOf(level);
      context.beginPath();
      for (const i of bin) {
        const s = 3 * source[i], t = 3 * target[i];
        context.moveTo(from[s], from[s + 1]);
        context.lineTo(to[t], to[t + 1]);
      }
      context.strokeStyle = look.colours.css(alpha * look.strength);
      context.lineWidth = width;
      context.stroke();
    });
  }

  drawTruth(context, colours) {
    const { onSource: from, onTarget: to, clouds: { partner } } = this;
    context.beginPath();
    partner.forEach((target, i) => {
      if (target < 0) return;
      context.moveTo(from[3 * i], from[3 * i + 1]);
      context.lineTo(to[3 * target], to[3 * target + 1]);
    });
    context.setLineDash([5, 4]);
    context.strokeStyle = colours.dark ? "#e08bff" : "#832db6";
    context.lineWidth = 1.4;
    context.stroke();
    context.setLineDash([]);
  }

  /** The way of the source's middle so far. */
  drawTrail(context, { time, colours }) {
    const { film, camera, clouds: { middle } } = this;
    const { k } = film.placeOf(time);
    const way = new Float32Array(3 * (k + 2));
    for (let n = 0; n <= k + 1; n += 1) {
      const shift = n <= k ? film.of("shift", n) : film.between("shift", time);
      for (let axis = 0; axis < 3; axis += 1) way[3 * n + axis] = middle[axis] + shift[axis];
    }
    const on = camera.project(way, new Float32Array(way.length));
    context.beginPath();
    for (let n = 0; n < on.length; n += 3) context.lineTo(on[n], on[n + 1]);
    context.strokeStyle = colours.dark ? "#ff7a5c" : "#bd1f01";
    context.lineWidth = 2.5;
    context.stroke();
    context.beginPath();
    for (let n = 0; n < on.length; n += 3) dot(context, on[n], on[n + 1], 2.4);
    context.fillStyle = context.strokeStyle;
    context.fill();
  }

  /** Rings stay, discs move: a disc within its ring is a match. In space the near ones are larger. */
  drawPoints(context, on, colour, full) {
    const bands = this.camera.flat ? [[-2, 1]] : [[-2, 0.72], [-0.33, 1], [0.33, 1.3]];
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = Math.max(1.2, this.size * 0.36);
    bands.forEach(([least, scale], band) => {
      const most = bands[band + 1]?.[0] ?? 2;
      const size = this.size * scale * (full ? 0.82 : 1);
      context.globalAlpha = this.camera.flat ? 1 : [0.55, 0.8, 1][band];
      context.beginPath();
      for (let k = 0; k < on.length; k += 3) {
        if (on[k + 2] < least || on[k + 2] >= most) continue;
        if (this.round) dot(context, on[k], on[k + 1], size);
        else context.fillRect(on[k] - size, on[k + 1] - size, 2 * size, 2 * size);
      }
      if (!this.round) return;
      if (full) context.fill();
      else context.stroke();
    });
    context.globalAlpha = 1;
  }

  /** Where the hand turns the cloud, in the plane: {x, y} in pixels. */
  handleAt(pose) {
    const [x, y] = this.camera.one(pose.place);
    const far = HANDLE * Math.min(this.canvas.clientWidth, this.canvas.clientHeight);
    const angle = (pose.degrees * Math.PI) / 180 + Math.PI / 2;
    return { x: x + far * Math.cos(angle), y: y - far * Math.sin(angle), centre: [x, y], far };
  }

  drawHandle(context, { colours, handle }) {
    const { x, y, centre, far } = this.handleAt(handle);
    context.strokeStyle = colours.css(0.3);
    context.lineWidth = 1.2;
    context.setLineDash([3, 4]);
    context.beginPath();
    context.arc(...centre, far, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    dot(context, x, y, 11);
    context.fillStyle = `rgb(${colours.back.join(" ")})`;
    context.fill();
    context.strokeStyle = context.fillStyle = colours.css(0.75);
    context.lineWidth = 1.5;
    context.stroke();
    context.font = "bold 15px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("\u21bb", x, y + 1);
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
  }
}

function dot(context, x, y, radius) {
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function brief(value) {
  return Number(value.toPrecision(6)).toString().replace("-", "\u2212");
}
