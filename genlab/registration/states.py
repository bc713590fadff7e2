"""One step of a registration as a record, and its matches when somebody asks for them.

Shapes: M source points, N target points, D axes, L lines.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from genlab.registration.matcher import Matcher
from genlab.registration.reference import soft_matches
from genlab.registration.statistics import Matching
from genlab.registration.transforms import Transform

ROWS_AT_ONCE = 250_000


@dataclass(frozen=True, eq=False)
class RegistrationState:
    """Where a registration is. Lengths in the units of the points, the likelihood in nats."""

    step: int  # 0 is the start
    transform: Transform  # from the source to where it lies now
    sigma: float  # 0 for ICP
    log_likelihood: float  # observed, of this transform, sigma and prior; nan for ICP
    matched: float  # the sum of all responsibilities
    rms: float  # root of the mean squared distance between partners
    points: tuple[int, int]  # source and target points in use; fewer in a coarse start
    path: str  # "float64", "exact", "truncated" or "nearest"
    omitted: float  # at most this share of any data point's total was left out
    matching: Matching  # what the responsibilities of this state follow from

    def moved(self, source: np.ndarray) -> np.ndarray:
        """(M, D) the source where this state puts it."""
        return self.transform.apply(source)


class Lines(NamedTuple):
    """The strongest pairs, to be drawn."""

    source: np.ndarray  # (L,) int
    target: np.ndarray  # (L,) int
    weight: np.ndarray  # (L,) responsibilities


def responsibilities(
    state: RegistrationState, source: np.ndarray, target: np.ndarray, rows=None
) -> np.ndarray:
    """The matrix r of a state, or some of its rows.

    Args:
        source, target: (M, D) and (N, D), the clouds that were registered.
        rows: indices of source points; None for all.

    Returns:
        (rows, N) float64: rows, or with each="target" columns, sum to 1 less the outliers' part.
    """
    rows = np.arange(len(source)) if rows is None else np.asarray(rows, int)
    matching = state.matching
    moved = matching.transform.apply(source)
    if matching.sigma == 0:
        return nearest_only(matching, moved, target, rows)
    if matching.each == "source":
        return soft_matches(moved[rows], target, matching)[0]
    r = np.empty((len(rows), len(target)))
    at_once = max(1, ROWS_AT_ONCE // len(source))
    for lo in range(0, len(target), at_once):
        some = slice(lo, lo + at_once)
        r[:, some] = soft_matches(target[some], moved, matching)[0].T[rows]
    return r


def nearest_only(
    matching: Matching, moved: np.ndarray, target: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """(rows, N) with a 1 for each source point's nearest target within reach."""
    r = np.zeros((len(rows), len(target)))
    distances, partners = cKDTree(target).query(moved[rows])
    near = distances <= matching.reach
    r[np.flatnonzero(near), partners[near]] = 1
    return r


def lines(
    state: RegistrationState,
    source: np.ndarray,
    target: np.ndarray,
    count: int = 3,
    least: float = 0.01,
) -> Lines:
    """The `count` strongest pairs of each data point that have at least the weight `least`.

    Data points are those that each find a partner (`matching.each`). Responsibilities fall with
    distance, so their strongest pairs are the nearest ones: memory grows with the points.
    """
    matching = state.matching
    moved = matching.transform.apply(source)
    by_target = matching.each == "target"
    data, centres = (target, moved) if by_target else (moved, target)
    count = min(count, len(centres)) if matching.sigma else 1
    distances, near = cKDTree(centres).query(data, k=count)
    distances, near = distances.reshape(len(data), count), near.reshape(len(data), count)
    if matching.sigma:
        log_sum = Matcher(source, target)(matching).log_sum
        weight = np.exp(-np.square(distances / matching.sigma) / 2 - log_sum[:, None])
    else:
        weight = np.where(distances <= matching.reach, 1.0, 0.0)
    k, column = np.nonzero(weight >= least)
    centre = near[k, column]
    i, j = (centre, k) if by_target else (k, centre)
    return Lines(i, j, weight[k, column])
