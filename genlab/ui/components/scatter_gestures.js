/**
 * Hands and keys on one map, turned into a few intents.
 *
 * Mouse: drag lassos (Shift adds, Alt or Ctrl removes), the middle or right button or Space drags
 * the map, the wheel zooms, a double click resets. Touch: one finger lassos, two pan and pinch.
 * Keys: arrows step from point to point, Shift + arrows pan, Enter selects, D decodes, + - zoom,
 * 0 resets, Escape clears. In pan mode a plain drag pans.
 *
 * attachGestures(plot, camera, actions) wants these actions; places are CSS pixels in the plot:
 *   ready()                  false while there is nothing to point at
 *   mode()                   "lasso" or "pan"
 *   hover(x, y), leave()     the pointer rests on the plot or has left it
 *   lasso.start(), lasso.extend(polygon, how), lasso.finish(polygon, how), lasso.cancel()
 *   click(x, y, how)         how is "replace", "add" or "remove"
 *   doubleClick(), reset(), moved() (the camera has), step(dx, dy), toggle(), decode(), clear()
 */

const CLICK_SLACK = 4; // CSS pixels a hand may shake during a click
const CORNER_SPACING = 2; // CSS pixels between two corners of a lasso
const KEY_ZOOM = 1.35;
const KEY_PAN = 60; // CSS pixels

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export function attachGestures(plot, camera, actions) {
  const pointers = new Map(); // pointers that are down: id -> [x, y]
  let press = null; // where a possible click began: { x, y, how, pans }
  let gesture = null; // "lasso", "pan" or "pinch", once the hand has moved
  let polygon = [];
  let spaceHeld = false;

  function place(event) {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left - plot.clientLeft, event.clientY - box.top - plot.clientTop];
  }

  function down(event) {
    if (!actions.ready()) return;
    plot.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    pointers.set(event.pointerId, [x, y]);
    if (pointers.size === 2) {
      if (gesture === "lasso") actions.lasso.cancel();
      gesture = "pinch";
      press = null;
    } else if (pointers.size === 1) {
      const pans = event.button !== 0 || spaceHeld || actions.mode() === "pan";
      press = { x, y, how: howOf(event), pans, button: event.button };
      gesture = null;
      if (event.button !== 0) event.preventDefault(); // no autoscroll under the middle button
    }
  }

  function move(event) {
    const [x, y] = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") actions.hover(x, y);
      return;
    }
    if (gesture === "pinch") {
      pinch(event.pointerId, before, [x, y]);
    } else if (gesture === "pan") {
      camera.panBy(x - before[0], y - before[1]);
      actions.moved();
    } else if (gesture === "lasso") {
      const [lastX, lastY] = polygon[polygon.length - 1];
      if (Math.hypot(x - lastX, y - lastY) >= CORNER_SPACING) {
        polygon.push([x, y]);
        actions.lasso.extend(polygon, press.how);
      }
    } else if (press && Math.hypot(x - press.x, y - press.y) > CLICK_SLACK) {
      gesture = press.pans ? "pan" : "lasso";
      plot.dataset.gesture = gesture;
      actions.leave();
      if (gesture === "lasso") {
        polygon = [[press.x, press.y], [x, y]];
        actions.lasso.start();
      } else {
        camera.panBy(x - press.x, y - press.y);
        actions.moved();
      }
    }
    pointers.set(event.pointerId, [x, y]);
  }

  function pinch(id, before, now) {
    const other = [...pointers].find(([otherId]) => otherId !== id)?.[1];
    if (!other) return;
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(now[0] - other[0], now[1] - other[1]);
    camera.panBy((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    camera.zoomAt((now[0] + other[0]) / 2, (now[1] + other[1]) / 2, is / Math.max(was, 1));
    actions.moved();
  }

  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (gesture === "lasso") actions.lasso.finish(polygon, press.how);
    else if (gesture === null && press?.button === 0) actions.click(press.x, press.y, press.how);
    if (pointers.size === 0) endGesture();
  }

  function cancel(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (gesture === "lasso") actions.lasso.cancel();
    if (pointers.size === 0) endGesture();
  }

  function endGesture() {
    gesture = null;
    press = null;
    delete plot.dataset.gesture;
  }

  function wheel(event) {
    event.preventDefault();
    if (gesture === "lasso") return;
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode]; // pixels, lines or pages
    camera.zoomAt(...place(event), Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)));
    actions.moved();
  }

  function key(event) {
    if (!actions.ready() || event.altKey || event.ctrlKey || event.metaKey) return;
    const [middleX, middleY] = [camera.width / 2, camera.height / 2];
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) {
      camera.panBy(-arrow[0] * KEY_PAN, arrow[1] * KEY_PAN);
      actions.moved();
    } else if (arrow) actions.step(...arrow);
    else if (event.key === "Enter") actions.toggle();
    else if (event.key === "d") actions.decode();
    else if (event.key === "+" || event.key === "=") zoomBy(KEY_ZOOM);
    else if (event.key === "-") zoomBy(1 / KEY_ZOOM);
    else if (event.key === "0") actions.reset();
    else if (event.key === "Escape") gesture === "lasso" ? abandonLasso() : actions.clear();
    else if (event.key !== " ") return; // Space only keeps the page from scrolling
    event.preventDefault();

    function zoomBy(factor) {
      camera.zoomAt(middleX, middleY, factor);
      actions.moved();
    }
  }

  function abandonLasso() {
    actions.lasso.cancel();
    pointers.clear();
    endGesture();
  }

  // Space works while the pointer is over the map, without a click to focus it first.
  function space(event) {
    if (event.key !== " " || isField(event.composedPath()[0])) return;
    spaceHeld = event.type === "keydown";
    plot.classList.toggle("pannable", spaceHeld);
    event.preventDefault();
  }

  function enter() {
    window.addEventListener("keydown", space);
    window.addEventListener("keyup", space);
  }

  function leave(event) {
    window.removeEventListener("keydown", space);
    window.removeEventListener("keyup", space);
    spaceHeld = false;
    plot.classList.remove("pannable");
    // A finger that lifts also "leaves": what it touched stays in view.
    if (!gesture && event?.pointerType === "mouse") actions.leave();
  }

  const listeners = {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: cancel,
    pointerenter: enter,
    pointerleave: leave,
    wheel,
    keydown: key,
    dblclick: () => actions.ready() && actions.doubleClick(),
    contextmenu: (event) => event.preventDefault(),
  };
  for (const [name, listener] of Object.entries(listeners)) {
    plot.addEventListener(name, listener, { passive: false });
  }
  return () => {
    leave();
    for (const [name, listener] of Object.entries(listeners)) {
      plot.removeEventListener(name, listener);
    }
  };
}

function howOf(event) {
  if (event.shiftKey) return "add";
  return event.altKey || event.ctrlKey ? "remove" : "replace";
}

function isField(node) {
  const fields = "input, textarea, select, button, [contenteditable]";
  return node instanceof HTMLElement && node.matches(fields);
}
