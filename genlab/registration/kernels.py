"""The inner loops of the E step, compiled by numba: distance, exponential and sums in one sweep.

No pair is ever stored: a sweep takes one data point past all its centres and keeps sums. Points
are float32 columns near the origin (`matcher.py` puts them there), a sum over thousands of terms is
taken in float32 parts and added up in float64. Kernels let go of the GIL.

Shapes: K data points, C centres, three axes (the third is 0 in the plane). e of a pair is
2^(shift - sharpness d^2); sharpness = log2(e) / (2 sigma^2), shift is 0 unless all would vanish.
"""

import numpy as np

from genlab.registration.exp2 import ZERO, exp2_below_one, kernel

PART = 4096  # terms that are summed in float32 before they go to float64
FLUSH = 512  # data points whose shares are summed in float32 before they go to float64
LANES = 64  # centres that an unrolled, vectorised loop takes at once
NOWHERE = np.float32(1e9)  # in units of the target's radius: e is 0 there, its square no overflow
VANISHED = 1e-24  # a sum below it has lost digits: the sweep is made again from the nearest centre
HUGE = 1e300
LN2 = float(np.log(2.0))


@kernel
def nearest_squared(px, py, pz, x, y, z):
    """The least squared distance from a point to the centres x, y, z, each (C,)."""
    least = np.float32(np.inf)
    for c in range(x.size):
        dx, dy, dz = x[c] - px, y[c] - py, z[c] - pz
        least = min(least, dx * dx + dy * dy + dz * dz)
    return least


@kernel
def sweep(px, py, pz, x, y, z, sharpness, shift):
    """Of one data point, over all centres: the sums of e, e dx, e dy, e dz and e d^2."""
    if x.size <= PART:  # slices cost as much as a hundred centres
        return sweep_part(px, py, pz, x, y, z, sharpness, shift)
    s, sx, sy, sz, sq = 0.0, 0.0, 0.0, 0.0, 0.0
    for start in range(0, x.size, PART):
        cx, cy, cz = x[start : start + PART], y[start : start + PART], z[start : start + PART]
        p, ax, ay, az, aq = sweep_part(px, py, pz, cx, cy, cz, sharpness, shift)
        s, sx, sy, sz, sq = s + p, sx + ax, sy + ay, sz + az, sq + aq
    return s, sx, sy, sz, sq


@kernel
def sweep_part(px, py, pz, x, y, z, sharpness, shift):
    s, sx, sy, sz, sq = ZERO, ZERO, ZERO, ZERO, ZERO
    for c in range(x.size):
        dx, dy, dz = x[c] - px, y[c] - py, z[c] - pz
        squared = dx * dx + dy * dy + dz * dz
        e = exp2_below_one(shift - sharpness * squared)
        s += e
        sx += e * dx
        sy += e * dy
        sz += e * dz
        sq += e * squared
    return np.float64(s), np.float64(sx), np.float64(sy), np.float64(sz), np.float64(sq)


@kernel
def raised(s, background, shift):
    """s and the background in the units of a shifted sweep."""
    return s + np.exp2(np.log2(background) + shift) if background > 0 else s


@kernel
def log_of(total, background, shift):
    """Natural log of a total in the units of an unshifted sweep."""
    if total > HUGE:  # nothing but background
        return np.log(background)
    return np.log(total) - LN2 * shift


@kernel
def match_data(data, x, y, z, sharpness, background, need, sums, log_sum, lo, hi):
    """Each data point's own sums over the centres, normalised: the E step whose rows sum to 1.

    Args:
        data: (3, K) float32. x, y, z: (C,) float32, the centres.
        sharpness: float32. background: of the outlier component, in units of e.
        need: e and background together must reach it, else the point is left for others: its
            log_sum is nan. 0 asks for an answer at any price.
        sums: (K, 5) float64, filled with sum_c r (1, dx, dy, dz, d^2), where r = e / total.
        log_sum: (K,) float64, filled with log(total).
        lo, hi: data points to fill.
    """
    for k in range(lo, hi):
        px, py, pz = data[0, k], data[1, k], data[2, k]
        shift = ZERO
        s, sx, sy, sz, sq = sweep(px, py, pz, x, y, z, sharpness, shift)
        total = s + background
        if total < need:
            log_sum[k] = np.nan
            sums[k, :] = 0
            continue
        if total < VANISHED:
            shift = sharpness * nearest_squared(px, py, pz, x, y, z)
            s, sx, sy, sz, sq = sweep(px, py, pz, x, y, z, sharpness, shift)
            total = raised(s, background, shift)
        log_sum[k] = log_of(total, background, shift)
        sums[k, 0], sums[k, 4] = s / total, sq / total
        sums[k, 1], sums[k, 2], sums[k, 3] = sx / total, sy / total, sz / total


