"""How well a set of samples stands for a set of real images, told from features of both.

Fréchet distance: Heusel et al. 2017, arXiv:1706.08500, equation 6, there on other features.
Precision and recall: Kynkäänniemi et al. 2019, arXiv:1904.06991, section 2.
Shapes: N, M samples, F features, K classes. Everything in float64.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

NEIGHBOURS = 3  # k of precision and recall, as in section 3 of their source
ROWS = 1000  # of a matrix of distances that are in memory at a time


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The normal distribution with the moments of some features."""

    mean: np.ndarray  # (F,)
    covariance: np.ndarray  # (F, F)


def gaussian_of(features: np.ndarray) -> Gaussian:
    """Mean and unbiased covariance of features (N, F), N at least 2."""
    if len(features) < 2:
        raise ValueError(f"features has {len(features)} rows; a covariance takes 2 or more.")
    rows = features.astype(np.float64)
    mean = rows.mean(axis=0)
    rows -= mean
    return Gaussian(mean, rows.T @ rows / (len(rows) - 1))


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), 0 for equal moments, in squared feature units.

    S1 S2 has the eigenvalues of the symmetric S1^(1/2) S2 S1^(1/2); those that rounding turns
    negative are 0, as are both matrices' own.
    """
    values, axes = np.linalg.eigh(one.covariance)
    root = (axes * np.sqrt(values.clip(0.0))) @ axes.T  # S1^(1/2)
    crossed = np.linalg.eigvalsh(root @ other.covariance @ root)
    shift = np.square(one.mean - other.mean).sum()
    spread = np.trace(one.covariance) + np.trace(other.covariance)
    return float(max(0.0, shift + spread - 2.0 * np.sqrt(crossed.clip(0.0)).sum()))


def class_histogram(labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each class among labels (N,): (K,), sums to 1."""
    return np.bincount(labels, minlength=classes) / len(labels)


def kl_from_uniform(shares: np.ndarray) -> float:
    """KL(shares || uniform) in nats: 0 where all K classes are equally often, log K where only
    one is there."""
    there = shares[shares > 0.0]
    return float((there * np.log(there * len(shares))).sum())


def confusion(labels: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """How often each guess was made of each class: (K, K) int64, a row for each true class."""
    cells = labels.astype(np.int64) * classes + guesses
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


class Coverage(NamedTuple):
    precision: float  # share of samples within the manifold of the real images
    recall: float  # share of real images within the manifold of the samples


def precision_and_recall(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    neighbours: int = NEIGHBOURS,
    real_radii: np.ndarray | None = None,
) -> Coverage:
    """How much of features fake (M, F) lies among real (N, F), and the other way round.

    A set's manifold is the union of balls around its points, each reaching to the point's
    `neighbours`-th nearest of the same set. Exact: every distance is looked at.

    Args:
        real_radii: what squared_radii(real) gives, where it is at hand.
    """
    if real_radii is None:
        real_radii = squared_radii(real, neighbours)
    return Coverage(
        precision=share_within(fake, real, real_radii),
        recall=share_within(real, fake, squared_radii(fake, neighbours)),
    )


def squared_radii(points: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Squared distance of each of points (N, F) to its k-th nearest other one: (N,)."""
    if len(points) <= neighbours:
        raise ValueError(
            f"{len(points)} points have no {neighbours}-th neighbour; give more than {neighbours}."
        )
    radii = np.empty(len(points))
    for start in range(0, len(points), ROWS):
        block = slice(start, start + ROWS)
        apart = squared_distances(points[block], points)
        apart[np.arange(len(apart)), np.arange(start, start + len(apart))] = np.inf  # itself
        radii[block] = np.partition(apart, neighbours - 1, axis=1)[:, neighbours - 1]
    return radii


def share_within(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> float:
    """The share of points (M, F) in at least one of the balls at centres (N, F) with squared
    radii (N,)."""
    inside = 0
    for start in range(0, len(points), ROWS):
        apart = squared_distances(points[start : start + ROWS], centres)
        inside += int((apart <= radii).any(axis=1).sum())
    return inside / len(points)


def squared_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (M, N) of rows (M, F) and (N, F), never negative."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    lengths = np.square(one).sum(1)[:, None] + np.square(other).sum(1)
    return (lengths - 2.0 * one @ other.T).clip(0.0)
