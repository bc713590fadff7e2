/**
 * What both maps share about the N images: which are selected, which classes are hidden.
 *
 * A hidden class is a filter, not a deselection: its images come back as they were.
 */

export const SELECTED = 1; // bits of PointState.flags
export const HIDDEN = 2;

export class PointState {
  /** labels: Uint8Array (N,), the class of each image; classes: how many there are. */
  constructor(labels, classes) {
    this.labels = labels;
    this.size = labels.length;
    this.flags = new Uint8Array(this.size);
    this.hidden = new Set();
    this.totals = new Uint32Array(classes); // images of each class
    for (const label of labels) this.totals[label] += 1;
    this.chosenOfClass = new Uint32Array(classes); // selected and not hidden
    this.chosen = 0;
    this.shown = this.size;
  }

  isShown(i) {
    return (this.flags[i] & HIDDEN) === 0;
  }

  isChosen(i) {
    return this.flags[i] === SELECTED;
  }

  /** The selection as zeros and ones, hidden images included. */
  selection() {
    return this.flags.map((flag) => flag & SELECTED);
  }

  /** picked: (N,) zeros and ones. */
  select(picked) {
    for (let i = 0; i < this.size; i++) {
      this.flags[i] = (this.flags[i] & HIDDEN) | (picked[i] ? SELECTED : 0);
    }
    this.recount();
  }

  /**
   * Joins what a lasso or a click caught to an earlier selection; hidden images are never caught.
   * how: "replace", "add" or "remove".
   */
  combine(earlier, caught, how) {
    const picked = new Uint8Array(this.size);
    for (let i = 0; i < this.size; i++) {
      const hit = caught[i] === 1 && this.isShown(i);
      if (how === "replace") picked[i] = hit ? 1 : 0;
      else if (how === "add") picked[i] = earlier[i] || hit ? 1 : 0;
      else picked[i] = earlier[i] && !hit ? 1 : 0;
    }
    this.select(picked);
  }

  toggle(i) {
    this.flags[i] ^= SELECTED;
    this.recount();
  }

  clear() {
    this.select(new Uint8Array(this.size));
  }

  hide(classes) {
    this.hidden = new Set(classes);
    for (let i = 0; i < this.size; i++) {
      const hidden = this.hidden.has(this.labels[i]) ? HIDDEN : 0;
      this.flags[i] = (this.flags[i] & SELECTED) | hidden;
    }
    this.recount();
  }

  recount() {
    this.chosenOfClass.fill(0);
    this.chosen = 0;
    this.shown = 0;
    for (let i = 0; i < this.size; i++) {
      if (this.flags[i] & HIDDEN) continue;
      this.shown += 1;
      if (this.flags[i] & SELECTED) {
        this.chosen += 1;
        this.chosenOfClass[this.labels[i]] += 1;
      }
    }
  }

  /** The selection as base64 of a bitset (bit i & 7 of byte i >> 3), or null when empty. */
  toBase64() {
    const bytes = new Uint8Array(Math.ceil(this.size / 8));
    let any = 0;
    for (let i = 0; i < this.size; i++) {
      const bit = this.flags[i] & SELECTED;
      bytes[i >> 3] |= bit << (i & 7);
      any |= bit;
    }
    if (!any) return null;
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }

  /** Takes a selection as toBase64 writes it; null clears. */
  fromBase64(text) {
    const bytes = atob(text ?? "");
    const picked = new Uint8Array(this.size);
    for (let i = 0; i < Math.min(this.size, bytes.length * 8); i++) {
      picked[i] = (bytes.charCodeAt(i >> 3) >> (i & 7)) & 1;
    }
    this.select(picked);
  }
}
