// One GAN of the two: its pictures at the moment on show, and its curves.

import { FAKE, REAL } from "./plane_colours.js";
import { Chart, rangeOf } from "./plane_chart.js";
import { element } from "./dom.js";
import { Line } from "./plane_line.js";
import { Square } from "./plane_square.js";

const LOG2 = Math.log(2);
const TITLES = {
  discriminator: "D, learned",
  optimum: "D*, the optimum",
  made: "the two densities",
  difference: "D \u2212 D*, where there is mass",
};
const CHARTS = { losses: "Losses", opinions: "D says of", jsd: "", push: "Mean" };

export class Panel {
  /** words: {title, goal, floor: name of the equilibrium's value}; onTime(updates). */
  constructor(film, words, onTime) {
    Object.assign(this, { film, words });
    this.onLine = film.config.axes === 1;
    this.pictures = this.onLine ? [new Line()] : [new Square("discriminator"), new Square("optimum")];
    this.captions = this.pictures.map(() => element("figcaption"));
    this.value = new Chart({ onTime });
    this.other = new Chart({ onTime });
    const figures = this.pictures.map((picture, i) =>
      element("figure", { class: this.onLine ? "wide" : "" }, this.captions[i], picture.element));
    this.element = element("section", { class: "panel", "aria-label": words.title },
      element("header", {}, element("h3", {}, words.title), element("span", {}, words.goal)),
      element("div", { class: "pictures" }, ...figures),
      element("div", { class: "charts" }, this.value.element, this.other.element));
  }

  /** The series of a chart, as plane_chart has them. */
  series(chart, colours) {
    const { film } = this;
    const frames = (name) => Array.from(film.fixed(name), (value, i) => [film.times[i], value]);
    const trace = (row) =>
      Array.from(film.row("trace", row), (value, i) => [i + 1, value]);
    const ink = colours.css(1);
    const faint = colours.css(0.6);
    const level = { colour: faint, dash: [2, 4], width: 1.4 };
    return {
      value: () => [
        { name: "V(D)", colour: ink, points: frames("value") },
        { name: "V(D*)", colour: ink, dash: [6, 4], points: frames("best") },
        { name: this.words.floor, points: film.equilibrium, ...level },
      ],
      losses: () => [
        { name: "of D", colour: ink, points: trace(0), width: 1.1 },
        { name: "of G", colour: FAKE, points: trace(1), width: 1.1 },
      ],
      opinions: () => [
        { name: "targets", colour: REAL, points: trace(2), width: 1.1 },
        { name: "fakes", colour: FAKE, points: trace(3), width: 1.1 },
        { name: "\u00bd", points: 0.5, ...level },
      ],
      jsd: () => [
        { name: "JSD, nats", colour: ink, points: frames("jsd") },
        { name: "log 2", points: LOG2, ...level },
      ],
      push: () => [{ name: "push on a fake", colour: FAKE, points: frames("push") }],
    }[chart]();
  }

  /** range: that of the other chart where both panels share one, or null. */
  showCharts(chart, range, valueRange, colours) {
    const last = this.film.config.updates;
    this.value.show({ title: "", series: this.series("value", colours), last,
      range: valueRange });
    this.other.show({ title: CHARTS[chart], series: this.series(chart, colours), last, range,
      log: chart === "push" });
  }

  range(chart, colours) {
    return rangeOf(this.series(chart, colours), chart === "push");
  }

  draw(time, look) {
    const place = this.film.placeOf(time);
    if (!this.onLine) this.pictures[1].picture = look.beside;
    const titles = this.onLine ? [lineTitle()] : [TITLES.discriminator, TITLES[look.beside]];
    titles.forEach((title, i) => {
      if (this.captions[i].dataset.title === String(title)) return;
      this.captions[i].dataset.title = String(title);
      this.captions[i].replaceChildren(title);
    });
    const points = look.beside === "optimum" ? ["targets", "fakes"] : [];
    const bare = new Set(points.filter((layer) => look.layers.has(layer)));
    this.pictures.forEach((picture, i) => picture.draw(this.film, place, {
      colours: look.colours,
      layers: i ? bare : look.layers,
    }));
    this.value.draw(time, look.colours);
    this.other.draw(time, look.colours);
  }

  /** In words, for a frame. */
  describe(index) {
    const number = (name) => this.film.at(name, { index, share: 0 })[0].toFixed(3);
    const words = `${this.words.title}: value of D ${number("value")}, at D* ${number("best")}, ` +
      `JSD ${number("jsd")} nats, mean push ${number("push")}.`;
    this.pictures.forEach((picture) => picture.canvas.setAttribute("aria-label", words));
    this.value.canvas.setAttribute("aria-label", words);
    this.other.canvas.setAttribute("aria-label", words);
    return words;
  }
}

function lineTitle() {
  const key = (style, text) => element("span", {}, element("i", { style }), ` ${text}`);
  return element("span", { class: "keys" },
    key(`border-top: 6px solid ${REAL}`, "target"),
    key(`border-top: 6px solid ${FAKE}`, "generated"),
    key("border-top: 2px solid", "D, learned"),
    key("border-top: 2px dashed", "D*, the optimum"));
}
