"""Data points far from every centre: their few nearest centres, by a k-d tree.

Of a point whose nearest centre is at distance d, centres beyond the radius r with
r^2 = d^2 + 2 sigma^2 log(C / tail) hold together less than `tail` of the total: each holds at most
e^(-(r^2 - d^2) / (2 sigma^2)) of what the nearest does, and there are fewer than C of them.

Shapes: S stray points, C centres, D axes, k neighbours.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from genlab.registration.statistics import Matching, Statistics
from genlab.row_blocks import usable_cores

COUNTS = (4, 32, 256)  # neighbours asked for, until those within the radius are among them
PAIRS_AT_ONCE = 2_000_000


class Near(NamedTuple):
    """Matches of some stray points with their nearest centres."""

    points: np.ndarray  # (S,) which of the stray points
    centres: np.ndarray  # (S, k) indices
    r: np.ndarray  # (S, k) responsibilities
    squared: np.ndarray  # (S, k) squared distances
    log_sum: np.ndarray  # (S,)


def add_nearest(
    found: Statistics,
    target: np.ndarray,
    data: np.ndarray,
    strays: np.ndarray,
    tree: cKDTree,
    matching: Matching,
    tail: float,
) -> tuple[Statistics, np.ndarray]:
    """Sums with those of some strays added, and the strays that have too many near centres.

    data (K, D) are all data points, strays (S,) the indices of those that found left out, tree
    holds the centres; `found` gives its arrays away.
    """
    spread, left = found.spread, np.zeros(len(data), bool)
    left[strays] = True
    for near in near_matches(data[strays], tree, matching.sigma, matching.background, tail):
        rows = strays[near.points]
        left[rows] = False
        found.log_sum[rows] = near.log_sum
        spread += float(np.vdot(near.r, near.squared))
        own = np.broadcast_to(rows[:, None], near.centres.shape)
        i, j = (near.centres, own) if matching.each == "target" else (own, near.centres)
        r, i, j = near.r.ravel(), i.ravel(), j.ravel()
        found.weight[:] += np.bincount(i, r, len(found.weight))
        for axis in range(target.shape[1]):
            away = target[j, axis] - found.moved[i, axis]
            found.pull[:, axis] += np.bincount(i, r * away, len(found.weight))
    return found._replace(spread=spread), np.flatnonzero(left)


def near_matches(
    points: np.ndarray, tree: cKDTree, sigma: float, background: float, tail: float
) -> Iterator[Near]:
    """Matches of points (S, D), a part at a time; points with too many neighbours are left out."""
    C = tree.n
    width = 2 * sigma**2 * np.log(C / tail)
    left = np.arange(len(points))
    for count in COUNTS:
        count = min(count, C)
        at_once = max(1, PAIRS_AT_ONCE // count)
        still = []
        for lo in range(0, len(left), at_once):
            some = left[lo : lo + at_once]
            distances, centres = tree.query(points[some], k=count, workers=usable_cores())
            squared = np.square(distances.reshape(len(some), count))
            enough = (squared[:, -1] >= squared[:, 0] + width) | (count == C)
            still.append(some[~enough])
            squared, centres = squared[enough], centres.reshape(len(some), count)[enough]
            exponents = squared / (-2 * sigma**2)
            log_sum = exponents[:, 0] + np.log(np.exp(exponents - exponents[:, :1]).sum(axis=1))
            if background:
                log_sum = np.logaddexp(log_sum, np.log(background))
            r = np.exp(exponents - log_sum[:, None])
            yield Near(some[enough], centres, r, squared, log_sum)
        left = np.concatenate([*still, left[:0]])
        if not left.size:
            return
