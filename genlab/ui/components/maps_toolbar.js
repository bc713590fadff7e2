/** The buttons above the maps, and the sentence that follows the lasso. */

import { countText } from "./class_list.js";
import { element } from "./dom.js";

export class MapsToolbar {
  /** actions: setMode("lasso" or "pan"), zoom(factor), reset(), clear(), save(). */
  constructor(actions) {
    this.modes = {
      lasso: button("Lasso", "Drag round points to choose them", () => actions.setMode("lasso")),
      pan: button("Pan", "Drag to move the map", () => actions.setMode("pan")),
    };
    this.clear = button("Clear", "Choose nothing (Escape)", actions.clear);
    this.summary = element("p", { class: "summary" });
    this.node = element(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": "Maps" },
      element("span", { class: "segments" }, this.modes.lasso, this.modes.pan),
      element(
        "span",
        { class: "segments" },
        button("\u2212", "Zoom out (\u2212)", () => actions.zoom(1 / 1.5)),
        button("+", "Zoom in (+)", () => actions.zoom(1.5)),
        button("Reset", "Show all points (0, double click)", actions.reset),
      ),
      this.clear,
      this.summary,
      button("Save PNG", "Both maps as one picture", actions.save),
    );
  }

  showMode(mode) {
    for (const [name, node] of Object.entries(this.modes)) {
      node.setAttribute("aria-pressed", String(name === mode));
    }
  }

  /** state: a PointState; slow: the points are drawn without WebGL. */
  showChoice(state, classes, slow) {
    const begin = state.chosen > 0 ? "" : " Drag round points to choose some.";
    const warning = slow ? " Drawn without WebGL, so slower." : "";
    this.summary.textContent = describeChoice(state, classes) + begin + warning;
    this.clear.disabled = state.chosen === 0;
  }
}

function button(text, title, onclick) {
  return element("button", { type: "button", title, onclick }, text);
}

/** "2,131 of 10,000 chosen: 812 Sneaker, 700 Sandal, 411 Ankle boot." */
export function describeChoice({ chosen, chosenOfClass, shown, size }, classes) {
  if (chosen === 0) {
    const all = shown === size ? countText(size) : `${countText(shown)} of ${countText(size)}`;
    return `${all} images, none chosen.`;
  }
  const top = [...chosenOfClass.keys()]
    .filter((id) => chosenOfClass[id] > 0)
    .sort((a, b) => chosenOfClass[b] - chosenOfClass[a])
    .slice(0, 3)
    .map((id) => `${countText(chosenOfClass[id])} ${classes[id]}`);
  return `${countText(chosen)} of ${countText(shown)} chosen: ${top.join(", ")}.`;
}