@kernel
def weigh(px, py, pz, x, y, z, sharpness, shift, row):
    """Fill row (C,) with e of one data point; return the sums of e and of e d^2."""
    if x.size <= PART:
        return weigh_part(px, py, pz, x, y, z, sharpness, shift, row)
    s, sq = 0.0, 0.0
    for start in range(0, x.size, PART):
        cx, cy, cz = x[start : start + PART], y[start : start + PART], z[start : start + PART]
        p, q = weigh_part(px, py, pz, cx, cy, cz, sharpness, shift, row[start : start + PART])
        s, sq = s + p, sq + q
    return s, sq


@kernel
def weigh_part(px, py, pz, x, y, z, sharpness, shift, row):
    s, sq = ZERO, ZERO
    for c in range(x.size):
        dx, dy, dz = x[c] - px, y[c] - py, z[c] - pz
        squared = dx * dx + dy * dy + dz * dz
        e = exp2_below_one(shift - sharpness * squared)
        row[c] = e
        s += e
        sq += e * squared
    return np.float64(s), np.float64(sq)


@kernel
def match_centres(
    data, x, y, z, sharpness, background, need, rows, shares, totals, spread, log_sum, lo, hi
):
    """Each centre's sums over the data points: the E step whose columns sum to 1.

    Args:
        data, x, y, z, sharpness, background, need, log_sum, lo, hi: as in `match_data`.
        rows, shares: (4, C) float32, zeros, room to work in.
        totals: (4, C) float64, to which sum_k r (1, x_k, y_k, z_k) is added.
        spread: (K,) float64, filled with sum_c r d^2 of each data point.
    """
    for start in range(lo, hi, FLUSH):
        stop = min(start + FLUSH, hi)
        share_out(
            data, x, y, z, sharpness, background, need, rows, shares, spread, log_sum, start, stop
        )  # fmt: skip
        for axis in range(4):
            for c in range(x.size):
                totals[axis, c] += shares[axis, c]
                shares[axis, c] = 0


@kernel
def share_out(data, x, y, z, sharpness, background, need, rows, shares, spread, log_sum, lo, hi):
    """`match_centres` for no more than FLUSH data points, added to shares (4, C or more).

    Four data points go at once, so that a centre's four sums are loaded and stored once for four.
    rows (4, C or more) float32 may hold anything finite.
    """
    each = np.zeros((4, 4), np.float32)  # of the four: 1, x, y, z, each over its total
    for first in range(lo, hi, 4):
        each[:, :] = 0
        for k in range(first, min(first + 4, hi)):
            px, py, pz = data[0, k], data[1, k], data[2, k]
            row, shift = rows[k - first], ZERO
            s, sq = weigh(px, py, pz, x, y, z, sharpness, shift, row)
            total = s + background
            spread[k] = 0
            if total < need:
                log_sum[k] = np.nan
                continue
            if total < VANISHED:
                shift = sharpness * nearest_squared(px, py, pz, x, y, z)
                s, sq = weigh(px, py, pz, x, y, z, sharpness, shift, row)
                total = raised(s, background, shift)
            log_sum[k] = log_of(total, background, shift)
            spread[k] = sq / total
            share = np.float32(1 / total)
            each[k - first, 0], each[k - first, 1] = share, share * px
            each[k - first, 2], each[k - first, 3] = share * py, share * pz
        add_shares(rows, each, shares, x.size)


@kernel
def add_shares(rows, each, shares, C):
    """shares[a, c] += sum_k each[k, a] rows[k, c], for four data points k and four sums a."""
    r0, r1, r2, r3 = rows[0], rows[1], rows[2], rows[3]
    for axis in range(4):
        a0, a1, a2, a3 = each[0, axis], each[1, axis], each[2, axis], each[3, axis]
        out = shares[axis]
        for c in range(C):
            out[c] += (r0[c] * a0 + r1[c] * a1) + (r2[c] * a2 + r3[c] * a3)
