// safetensors in the browser: an 8-byte little-endian header length, a JSON header that names each
// tensor's dtype, shape and bytes, then the tensors, row-major. float32 and float16 are read.

/** { metadata, tensors: name -> { shape, values: Float32Array } } of an ArrayBuffer. */
export function readSafetensors(buffer) {
  const headerBytes = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerBytes)));
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(entries)) {
    const first = 8 + headerBytes;
    const bytes = buffer.slice(first + begin, first + end);
    if (dtype === "F32") tensors[name] = { shape, values: new Float32Array(bytes) };
    else if (dtype === "F16") tensors[name] = { shape, values: fromHalf(new Uint16Array(bytes)) };
    else throw new Error(`Tensor ${name} is ${dtype}; F32 or F16 is needed.`);
  }
  return { metadata, tensors };
}

let table = null; // half-precision bits -> number

/** Half-precision numbers, given as their bits, as a Float32Array. */
export function fromHalf(bits) {
  table ??= Float32Array.from({ length: 65536 }, (_, word) => halfValue(word));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfValue(word) {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const fraction = (word & 1023) / 1024;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -14;
  return sign * (1 + fraction) * 2 ** (exponent - 15);
}
