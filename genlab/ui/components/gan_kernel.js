// The inner loop of every layer: a product of 4 columns by 8 columns over a shared length.
//
// It is written twice: in WebAssembly with 128-bit vectors, four floats at once and some nine times
// as fast, assembled below from its few instructions; and in plain JavaScript for browsers without.

const PAGE = 65536; // bytes of a page of WebAssembly memory
export const ROWS = 4;
export const COLUMNS = 8;

/**
 * Room for `count` floats, and a product over it:
 *
 *   multiply(a, b, out, length): floats[out + 8 i + j] =
 *     sum over k < length of floats[a + 4 k + i] * floats[b + 8 k + j], for i < 4 and j < 8.
 *
 * a, b and out are places in `floats`. simd tells which of the two loops it is.
 */
export function kernelMemory(count, simd = hasSimd()) {
  if (!simd) {
    const floats = new Float32Array(count);
    return { floats, simd, multiply: (...places) => plainMultiply(floats, ...places) };
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * count) / PAGE) });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(PROGRAM), { m: { m: memory } });
  const { multiply } = instance.exports;
  return {
    floats: new Float32Array(memory.buffer),
    simd,
    multiply: (a, b, out, length) => multiply(4 * a, 4 * b, 4 * out, length),
  };
}

export function hasSimd() {
  return typeof WebAssembly === "object" && WebAssembly.validate(PROGRAM);
}

function plainMultiply(floats, a, b, out, length) {
  for (let half = 0; half < COLUMNS; half += 4, b += 4, out += 4) {
    for (let i = 0; i < ROWS; i += 2) { // 2 x 4 sums fit the registers
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
      for (let k = 0, p = a + i, q = b; k < length; k++, p += ROWS, q += COLUMNS) {
        const v = floats[p], w = floats[p + 1];
        const x0 = floats[q], x1 = floats[q + 1], x2 = floats[q + 2], x3 = floats[q + 3];
        s0 += v * x0; s1 += v * x1; s2 += v * x2; s3 += v * x3;
        t0 += w * x0; t1 += w * x1; t2 += w * x2; t3 += w * x3;
      }
      floats.set([s0, s1, s2, s3], out + COLUMNS * i);
      floats.set([t0, t1, t2, t3], out + COLUMNS * (i + 1));
    }
  }
}

// The same as a WebAssembly module of one function, put together byte by byte: W3C, WebAssembly
// Core Specification 2.0, chapter 5, binary format. Every number here is below 128, one byte each,
// but for the lengths, which `size` writes as LEB128.

const I32 = 0x7f, V128 = 0x7b, VOID = 0x40;
const [A, B, OUT, LENGTH] = [0, 1, 2, 3]; // parameters
const SUMS = 4; // the first of 8 locals, two vectors for each of the 4 rows
const LEFT = 12, RIGHT = 13; // the 8 columns of b at k
const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const number = (value) => [0x41, value];
const advance = (local, step) => [...get(local), ...number(step), 0x6a, ...set(local)]; // i32.add
const load = (local, bytes) => [...get(local), 0xfd, 0x00, 4, bytes]; // v128.load
const splat = (local, bytes) => [...get(local), 0xfd, 0x09, 2, bytes]; // v128.load32_splat
const ADD = [0xfd, 0xe4, 0x01], MULTIPLY = [0xfd, 0xe6, 0x01]; // f32x4

function addProduct(row, vector, sum) {
  return [...get(sum), ...splat(A, 4 * row), ...get(vector), ...MULTIPLY, ...ADD, ...set(sum)];
}

const BODY = [
  1, 10, V128, // locals: ten vectors
  0x03, VOID, // loop
  ...load(B, 0), ...set(LEFT),
  ...load(B, 16), ...set(RIGHT),
  ...[0, 1, 2, 3].flatMap((row) => [
    ...addProduct(row, LEFT, SUMS + 2 * row),
    ...addProduct(row, RIGHT, SUMS + 2 * row + 1),
  ]),
  ...advance(A, 4 * ROWS),
  ...advance(B, 4 * COLUMNS),
  ...get(LENGTH), ...number(1), 0x6b, 0x22, LENGTH, // LENGTH -= 1, which stays on the stack
  0x0d, 0, // br_if: again, unless it is 0
  0x0b, // end of the loop
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => [
    ...get(OUT), ...get(SUMS + i), 0xfd, 0x0b, 4, 16 * i, // v128.store
  ]),
  0x0b, // end of the function
];

function size(bytes) {
  const low = bytes.length & 127;
  return [...(bytes.length < 128 ? [low] : [low | 128, bytes.length >> 7]), ...bytes];
}

const word = (text) => size([...text].map((letter) => letter.charCodeAt(0)));
const PROGRAM = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // "\0asm", version 1
  1, ...size([1, 0x60, 4, I32, I32, I32, I32, 0]), // one type: four numbers to nothing
  2, ...size([1, ...word("m"), ...word("m"), 2, 0, 1]), // imports the memory
  3, ...size([1, 0]), // one function, of type 0
  7, ...size([1, ...word("multiply"), 0, 0]), // exports it
  10, ...size([1, ...size(BODY)]),
]);
