"""The E step in plain numpy and float64: what the fast paths are held to.

A chunk of data points at a time, so that memory stays small; shapes as in `statistics.py`.
"""

import numpy as np

from genlab.registration.statistics import Matching, Statistics

PAIRS_AT_ONCE = 250_000


def plain_statistics(source: np.ndarray, target: np.ndarray, matching: Matching) -> Statistics:
    """All pairs, with log-sum-exp. source (M, D), target (N, D); sigma above 0."""
    moved = matching.transform.apply(source)
    data, centres = (target, moved) if matching.each == "target" else (moved, target)
    weight, partners = np.zeros(len(source)), np.zeros_like(moved)
    log_sum, spread = np.empty(len(data)), 0.0
    at_once = max(1, PAIRS_AT_ONCE // len(centres))
    for lo in range(0, len(data), at_once):
        rows = slice(lo, lo + at_once)
        r, squared, log_sum[rows] = soft_matches(data[rows], centres, matching)
        spread += np.einsum("kc,kc->", r, squared)
        if matching.each == "target":
            weight += r.sum(axis=0)
            partners += r.T @ (target[rows] - target[0])
        else:
            weight[rows] = r.sum(axis=1)
            partners[rows] = r @ (target - target[0])
    pull = partners - weight[:, None] * (moved - target[0])
    return Statistics(moved, weight, pull, float(spread), log_sum, "float64", 0.0)


def soft_matches(
    data: np.ndarray, centres: np.ndarray, matching: Matching
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Responsibilities (K, C), squared distances (K, C) and log-sums (K,) of some data points."""
    squared = squared_distances(data, centres)
    exponents = squared / (-2 * matching.sigma**2)
    top = exponents.max(axis=1)
    r = np.exp(exponents - top[:, None])
    log_sum = np.log(r.sum(axis=1)) + top
    if matching.background:
        log_sum = np.logaddexp(log_sum, np.log(matching.background))
    r *= np.exp(top - log_sum)[:, None]
    return r, squared, log_sum


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(A, B) from points (A, D) and (B, D), by differences."""
    squared = np.zeros((len(a), len(b)))
    for axis in range(a.shape[1]):
        squared += np.square(a[:, axis, None] - b[None, :, axis])
    return squared
