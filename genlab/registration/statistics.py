"""What an E step hands to the M step: sums over pairs, never the pairs.

Shapes: M source points, N target points, D axes, K data points and C centres (who is which is
`Matching.each`: the points that each find a partner are the data).
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from genlab.registration.transforms import Transform


@dataclass(frozen=True, eq=False)
class Matching:
    """Whose partner a point may be: r is e^(-|moved source - target|^2 / (2 sigma^2)), normalised.

    With the source moved by `transform`. Over each data point, r and the part of the background
    sum to 1. A sigma of 0 gives each source point its nearest target alone.

    A learned prior Pi needs no matrix: it is the product of all earlier densities, and a product
    of Gaussians around one target point is a Gaussian around it. So `transform` is then the
    average of all transforms so far and `sigma` that of the whole product.
    """

    each: Literal["target", "source"]
    transform: Transform
    sigma: float
    background: float = 0.0  # the outlier component, in units of one centre at distance 0
    reach: float = np.inf  # with sigma 0, no partner lies further away


class Statistics(NamedTuple):
    """Sums over all pairs, with r their responsibilities and z the source moved by the matching."""

    moved: np.ndarray  # (M, D), z
    weight: np.ndarray  # (M,), sum_j r_ij
    pull: np.ndarray  # (M, D), sum_j r_ij (q_j - z_i)
    spread: float  # sum_ij r_ij |q_j - z_i|^2
    log_sum: np.ndarray  # (K,), log of background + sum of e^(-d^2 / (2 sigma^2)), natural
    path: str  # "float64", "exact", "truncated" or "nearest"
    omitted: float  # at most this share of any data point's total was left out

    @property
    def matched(self) -> float:
        """How many points are matched: the sum of all responsibilities."""
        return float(self.weight.sum())

    def spread_around(self, moved: np.ndarray) -> float:
        """sum_ij r_ij |q_j - y_i|^2 for another place y (M, D) of the source, same r.

        From differences, not from sums of squares of coordinates: those cancel where sigma is
        small beside the clouds.
        """
        step = moved - self.moved
        return float(
            self.spread
            - 2 * np.einsum("md,md->", self.pull, step)
            + np.einsum("m,md,md->", self.weight, step, step)
        )
