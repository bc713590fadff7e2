"""The gradient of a convolution 3 x 3 with a max pool behind it, taken where it is not 0.

A window of the pool lets the gradient through at its largest place alone: at 1 of 4 places, or of
16. There the weight (3, 3, C_in) times that gradient is added to the gradient of the pixels it saw,
and those pixels times the gradient to that of the weight.

Shapes: N images, S the side of what is convolved and s of what is pooled, C_in and C_out channels,
K windows. In here an image lies as sheets of LANES channels with a margin around the pixels: those
that a place saw are three runs of 3 * LANES numbers.
"""

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from genlab.training.compiled import kernel, wide
from genlab.training.gan_kernels import BELOW, LANES, through_leaky
from genlab.training.vectors import Vectors, pointer

GROUP = 2_500  # numbers of one sheet of a group: with its gradient, half of a small first cache


@kernel
def block_backward(d_out, places, x, weight, d_x, d_weight, d_bias):
    """The gradient of convolution, max pool and LeakyReLU.

    Args:
        d_out, places: (N, s, s, C_out), the gradient for what came out, and the places.
        x: (N, S, S, C_in), what was convolved with a margin of 1; LANES divides C_in.
        weight: (C_out, 9, C_in) float32.
        d_x: (N, S, S, C_in) float32, filled.
        d_weight, d_bias: (C_out, 9, C_in) and (C_out,) float32, filled.
    """
    N, S, _, C_in = x.shape
    C_out, row = len(weight), (S + 2) * LANES
    pixels, d_pixels = sheets(x), sheets(x)
    B, G, sheet = pixels.shape
    slopes, starts = lists(places, G)
    d_weight[:] = 0
    d_bias[:] = 0
    for first in range(0, N, G):
        last = min(N, first + G)
        K = list_group(d_out[first:last], places[first:last], S, slopes, starts)
        for k in range(K):
            for c in range(C_out):
                d_bias[c] += slopes[k, c]
        for n in range(first, last):
            lay_out(x[n], pixels[:, n - first])
        d_pixels[:] = 0
        for b in range(B):
            for c in range(C_out):
                tap = c * 9 * C_in + b * LANES
                visit(
                    *(K, pointer(slopes, c), pointer(starts, c), C_out),
                    *(pointer(pixels, b * G * sheet), pointer(d_pixels, b * G * sheet), row),
                    *(pointer(weight, tap), pointer(d_weight, tap), C_in),
                )
        for n in range(first, last):
            take_up(d_pixels[:, n - first], d_x[n])


@kernel
def block_backward_to_input(d_out, places, weight, d_x):
    """`block_backward` for d_x alone."""
    N, S, _, C_in = d_x.shape
    C_out, row = len(weight), (S + 2) * LANES
    d_pixels = sheets(d_x)
    B, G, sheet = d_pixels.shape
    slopes, starts = lists(places, G)
    for first in range(0, N, G):
        last = min(N, first + G)
        K = list_group(d_out[first:last], places[first:last], S, slopes, starts)
        d_pixels[:] = 0
        for b in range(B):
            for c in range(C_out):
                tap = pointer(weight, c * 9 * C_in + b * LANES)
                visit_to_input(
                    *(K, pointer(slopes, c), pointer(starts, c), C_out),
                    *(pointer(d_pixels, b * G * sheet), row, tap, C_in),
                )
        for n in range(first, last):
            take_up(d_pixels[:, n - first], d_x[n])


