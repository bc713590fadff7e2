/**
 * Draws the points of one map with WebGL: one buffer per array, two passes per frame.
 *
 * The pass of the selected points comes second, so that they lie on top. Points glide from
 * `from` to `to` on the graphics card: a frame of an animation sends one number.
 */

import { HIDDEN, SELECTED } from "./point_state.js";

const VERTEX_SHADER = `
  attribute vec2 from;
  attribute vec2 to;
  attribute float label;
  attribute float flags;
  uniform float progress;       // of the glide, 0 to 1
  uniform vec2 centre;          // map units
  uniform vec2 scale;           // clip units per map unit
  uniform float size;           // diameter in device pixels
  uniform float dim;            // opacity of what is not selected
  uniform float selectedPass;   // 1 draws the selected points, 0 the others
  uniform vec3 palette[16];
  varying vec4 colour;

  void main() {
    float selected = mod(flags, 2.0);
    float hidden = step(${HIDDEN}.0, flags);
    bool skip = hidden > 0.5 || abs(selected - selectedPass) > 0.5;
    vec2 place = (mix(from, to, progress) - centre) * scale;
    gl_Position = skip ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(place, 0.0, 1.0);
    gl_PointSize = size * (selected > 0.5 ? 1.3 : 1.0);
    colour = vec4(palette[int(label)], selected > 0.5 ? 0.95 : dim);
  }`;

const FRAGMENT_SHADER = `
  precision mediump float;
  varying vec4 colour;

  void main() {
    float radius = length(gl_PointCoord - 0.5);
    float alpha = colour.a * (1.0 - smoothstep(0.36, 0.5, radius));
    gl_FragColor = vec4(colour.rgb * alpha, alpha);
  }`;

export class WebGLPoints {
  /** The renderer of a canvas, or null where the browser has no WebGL. */
  static on(canvas, onRestored) {
    const options = { antialias: false, premultipliedAlpha: true };
    const gl = canvas.getContext("webgl", options);
    return gl ? new WebGLPoints(canvas, gl, onRestored) : null;
  }

  constructor(canvas, gl, onRestored) {
    this.name = "WebGL";
    this.canvas = canvas;
    this.gl = gl;
    this.arrays = {}; // kept, so that a lost context can be filled again
    this.lost = false;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // asks the browser to restore it
      this.lost = true;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      this.prepare();
      for (const [name, values] of Object.entries(this.arrays)) this.upload(name, values);
      if (this.palette) this.setPalette(this.palette);
      onRestored();
    });
    this.prepare();
  }

  prepare() {
    const { gl } = this;
    this.program = linkProgram(gl);
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.buffers = {};
    this.uniforms = {};
    const names = "progress centre scale size dim selectedPass palette";
    for (const name of names.split(" ")) {
      this.uniforms[name] = gl.getUniformLocation(this.program, name);
    }
  }

  setLabels(labels) {
    this.upload("label", labels);
  }

  setFlags(flags) {
    this.upload("flags", flags);
  }

  /** from, to: Float32Array (N * 2) in map units. */
  setPositions(from, to) {
    this.upload("from", from);
    this.upload("to", to);
  }

  /** colours: [[r, g, b], ...] in [0, 1]. */
  setPalette(colours) {
    this.palette = colours;
    this.gl.uniform3fv(this.uniforms.palette, colours.flat());
  }

  upload(name, values) {
    this.arrays[name] = values;
    if (this.lost) return;
    const { gl } = this;
    const attribute = gl.getAttribLocation(this.program, name);
    this.buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(attribute);
    const floats = values instanceof Float32Array;
    const type = floats ? gl.FLOAT : gl.UNSIGNED_BYTE;
    gl.vertexAttribPointer(attribute, floats ? 2 : 1, type, false, 0, 0);
  }

  /** camera; progress 0..1; diameter in CSS pixels; dim: opacity of what is not selected. */
  draw({ camera, progress, diameter, dim, pixelRatio }) {
    if (this.lost || !this.arrays.to) return;
    const { gl, canvas, uniforms } = this;
    const count = this.arrays.label.length;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform1f(uniforms.progress, progress);
    gl.uniform2f(uniforms.centre, camera.x, camera.y);
    const clip = 2 * camera.scale;
    gl.uniform2f(uniforms.scale, clip / camera.width, clip / camera.height);
    gl.uniform1f(uniforms.size, diameter * pixelRatio);
    gl.uniform1f(uniforms.dim, dim);
    for (const pass of [0, SELECTED]) {
      gl.uniform1f(uniforms.selectedPass, pass);
      gl.drawArrays(gl.POINTS, 0, count);
    }
  }

  dispose() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function linkProgram(gl) {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The point shader does not link: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
