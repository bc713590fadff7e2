"""The prior Pi of a match, uniform or learned, and the observed log-likelihood that goes with it.

Learned means Pi = R after each E step, for rows that sum to 1. It needs no (M, N) matrix. After
some steps Pi_ij is proportional to the product of all earlier densities of q_j around y_i, the
places of p_i so far:

    sum_s k_s |y_i^s - q_j|^2 = k |z_i - q_j|^2 + c_i,   k = sum_s k_s,   z_i = sum_s k_s y_i^s / k,

with k_s = 1 / sigma_s^2. So R is that of one Gaussian with the precision k around the mean z_i, and
z_i is p_i under the mean of all transforms. Every step narrows it: a learned prior anneals itself.

Shapes: M source points, N target points, K data points, C centres, D axes.
"""

import math

import numpy as np

from genlab.registration.config import RegistrationConfig
from genlab.registration.statistics import Matching, Statistics
from genlab.registration.transforms import Transform


class UniformPrior:
    """Every centre is as likely as any other, and a share w of the data are outliers."""

    def __init__(self, config: RegistrationConfig, source: np.ndarray, target: np.ndarray) -> None:
        self.config, self.axes = config, source.shape[1]
        self.centres = len(source) if config.each == "target" else len(target)

    def matching(self, transform: Transform, sigma: float) -> Matching:
        w = self.config.outliers
        self.log_height = log_height(sigma, self.axes, self.config.constant)
        self.log_height += math.log1p(-w) - math.log(self.centres)  # of one centre
        background = w / self.config.outlier_volume * math.exp(-self.log_height)
        return Matching(self.config.each, transform, sigma, background)

    def log_likelihood(self, found: Statistics) -> float:
        """Of the state whose matching was asked for last, in nats."""
        return float(found.log_sum.sum()) + len(found.log_sum) * self.log_height


class LearnedPrior:
    """Pi starts uniform over the target and becomes R in each step."""

    def __init__(self, config: RegistrationConfig, source: np.ndarray, target: np.ndarray) -> None:
        self.config, self.source, self.axes = config, source, source.shape[1]
        self.mean: Transform | None = None
        self.precision = 0.0
        self.log_sum: np.ndarray | float = math.log(len(target))

    def matching(self, transform: Transform, sigma: float) -> Matching:
        before, new = self.precision, 1 / sigma**2
        self.precision = before + new
        if self.mean is None:
            self.apart = 0.0
            self.mean = transform
        else:
            step = transform.apply(self.source) - self.mean.apply(self.source)
            self.apart = before * new / self.precision * np.square(step).sum(axis=1)  # (M,)
            old, share = self.mean, new / self.precision
            self.mean = Transform(
                old.linear + share * (transform.linear - old.linear),
                old.translation + share * (transform.translation - old.translation),
            )
        self.log_height = log_height(sigma, self.axes, self.config.constant)
        return Matching("source", self.mean, 1 / math.sqrt(self.precision))

    def log_likelihood(self, found: Statistics) -> float:
        """Of the state whose matching was asked for last, in nats; ask once for each."""
        each = found.log_sum - self.log_sum - self.apart / 2 + self.log_height
        self.log_sum = found.log_sum
        return float(each.sum())


def log_height(sigma: float, axes: int, constant: str) -> float:
    """log density of a match at distance 0: (2 pi sigma^2)^(-D/2); as stated, D is 1 in it."""
    return -0.5 * (axes if constant == "proper" else 1) * math.log(2 * math.pi * sigma**2)
