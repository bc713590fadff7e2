// A hand on the cloud: drag it, turn it, or in space walk around it; the same by keys.

const NEAR = 20; // pixels around the handle
const STEP = 0.02; // of what is in view: an arrow key
const TURN = 5; // degrees: [ and ]
const ORBIT = 0.4; // degrees a pixel
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Hand {
  /**
   * scene: a Scene; acts: mode() is "move", "turn" or "view"; pose() gives the Pose to change;
   * changed() after a change of it, released() at its end; orbit(dx, dy); key(name) for all others.
   */
  constructor(scene, acts) {
    Object.assign(this, { scene, acts });
    const { canvas } = scene;
    for (const [type, act] of Object.entries({
      pointerdown: (event) => this.down(event),
      pointermove: (event) => this.move(event),
      pointerup: () => this.up(),
      pointercancel: () => this.up(),
      keydown: (event) => this.key(event),
    })) canvas.addEventListener(type, act);
  }

  place(event) {
    const box = this.scene.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button) return;
    const { canvas, camera } = this.scene;
    if (!camera) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    const at = this.place(event);
    this.last = at;
    this.doing = this.acts.mode();
    if (camera.flat) {
      const handle = this.scene.handleAt(this.acts.shown());
      if (Math.hypot(at[0] - handle.x, at[1] - handle.y) < NEAR) this.doing = "turn";
    }
    this.pose = this.doing === "view" ? null : this.acts.pose();
    event.preventDefault();
  }

  move(event) {
    if (!this.doing) return;
    const at = this.place(event);
    const [dx, dy] = [at[0] - this.last[0], at[1] - this.last[1]];
    if (this.doing === "view") this.acts.orbit(-dx * ORBIT, dy * ORBIT);
    else if (this.doing === "move") this.pose.move(this.scene.camera.wayOf(dx, dy));
    else this.turn(at, dx, dy);
    this.last = at;
    if (this.doing !== "view") this.acts.changed();
  }

  turn(at, dx, dy) {
    const { camera } = this.scene;
    if (!camera.flat) {
      this.pose.turn(camera.up, dx * ORBIT);
      this.pose.turn(camera.right, dy * ORBIT);
      return;
    }
    const [x, y] = camera.one(this.pose.place);
    const angle = ([px, py]) => (Math.atan2(y - py, px - x) * 180) / Math.PI;
    this.pose.turn([0, 0, 1], angle(at) - angle(this.last));
  }

  up() {
    const done = this.doing;
    this.doing = null;
    if (done && done !== "view") this.acts.released();
    if (done === "view") this.acts.rested();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { camera } = this.scene;
    const arrow = ARROWS[event.key];
    if (arrow && !camera.flat && (event.shiftKey || this.acts.mode() === "view")) {
      this.acts.orbit(arrow[0] * 6, -arrow[1] * 6);
      this.acts.rested();
    } else if (arrow) {
      const far = STEP * Math.min(camera.width, camera.height) * (event.shiftKey ? 0.25 : 1);
      this.acts.pose().move(camera.wayOf(arrow[0] * far, arrow[1] * far));
      this.acts.changed();
      this.acts.released();
    } else if (event.key === "[" || event.key === "]") {
      this.acts.pose().turn(camera.toEye, event.key === "[" ? TURN : -TURN);
      this.acts.changed();
      this.acts.released();
    } else if (!this.acts.key(event.key)) return;
    event.preventDefault();
  }
}
