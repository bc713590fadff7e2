"""The inner loops of t-SNE, compiled by numba.

A kernel fills rows lo to hi of its outputs, each row by one plain sum, so `in_blocks` can spread
rows over threads and they come out the same to the last bit. Kernels shun array expressions, which
take seconds to compile.

Visiting each pair once and scattering the opposite force was measured too: 1.25 times faster,
and no longer one sum per row, so each pair is visited from both sides.

Shapes: N points, D dimensions, k neighbours, E nonzero affinities.
"""

import numpy as np

from genlab.compiling import compile_kernel

ONE = np.float32(1)
LANES = 4  # dimensions summed per sweep over the points; `nearest` wants a multiple of it


@compile_kernel
def nearest(columns, neighbours, distances, lo, hi):
    """The k nearest other points of each row, in no order, by direct differences.

    Args:
        columns: (D, N) float32 points, one row per dimension, D a multiple of LANES.
        neighbours: (N, k) int32, filled with the indices of the neighbours.
        distances: (N, k) float32, filled with their squared distances.
        lo, hi: rows to fill.
    """
    D, N = columns.shape
    row = np.empty(N, np.float32)
    for i in range(lo, hi):
        row[:] = 0
        for d in range(0, D, LANES):
            a, b, c, e = columns[d], columns[d + 1], columns[d + 2], columns[d + 3]
            ai, bi, ci, ei = a[i], b[i], c[i], e[i]
            for j in range(N):
                da = ai - a[j]
                db = bi - b[j]
                dc = ci - c[j]
                de = ei - e[j]
                row[j] += (da * da + db * db) + (dc * dc + de * de)
        row[i] = np.inf
        k_smallest(row, neighbours[i], distances[i])