@kernel
def sheets(x):
    """Room for a group of G images like x (N, S, S, C_in): (C_in / LANES, G, sheet) float32 zeros.

    Small images are taken several at a time, so that the weights are fetched less often.
    """
    _, S, _, C_in = x.shape
    B, sheet = C_in // LANES, (S + 2) * (S + 2) * LANES
    G = max(1, GROUP // sheet)
    numbers = np.zeros(B * G * sheet + LANES, np.float32)
    skip = -(numbers.ctypes.data // 4) % LANES  # to where a line of the cache begins
    return numbers[skip : skip + B * G * sheet].reshape(B, G, sheet)


@kernel
def lists(places, G):
    """Room for the gradient of each window of a group, and for where the pixels it saw start."""
    _, s, _, C_out = places.shape
    return np.empty((G * s * s, C_out), np.float32), np.empty((G * s * s, C_out), np.int32)


@kernel
def list_group(d_out, places, S, slopes, starts):
    """Fill both lists for a group of images; return how many rows of them, K.

    Of each row of windows the even ones come first: neighbours share pixels, and a sum that is not
    there yet is waited for.
    """
    N, s, _, C_out = places.shape
    row, bits = (S + 2) * LANES, 0
    while s << bits < S:  # a window has a side of 2 ** bits
        bits += 1
    for n in range(N):
        for i in range(s):
            for j in range(s):
                k = (n * s + i) * s + j // 2 + (j % 2) * ((s + 1) // 2)
                origin = np.int32(n * (S + 2) * row + ((i * row + j * LANES) << bits))
                place, d_row, slope, start = places[n, i, j], d_out[n, i, j], slopes[k], starts[k]
                for c in range(C_out):
                    where = np.int32(place[c]) & np.int32(BELOW - 1)
                    down, right = where >> np.int32(bits), where & np.int32((1 << bits) - 1)
                    start[c] = origin + down * np.int32(row) + right * np.int32(LANES)
                    slope[c] = through_leaky(wide(d_row[c]), place[c])
    return N * s * s


@kernel
def lay_out(x, pixels):
    """An image (S, S, C_in) as sheets (C_in / LANES, sheet), whose margins are left alone."""
    S, _, _ = x.shape
    for b in range(len(pixels)):
        for i in range(S):
            for j in range(S):
                k = ((i + 1) * (S + 2) + j + 1) * LANES
                given, taken = x[i, j, b * LANES : (b + 1) * LANES], pixels[b, k : k + LANES]
                for c in range(LANES):
                    taken[c] = wide(given[c])


@kernel
def take_up(pixels, x):
    """Sheets as an image, without their margins: `lay_out` undone."""
    S, _, _ = x.shape
    for b in range(len(pixels)):
        for i in range(S):
            for j in range(S):
                k = ((i + 1) * (S + 2) + j + 1) * LANES
                given, taken = pixels[b, k : k + LANES], x[i, j, b * LANES : (b + 1) * LANES]
                for c in range(LANES):
                    taken[c] = given[c]


@intrinsic
def visit(context, K, slopes, starts, step, x, d_x, row, weight, d_weight, tap):
    """d_x += slope * weight at each of K places; d_weight += slope * x, summed over them.

    For one channel out and LANES channels in. Written as vectors, since a compiler that cannot tell
    whether arrays overlap keeps no sum in a register.

    Args:
        slopes, starts: of the first place, the next `step` further on.
        x, d_x: what a start counts from; their rows are `row` numbers apart.
        weight, d_weight: the first of 9 taps, the next `tap` further on.
    """

    def emit(target, builder, signature, arguments):
        K, slopes, starts, step, x, d_x, row, weight, d_weight, tap = arguments
        at = Vectors(builder)
        taps = [at.load(weight, at.times(tap, k)) for k in range(9)]
        sums = [cgutils.alloca_once_value(builder, at.zero) for _ in range(9)]
        with cgutils.for_range(builder, K) as loop:
            slope, runs = at.place(loop.index, slopes, starts, step, row)
            seen = [at.load(x, run, k) for run in runs for k in range(3)]
            at.add_taps(d_x, runs, slope, taps)
            for total, pixels in zip(sums, seen, strict=True):
                builder.store(at.fused(slope, pixels, builder.load(total)), total)
        for k, total in enumerate(sums):
            here = at.times(tap, k)
            found = builder.fadd(at.load(d_weight, here), builder.load(total))
            at.store(found, d_weight, here)
        return target.get_dummy_value()

    return types.void(K, slopes, starts, step, x, d_x, row, weight, d_weight, tap), emit


@intrinsic
def visit_to_input(context, K, slopes, starts, step, d_x, row, weight, tap):
    """`visit` for d_x alone."""

    def emit(target, builder, signature, arguments):
        K, slopes, starts, step, d_x, row, weight, tap = arguments
        at = Vectors(builder)
        taps = [at.load(weight, at.times(tap, k)) for k in range(9)]
        with cgutils.for_range(builder, K) as loop:
            slope, runs = at.place(loop.index, slopes, starts, step, row)
            at.add_taps(d_x, runs, slope, taps)
        return target.get_dummy_value()

    return types.void(K, slopes, starts, step, d_x, row, weight, tap), emit
