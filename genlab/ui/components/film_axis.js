// The time axis that all charts of the theatre share: even, or bent so that the first updates, in
// which most happens, have as much room as the last.

import { evenTicks } from "./film_chart.js";

const TEXT = 38; // CSS pixels that the words of a mark take

export class TimeAxis {
  /** last: the end of the longest film; first: the first moment after 0; bent: see above. */
  constructor({ last, first, bent, unit }) {
    Object.assign(this, { last: Math.max(1, last), first: Math.max(1, first), bent, unit });
    this.whole = Math.log1p(this.last / this.first);
  }

  /** Where a moment stands, 0 at the start and 1 at the end. */
  shareOf(moment) {
    return this.bent ? Math.log1p(moment / this.first) / this.whole : moment / this.last;
  }

  momentAt(share) {
    const moment = this.bent ? this.first * Math.expm1(share * this.whole) : share * this.last;
    return Math.round(Math.min(this.last, moment));
  }

  /** Moments to mark on a plot so many CSS pixels wide, but for the last `room` of them. */
  ticks(width, room) {
    let marks = evenTicks(0, this.last, Math.max(2, Math.floor(width / 70)));
    if (this.bent) {
      marks = [0];
      for (let mark = 10 ** Math.ceil(Math.log10(this.first)); mark <= this.last; mark *= 10) {
        marks.push(mark);
      }
    }
    const kept = [];
    for (const mark of marks) {
      const x = this.shareOf(mark) * width;
      const before = kept.length ? this.shareOf(kept[kept.length - 1]) * width : -Infinity;
      if (x - before >= TEXT && x + TEXT / 2 <= width - room) kept.push(mark);
    }
    return kept;
  }
}