@compile_kernel
def k_smallest(values, indices, smallest):
    """Fill `indices` (k,) and `smallest` (k,) with the k smallest values, in no order.

    The values are dealt into columns, about 16 to each. k columns have a minimum up to the k-th
    smallest minimum, hence k values lie up to it, and few more do: those are sorted out last.
    """
    N, k = values.size, smallest.size
    M = max(k, N // 16)
    minima = values[:M].copy()
    for start in range(M, N, M):
        part = values[start : start + M]
        for column in range(part.size):
            minima[column] = min(minima[column], part[column])
    bound = kth_smallest(minima.copy(), k)
    candidates, count = np.empty(N, np.int32), 0
    for column in range(M):
        if minima[column] <= bound:
            for j in range(column, N, M):
                candidates[count] = j
                count += values[j] <= bound
    candidates = candidates[:count]
    last = kth_smallest(values[candidates], k)
    ties, filled = k, 0  # ties: how many of the values that equal the last are wanted
    for j in candidates:
        ties -= values[j] < last
    for j in candidates:
        if values[j] < last or (values[j] == last and ties > 0):
            ties -= values[j] == last
            indices[filled], smallest[filled] = j, values[j]
            filled += 1


@compile_kernel
def kth_smallest(values, k):
    """The k-th smallest of values, k counted from 1; reorders them (quickselect, no branches)."""
    lo, hi = 0, values.size
    while True:
        a, b, c = values[lo], values[(lo + hi) // 2], values[hi - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        below = lo
        for j in range(lo, hi):
            value = values[j]
            values[j], values[below] = values[below], value
            below += value < pivot
        upto = below
        for j in range(below, hi):
            value = values[j]
            values[j], values[upto] = values[upto], value
            upto += value == pivot
        if k <= below:
            hi = below
        elif k <= upto:
            return pivot
        else:
            lo = upto


@compile_kernel
def calibrate(distances, perplexity, p, lo, hi):
    """p_{j|i} of each row: Gaussian, its precision such that exp(entropy) is the perplexity.

    Safeguarded Newton steps on t = log(beta): the entropy H falls with slope beta^2 Var(distance).
    Rows whose nearest neighbours tie cannot come down to the perplexity; they end uniform over
    the tie.

    Args:
        distances: (N, k) float32, squared.
        perplexity: at most k.
        p: (N, k) float64, filled; rows sum to 1.
        lo, hi: rows to fill.
    """
    k, target = distances.shape[1], np.log(perplexity)
    gap = np.empty(k, np.float64)
    for i in range(lo, hi):
        least, mean = distances[i, 0], 0.0
        for j in range(k):
            least = min(least, distances[i, j])
        for j in range(k):
            gap[j] = distances[i, j] - least
            mean += gap[j] / k
        scale = 1.0 / mean if mean > 0 else 1.0
        t, low, high = 0.0, -np.inf, np.inf  # beta = exp(t) in units of the mean gap
        for _ in range(100):
            beta = np.exp(t) * scale
            total, first, second = 0.0, 0.0, 0.0
            for j in range(k):
                weight = np.exp(-beta * gap[j])
                p[i, j] = weight
                total += weight
                first += weight * gap[j]
                second += weight * gap[j] * gap[j]
            first, second = first / total, second / total
            excess = np.log(total) + beta * first - target
            if abs(excess) < 1e-6 or mean == 0:
                break
            if excess > 0:
                low = t
            else:
                high = t
            slope = beta * beta * (second - first * first)
            t += min(max(excess / max(slope, 1e-12), -2.0), 2.0)
            if t <= low or t >= high:
                t = 0.5 * (low + high)
        for j in range(k):
            p[i, j] /= total


@compile_kernel
def forces(embedding, starts, columns, weights, attraction, repulsion, row_z, lo, hi):
    """Both sums of the gradient (van der Maaten & Hinton 2008, eq. 5) and the row sums of Z.

    Args:
        embedding: (2, N) float32 positions y.
        starts, columns, weights: P in compressed rows: (N + 1,) int32, (E,) uint32, (E,) float32.
        attraction: (2, N) float32, filled with sum_j p_ij w_ij (y_i - y_j).
        repulsion: (2, N) float32, filled with sum_j w_ij^2 (y_i - y_j).
        row_z: (N,) float32, filled with sum_{j != i} w_ij; here w_ij = 1 / (1 + |y_i - y_j|^2).
        lo, hi: rows to fill.
    """
    x, y = embedding[0], embedding[1]  # `x, y = embedding` would not vectorise
    for i in range(lo, hi):
        xi, yi = x[i], y[i]
        sum_x, sum_y, z = np.float32(0), np.float32(0), np.float32(0)
        for j in range(x.size):
            dx, dy = xi - x[j], yi - y[j]
            w = ONE / (ONE + dx * dx + dy * dy)
            z += w
            w *= w
            sum_x += w * dx
            sum_y += w * dy
        repulsion[0, i], repulsion[1, i], row_z[i] = sum_x, sum_y, z - ONE  # w_ii = 1
        sum_x, sum_y = np.float32(0), np.float32(0)
        row = columns[starts[i] : starts[i + 1]]
        p = weights[starts[i] : starts[i + 1]]
        for e in range(row.size):
            dx, dy = xi - x[row[e]], yi - y[row[e]]
            w = p[e] / (ONE + dx * dx + dy * dy)
            sum_x += w * dx
            sum_y += w * dy
        attraction[0, i], attraction[1, i] = sum_x, sum_y


@compile_kernel
def edge_distances(embedding, starts, columns, squared, lo, hi):
    """Fill `squared` (E,) float32 with 1 + |y_i - y_j|^2 of the affinities of rows lo to hi."""
    x, y = embedding[0], embedding[1]
    for i in range(lo, hi):
        row = columns[starts[i] : starts[i + 1]]
        out = squared[starts[i] : starts[i + 1]]
        for e in range(row.size):
            dx, dy = x[i] - x[row[e]], y[i] - y[row[e]]
            out[e] = ONE + dx * dx + dy * dy


@compile_kernel
def descend(
    embedding, velocity, gains, attraction, repulsion, row_z, rates, exaggeration, momentum
):
    """One step down the gradient 4 (exaggeration attraction - repulsion / Z), with momentum.

    rates is (N,), exaggeration and momentum are scalars, the rest as `forces` has it: all float32.
    Each coordinate has a gain that grows while it keeps its direction and shrinks when it turns
    (Jacobs 1988, as in the code of van der Maaten & Hinton 2008). The map stays centred.
    """
    N, Z = row_z.size, 0.0
    for i in range(N):
        Z += row_z[i]
    pull, push = np.float32(4) * exaggeration, np.float32(4 / Z)
    for axis in range(2):
        total = 0.0
        for i in range(N):
            gradient = pull * attraction[axis, i] - push * repulsion[axis, i]
            gain, speed = gains[axis, i], velocity[axis, i]
            if gradient * speed < 0:
                gain += np.float32(0.2)
            else:
                gain = max(gain * np.float32(0.8), np.float32(0.01))
            speed = momentum * speed - rates[i] * gain * gradient
            gains[axis, i], velocity[axis, i] = gain, speed
            embedding[axis, i] += speed
            total += embedding[axis, i]
        centre = np.float32(total / N)
        for i in range(N):
            embedding[axis, i] -= centre
