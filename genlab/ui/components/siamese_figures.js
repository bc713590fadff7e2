// The figures of all runs at their thresholds, beside those of the raw pixels.

import { element } from "./dom.js";
import { distance, percent, wilson } from "./siamese_pairs.js";

const COLUMNS = {
  threshold: ["Threshold", ""],
  accuracy: ["Accuracy", "Pairs judged rightly at the threshold"],
  accepts: ["False accepts", "FAR: share of the different pairs that the threshold accepts"],
  rejects: ["False rejects", "FRR: share of the same pairs that the threshold rejects"],
  auc: ["AUC", "Area under the ROC: how often a same pair is nearer than a different one"],
  eer: ["EER", "The rate at which both errors are equal"],
};

export class FigureTable {
  /** runs: [{ name, colour }]. */
  constructor(runs) {
    this.runs = runs;
    const head = element("tr", {}, element("th", {}), ...Object.values(COLUMNS).map(
      ([words, title]) => element("th", { scope: "col", title }, words)));
    this.rows = [...runs, { name: "raw pixels", colour: null }].map(({ name, colour }) => {
      const cells = Object.fromEntries(Object.keys(COLUMNS).map((key) => {
        const value = element("b"), aside = element("span", { class: "note" });
        return [key, { value, aside, node: element("td", { "data-figure": key }, value, aside) }];
      }));
      const swatch = element("i", { class: "swatch", style: `--run: ${colour ?? "transparent"}` });
      const node = element("tr", { class: colour ? "" : "floor", "data-run": name },
        element("th", { scope: "row" }, swatch, name), ...Object.values(cells).map((c) => c.node));
      return { node, cells };
    });
    this.element = element("table", { class: "figures" }, element("thead", {}, head),
      element("tbody", {}, ...this.rows.map((row) => row.node)));
  }

  show(sets, thresholds, raw, split) {
    [...sets, raw].forEach((set, i) => {
      const at = thresholds[i] ?? set.threshold, { cells } = this.rows[i];
      const rates = set.rates(at), known = split === "test" && set !== raw;
      write(cells.threshold, distance(at), set === raw ? "training choice" : "");
      write(cells.accuracy, percent(rates.accuracy), span(accuracyEnds(set, at, known)));
      write(cells.accepts, percent(rates.falseAccepts));
      write(cells.rejects, percent(rates.falseRejects));
      write(cells.auc, set.auc.toFixed(4), known ? span(set.auc_interval, 4) : "");
      write(cells.eer, percent(set.eer), known ? span(set.eer_interval) : "");
    });
    this.shown = sets.map((set, i) => ({ set, at: thresholds[i] }));
  }

  /** The figures of one run, for a listener. */
  words(i) {
    const { set, at } = this.shown[i], { accuracy, falseAccepts, falseRejects } = set.rates(at);
    return `${set.name}: threshold ${distance(at)}, accuracy ${percent(accuracy)}, false accepts ` +
      `${percent(falseAccepts)}, false rejects ${percent(falseRejects)}.`;
  }
}

/** The 95 % interval of the accuracy; null where nobody knows it. */
function accuracyEnds(set, threshold, known) {
  if (set.independent) return wilson(set.rates(threshold).accuracy, set.count);
  return known && threshold === set.threshold ? set.accuracy_interval : null;
}

/** An interval in words; of shares as per cent, or with so many decimals. */
function span(ends, decimals = null) {
  if (!ends) return "";
  const [low, high] = ends;
  return decimals === null
    ? `${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)}`
    : `${low.toFixed(decimals)} to ${high.toFixed(decimals)}`;
}

function write({ value, aside }, words, beside = "") {
  if (value.textContent !== words) value.textContent = words;
  if (aside.textContent !== beside) aside.textContent = beside;
}
