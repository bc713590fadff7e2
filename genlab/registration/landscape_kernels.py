"""Likelihoods at many places, and EM runs from many starts, compiled by numba.

Shapes: K data points, C centres, G places; columns are float32 as in `kernels.py`.
"""

import numpy as np

from genlab.registration.exp2 import ZERO, kernel
from genlab.registration.kernels import LN2, VANISHED, nearest_squared, sweep


@kernel
def log_sums_at(data, x, y, z, places, sharpness, nearest, found, lo, hi):
    """Sum over the data of log sum_c e, with the data moved to each place.

    Args:
        data: (3, K). x, y, z: (C,), the centres. places: (G, 3) float64, added to the data.
        nearest: count each data point's nearest centre only.
        found: (G,) float64, filled for places lo to hi.
    """
    for g in range(lo, hi):
        total = 0.0
        dx, dy, dz = np.float32(places[g, 0]), np.float32(places[g, 1]), np.float32(places[g, 2])
        for k in range(data.shape[1]):
            px, py, pz = data[0, k] + dx, data[1, k] + dy, data[2, k] + dz
            if nearest:
                total -= LN2 * sharpness * nearest_squared(px, py, pz, x, y, z)
                continue
            shift = ZERO
            s = sweep(px, py, pz, x, y, z, sharpness, shift)[0]
            if s < VANISHED:
                shift = sharpness * nearest_squared(px, py, pz, x, y, z)
                s = sweep(px, py, pz, x, y, z, sharpness, shift)[0]
            total += np.log(s) - LN2 * shift
        found[g] = total


@kernel
def climb_from(
    data, x, y, z, count, places, steps, sharpness, learned, most, tol, lo, hi
):  # fmt: skip
    """EM over the translation of the data, whose rows of responsibilities sum to 1.

    Args:
        data: (3, K). x, y, z: (C,), the centres, of which the first `count` are real.
        places: (G, 3) float64, where each run starts, and then where it ended.
        steps: (G,) int64, filled.
        sharpness: float64, of the known sigma; a learned prior adds as much again in each step,
            around the mean of all places so far (`prior.py`).
        most, tol: the most steps, and the gain in nats a data point that counts as none.
    """
    K = data.shape[1]
    for g in range(lo, hi):
        tx, ty, tz = places[g, 0], places[g, 1], places[g, 2]
        mx, my, mz = 0.0, 0.0, 0.0  # the mean of all places so far
        last_sum, last = (K * np.log(np.float64(count)) if learned else 0.0), -np.inf
        for step in range(most + 1):
            ax, ay, az = tx - mx, ty - my, tz - mz
            share = 1.0 / (step + 1) if learned else 1.0
            mx, my, mz = mx + share * ax, my + share * ay, mz + share * az
            sharp = np.float32(sharpness * (step + 1)) if learned else np.float32(sharpness)
            log_sum, sx, sy, sz = pulled(data, x, y, z, mx, my, mz, sharp)
            found = log_sum - last_sum
            if learned:
                apart = ax * ax + ay * ay + az * az
                found -= K * LN2 * sharpness * apart * step / (step + 1)
                last_sum = log_sum
            steps[g] = step
            if step == most or found - last < tol * K:
                break
            last = found
            tx, ty, tz = mx + sx / K, my + sy / K, mz + sz / K
        places[g, 0], places[g, 1], places[g, 2] = tx, ty, tz


@kernel
def pulled(data, x, y, z, mx, my, mz, sharpness):
    """Sums over the data moved by (mx, my, mz): of log-sums, and of where partners pull to."""
    log_sum, ax, ay, az = 0.0, 0.0, 0.0, 0.0
    dx, dy, dz = np.float32(mx), np.float32(my), np.float32(mz)
    for k in range(data.shape[1]):
        px, py, pz = data[0, k] + dx, data[1, k] + dy, data[2, k] + dz
        shift = ZERO
        s, sx, sy, sz, _ = sweep(px, py, pz, x, y, z, sharpness, shift)
        if s < VANISHED:
            shift = sharpness * nearest_squared(px, py, pz, x, y, z)
            s, sx, sy, sz, _ = sweep(px, py, pz, x, y, z, sharpness, shift)
        log_sum += np.log(s) - LN2 * shift
        ax, ay, az = ax + sx / s, ay + sy / s, az + sz / s
    return log_sum, ax, ay, az
