"""The inner loops of `written_gan`, compiled by numba: what lies between the matrix products.

Max pool and LeakyReLU change places freely, for LeakyReLU never falls: pooled first, it has a
quarter of the work. The first convolution is in `first_block`, the gradient of the others and their
pools in `pooled_gradient`.

Sums are taken in float32, whatever the arrays hold (`compiled`).
Shapes: N images, C channels, S the side of an image, s that of what is pooled. Images lie channels
last. `places` (uint8) says which place of its window was the largest, counted row by row, and BELOW
more where that was below 0: all that the gradient has to know.
"""

import numpy as np

from genlab.training.compiled import kernel, narrow, wide

SLOPE = np.float32(0.2)  # of LeakyReLU below 0
ZERO = np.float32(0)
BELOW = 64
LANES = 16  # channels that are worked on at a time, in one register


@kernel
def leaky(value):
    return value if value > ZERO else SLOPE * value


@kernel
def noted(place, value):
    return place if value > ZERO else np.uint8(place + BELOW)


@kernel
def through_leaky(slope, place):
    """The gradient before a LeakyReLU, from that after it."""
    return slope if place < BELOW else SLOPE * slope


@kernel
def largest(y0, y1, y2, y3):
    """The largest and its place; of equal ones the first."""
    best, place = y0, np.uint8(0)
    if y1 > best:
        best, place = y1, np.uint8(1)
    if y2 > best:
        best, place = y2, np.uint8(2)
    if y3 > best:
        best, place = y3, np.uint8(3)
    return best, place


@kernel
def pool_forward(y, out, places):
    """Pool 2 x 2, LeakyReLU.

    Args:
        y: (N, S, S, C).
        out, places: (N, S/2, S/2, C), filled.
    """
    N, s, _, C = out.shape
    for n in range(N):
        for i in range(s):
            for j in range(s):
                row, place = out[n, i, j], places[n, i, j]
                a, b = y[n, 2 * i, 2 * j], y[n, 2 * i, 2 * j + 1]
                d, e = y[n, 2 * i + 1, 2 * j], y[n, 2 * i + 1, 2 * j + 1]
                for c in range(C):
                    best, where = largest(wide(a[c]), wide(b[c]), wide(d[c]), wide(e[c]))
                    row[c] = narrow(leaky(best), row[c])
                    place[c] = noted(where, best)


@kernel
def last_forward(y, out, places):
    """Pool all of an image, LeakyReLU.

    Args:
        y: (N, S, S, C).
        out, places: (N, 1, 1, C) filled, out float32.
    """
    N, S, _, C = y.shape
    for n in range(N):
        row, place = out[n, 0, 0], places[n, 0, 0]
        for c in range(C):
            row[c], place[c] = wide(y[n, 0, 0, c]), 0
        for k in range(1, S * S):
            here = y[n, k // S, k % S]
            for c in range(C):
                more = wide(here[c]) > row[c]
                row[c] = wide(here[c]) if more else row[c]
                place[c] = np.uint8(k) if more else place[c]
        for c in range(C):
            place[c] = noted(place[c], row[c])
            row[c] = leaky(row[c])


@kernel
def fold(columns, bias, slope, out):
    """Add up what a transposed convolution 4 x 4, stride 2, margin 1, spreads; bias; LeakyReLU.

    Args:
        columns: (N, S/2, S/2, 4, 4 * C), 4 x 4 pixels that each position gives to.
        bias: (C,) float32.
        slope: of the LeakyReLU below 0; 1 for none.
        out: (N, S, S, C) filled.
    """
    N, s, _, _, L = columns.shape
    C = L // 4
    sums = np.empty((2 * s + 2, (2 * s + 2) * C), np.float32)
    for n in range(N):
        sums[:] = 0
        for i in range(s):
            for j in range(s):
                for k in range(4):
                    given, taken = columns[n, i, j, k], sums[2 * i + k, 2 * j * C :]
                    for t in range(L):
                        taken[t] += wide(given[t])
        for i in range(2 * s):
            for j in range(2 * s):
                row, total = out[n, i, j], sums[i + 1, (j + 1) * C :]
                for c in range(C):
                    y = total[c] + bias[c]
                    row[c] = narrow(y if y > ZERO else slope * y, row[c])


@kernel
def unfold(d_out, out, slope, d_columns, d_bias):
    """The gradient of `fold`: d_columns and d_bias, filled."""
    N, s, _, _, L = d_columns.shape
    C = L // 4
    padded = np.zeros((2 * s + 2, (2 * s + 2) * C), np.float32)
    d_bias[:] = 0
    for n in range(N):
        for i in range(2 * s):
            for j in range(2 * s):
                row, d_row, target = out[n, i, j], d_out[n, i, j], padded[i + 1, (j + 1) * C :]
                for c in range(C):
                    y = wide(d_row[c])
                    y = y if wide(row[c]) > ZERO else slope * y
                    d_bias[c] += y
                    target[c] = y
        for i in range(s):
            for j in range(s):
                for k in range(4):
                    given, taken = d_columns[n, i, j, k], padded[2 * i + k, 2 * j * C :]
                    for t in range(L):
                        given[t] = narrow(taken[t], given[t])
