/**
 * A film of a GAN in the plane, as genlab/explore/plane_pack.py packs it: whole numbers, deflated,
 * each frame the difference to the one before. A place is {index, share}: so far from frame `index`
 * to the next one.
 */

/** text: base64 of the packed film. */
export async function readFilm(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const start = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start)));
  const inflated = new Blob([bytes.subarray(start)]).stream()
    .pipeThrough(new DecompressionStream("deflate"));
  return new Film(header, await new Response(inflated).arrayBuffer());
}

export class Film {
  constructor(header, buffer) {
    Object.assign(this, { config: header.config, edge: header.edge, times: header.times });
    this.equilibrium = header.equilibrium;
    this.columns = {};
    let offset = 0;
    for (const word of header.arrays) {
      const Type = word.levels === 0 ? Float32Array : word.levels < 256 ? Uint8Array : Uint16Array;
      const count = word.shape.reduce((product, length) => product * length, 1);
      const end = offset + count * Type.BYTES_PER_ELEMENT;
      const numbers = new Type(buffer.slice(offset, end));
      const size = count / word.shape[0];
      if (word.film) for (let k = size; k < count; k += 1) numbers[k] += numbers[k - size];
      const step = word.levels === 0 ? 1 : (word.high - word.low) / word.levels;
      this.columns[word.name] = { numbers, size, step, low: word.levels === 0 ? 0 : word.low };
      offset = end;
    }
  }

  /** The place of a time in updates. */
  placeOf(time) {
    const { times } = this;
    let [low, high] = [0, times.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= time) low = middle;
      else high = middle - 1;
    }
    if (low === times.length - 1) return { index: low, share: 0 };
    const share = (time - times[low]) / (times[low + 1] - times[low]);
    return { index: low, share: Math.max(0, share) };
  }

  /** The frame nearest to a time. */
  nearest(time) {
    const { index, share } = this.placeOf(time);
    return share > 0.5 ? index + 1 : index;
  }

  /** The values of one array at a place, in an array of its own that is used again. */
  at(name, { index, share }) {
    const column = this.columns[name];
    const { numbers, size, step, low } = column;
    column.values ??= new Float32Array(size);
    const base = index * size;
    for (let k = 0; k < size; k += 1) {
      let number = numbers[base + k];
      if (share > 0) number += share * (numbers[base + size + k] - number);
      column.values[k] = low + step * number;
    }
    return column.values;
  }

  /** A whole array, read once: one that does not move, or a number for each frame. */
  fixed(name) {
    const column = this.columns[name];
    const { numbers, step, low } = column;
    column.whole ??= Float32Array.from(numbers, (number) => low + step * number);
    return column.whole;
  }

  /** One row of an array. */
  row(name, row) {
    const { size } = this.columns[name];
    return this.fixed(name).subarray(row * size, (row + 1) * size);
  }

  /** The times at which something has changed enough to play: all early ones, then whole updates. */
  beats() {
    const { times } = this;
    return times.filter((time, i) => Number.isInteger(time) || time - times[i - 1] < 1);
  }
}
