"""The E step of two clouds, by the cheapest path whose error is known.

"exact" visits all pairs that float32 can tell from 0. "truncated" visits nearer ones and leaves out
at most `TAIL` of any data point's total: beyond the distance r each of the C centres would add at
most e^(-r^2 / (2 sigma^2)). "float64" is the plain reference, taken where it is asked for, or where
float32 coordinates are too coarse and the clouds are small.

Shapes as in `statistics.py`.
"""

import numpy as np
from scipy.spatial import cKDTree

from genlab.errors import GenLabError
from genlab.registration.blocks import Near, near_region, near_tree
from genlab.registration.exp2 import LEAST
from genlab.registration.kernels import VANISHED
from genlab.registration.reference import plain_statistics
from genlab.registration.statistics import Matching, Statistics
from genlab.registration.strays import add_nearest
from genlab.registration.sums import (
    Sums,
    centre_sums,
    data_sums,
    near_centre_sums,
    near_data_sums,
)

TAIL = 1e-5
CLOSE = float(np.exp(-4.5))  # a data point 3 sigma from its nearest centre is still no stray
WORTH_BLOCKS = 100_000  # pairs; below, sorting costs more than it saves
WORTH_TRUNCATING = 5_000_000  # pairs; below, all that float32 can tell from 0 are visited
MOST = 0.7  # of all pairs near one another: then visit all
FEW = 500  # strays; a tree takes longer to build than to try all centres for so few
AFFORDABLE = 20_000_000_000  # pairs; more would take minutes
ROUNDING = 6e-8  # of a float32, relative
TOO_COARSE = 0.02  # nats by which rounding may move an exponent before float64 is better
PLAIN_PAIRS = 4_000_000  # pairs; with more, float64 is too slow


class TooManyPairs(GenLabError):
    """sigma spans so many pairs that a step would take minutes."""

    def __init__(self, pairs: float) -> None:
        super().__init__(
            f"At this sigma {pairs:.2g} pairs of points matter in every step, which would take "
            "minutes; choose a smaller sigma or fewer points."
        )


