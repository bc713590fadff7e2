// The figures of the films over their steps, under one cursor.

import { element } from "./dom.js";
import { Chart, evenTicks } from "./film_chart.js";

const COLOURS = ["#3f90da", "#e76300", "#94a4a2"];
const INK = ["#832db6", "#a96b59"];
const SOLID = [], DASHED = [6, 4];

/** Steps, evenly: what film_chart.js asks of an axis. */
class StepAxis {
  constructor(last) {
    Object.assign(this, { last: Math.max(1, last), unit: "steps" });
  }

  shareOf(moment) {
    return moment / this.last;
  }

  momentAt(share) {
    return share * this.last;
  }

  /** Steps to mark on a plot so many CSS pixels wide, but for the last `room` of them. */
  ticks(width, room) {
    const marks = evenTicks(0, this.last, Math.max(2, Math.floor(width / 70)));
    return marks.filter((mark) => Number.isInteger(mark)
      && this.shareOf(mark) * width + 12 < width - room);
  }
}

export class Curves {
  /** onScrub(step): a hand dragged the cursor there. */
  constructor(onScrub) {
    Object.assign(this, { onScrub, charts: [] });
    this.element = element("div", { class: "curves" });
  }

  /** films: of one problem; axes: 2 or 3; model: its name; truth: {shift, degrees, scale} or null. */
  show(films, { axes, model, truth }) {
    this.close();
    const names = "xyz".slice(0, axes).split("");
    const floor = (words, value) => (truth && Number.isFinite(value) ? [[words, value]] : []);
    const one = (column) => [[column, 0, null]];
    const moving = films.some((film) => changes(film.series("sigma")));
    const wanted = [
      ["likelihood", "Log-likelihood, nats", one("log_likelihood"), []],
      ["shift", `T: ${names.join(", ")} of the middle`, names.map((_, i) => ["shift", i, COLOURS[i]]),
        names.flatMap((_, i) => floor("", truth?.shift[i])), truth ? "dashed: planted" : ""],
    ];
    if (model !== "translation") {
      wanted.push(["angle", "Turned, degrees", one("degrees"), floor("planted", truth?.degrees)]);
    }
    if (model === "similarity" || model === "affine") {
      wanted.push(["scale", "Scale", one("scale"), floor("planted", truth?.scale)]);
    }
    if (moving) wanted.push(["sigma", "Sigma", one("sigma"), []]);
    wanted.push(["rms", "Distance of partners, rms", one("rms"), []]);
    const axis = new StepAxis(Math.max(...films.map((film) => film.count - 1)));
    this.charts = wanted.map(([name, title, parts, floors, words = ""]) => {
      const lines = films.flatMap((film, place) => parts.map(([column, part, colour]) => ({
        moments: film.series(column, part).map((_, k) => k),
        values: film.series(column, part),
        colour: colour ?? INK[place],
        dash: place ? DASHED : SOLID,
      }))).filter(({ values }) => values.some(Number.isFinite));
      const legend = films.length > 1 && name === "likelihood" ? "line left, dashes right" : words;
      const chart = new Chart({ name, title, legend, onScrub: this.onScrub });
      this.element.append(chart.element);
      chart.show({ axis, lines, floors });
      return chart;
    });
  }

  moveCursor(moment) {
    for (const chart of this.charts) {
      chart.when = moment;
      chart.moveCursor(moment);
    }
  }

  redraw() {
    for (const chart of this.charts) chart.draw();
  }

  close() {
    for (const chart of this.charts) chart.close();
    this.element.replaceChildren();
    this.charts = [];
  }
}

function changes(values) {
  return Math.max(...values) > Math.min(...values) && values[0] !== 0;
}