class Matcher:
    """Keeps two clouds in the form the kernels want, and what one E step leaves for the next."""

    def __init__(self, source: np.ndarray, target: np.ndarray, precision: str = "fast") -> None:
        self.source, self.target, self.precision = source, target, precision
        self.centre = target.mean(axis=0)
        self.unit = float(np.sqrt(np.square(target - self.centre).sum(axis=1).mean())) or 1.0
        self.pairs = len(source) * len(target)
        self.source_order = self.target_order = None  # as the points came
        if self.pairs > WORTH_BLOCKS and precision == "fast":
            self.target_tree = near_tree(target)
            self.source_order = near_tree(source).indices
            self.target_order = self.target_tree.indices
        self.fixed = self.columns(target, self.target_order)
        self.extent = float(np.ptp(self.fixed, axis=1).max())

    def columns(self, points: np.ndarray, order: np.ndarray | None) -> np.ndarray:
        """(3, N) float32, in units of the target's radius around its centre, in this order."""
        columns = np.zeros((3, len(points)), np.float32)
        points = points if order is None else points[order]
        columns[: points.shape[1]] = ((points - self.centre) / self.unit).T
        return columns

    def __call__(self, matching: Matching) -> Statistics:
        """The sums of one E step; TooManyPairs where they would take minutes."""
        if self.precision == "float64":
            return plain_statistics(self.source, self.target, matching)
        found = self.fast(matching)
        if self.pairs <= PLAIN_PAIRS and self.rounding(found, matching) > TOO_COARSE:
            return plain_statistics(self.source, self.target, matching)
        return found

    def rounding(self, found: Statistics, matching: Matching) -> float:
        """Nats by which float32 coordinates may be off in the exponents that matter."""
        reach = max(np.abs(found.moved - self.centre).max(), self.unit)
        sigmas = np.sqrt(25 + 2 * max(0.0, -found.log_sum.min()))  # to a pair that matters
        return float(ROUNDING * reach * sigmas / matching.sigma)

    def fast(self, matching: Matching) -> Statistics:
        """Over blocks of points that are near one another, or over all pairs if most are."""
        moved = matching.transform.apply(self.source)
        columns = self.columns(moved, self.source_order)
        by_target = matching.each == "target"
        data, centres = (self.fixed, columns) if by_target else (columns, self.fixed)
        sharpness = self.sharpness(matching)
        truncated = self.pairs > WORTH_TRUNCATING
        need = max(matching.background, CLOSE) if truncated else VANISHED
        # exact: beyond this e is 0 in float32; truncated: all centres there make less than TAIL
        bits = -np.log2(TAIL * need / centres.shape[1]) if truncated else -LEAST
        near = self.near(data, centres, bits / sharpness)
        pairs = self.pairs if near is None else near.pairs
        if pairs > AFFORDABLE:
            raise TooManyPairs(pairs)
        if near is None:
            sums_of = centre_sums if by_target else data_sums
            sums = sums_of(data, centres, sharpness, matching.background)
            return self.statistics(sums, moved, matching)
        sums_of = near_centre_sums if by_target else near_data_sums
        sums = sums_of(data, centres, near, sharpness, matching.background, need)
        found = self.statistics(sums, moved, matching)
        if truncated:
            found = found._replace(path="truncated", omitted=TAIL)
        strays = np.flatnonzero(np.isnan(found.log_sum))
        if strays.size:
            return self.with_strays(found, strays, matching, found.omitted)
        return found

    def near(self, data: np.ndarray, centres: np.ndarray, cutoff: float) -> Near | None:
        """The blocks within a squared cutoff; None where they hold most pairs."""
        if self.source_order is None or cutoff > self.extent**2:
            return None
        near = near_region(data, centres, cutoff)
        return near if near.pairs < MOST * self.pairs else None

    def statistics(self, sums: Sums, moved: np.ndarray, matching: Matching) -> Statistics:
        """In the order and the units of the points."""
        by_target = matching.each == "target"
        weight = unsorted(sums.weight, self.source_order)
        offset = unsorted(sums.offset, self.source_order)
        log_sum = unsorted(sums.log_sum, self.target_order if by_target else self.source_order)
        pull = self.pull(offset, weight, moved, by_target)
        spread = float(sums.spread.sum()) * self.unit**2
        return Statistics(moved, weight, pull, spread, log_sum, "exact", 0.0)

    def pull(self, offset, weight, moved: np.ndarray, by_target: bool) -> np.ndarray:
        """sum_j r (q_j - z_i) in the units of the points, from what a kernel has summed."""
        offset = offset[:, : moved.shape[1]] * self.unit
        return offset - weight[:, None] * (moved - self.centre) if by_target else offset

    def with_strays(
        self, found: Statistics, strays: np.ndarray, matching: Matching, tail: float
    ) -> Statistics:
        """Add data points that no near block explains, by their nearest centres or by all."""
        by_target = matching.each == "target"
        data, centres = (self.target, found.moved) if by_target else (found.moved, self.target)
        if tail and strays.size > FEW:
            tree = cKDTree(centres, balanced_tree=False) if by_target else self.target_tree
            found, strays = add_nearest(found, self.target, data, strays, tree, matching, tail)
        pairs = strays.size * len(centres)
        if pairs > AFFORDABLE:
            raise TooManyPairs(pairs)
        if not strays.size:
            return found
        columns = self.columns(data[strays], None), self.columns(centres, None)
        sums_of = centre_sums if by_target else data_sums
        sums = sums_of(*columns, self.sharpness(matching), matching.background)
        rows = np.arange(len(found.weight)) if by_target else strays
        found.weight[rows] += sums.weight
        found.pull[rows] += self.pull(sums.offset, sums.weight, found.moved[rows], by_target)
        found.log_sum[strays] = sums.log_sum
        return found._replace(spread=found.spread + float(sums.spread.sum()) * self.unit**2)

    def sharpness(self, matching: Matching) -> np.float32:
        """1 / (2 sigma^2) in kernel units and for powers of 2."""
        return np.float32(np.log2(np.e) / 2 * (self.unit / matching.sigma) ** 2)


def unsorted(values: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    """Put values (N, ...) of sorted points back where the points were; a new array."""
    back = np.empty_like(values)
    back[slice(None) if order is None else order] = values
    return back
