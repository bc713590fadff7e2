"""Where a latent stands under the prior N(0, I). Needs no torch.

Shapes: Z latent dimensions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaincinv


@dataclass(frozen=True)
class PriorStanding:
    norm: float  # the length of z, in prior standard deviations
    median_norm: float  # of draws from the prior: about sqrt(Z)
    percentile: float  # share of such draws that are shorter, in percent
    log_density: float  # log p(z), nats
    highest_log_density: float  # log p(0), nats


def prior_standing(z: Sequence[float] | np.ndarray) -> PriorStanding:
    """How typical z (Z,) is of N(0, I).

    The length of a draw has the chi distribution with Z degrees of freedom: its half square has
    the gamma distribution with shape Z / 2.
    """
    z = np.asarray(z, np.float64)
    half_square = 0.5 * float(z @ z)
    highest = -0.5 * len(z) * np.log(2 * np.pi)
    return PriorStanding(
        norm=float(np.sqrt(2 * half_square)),
        median_norm=float(np.sqrt(2 * gammaincinv(len(z) / 2, 0.5))),
        percentile=float(100 * gammainc(len(z) / 2, half_square)),
        log_density=float(highest - half_square),
        highest_log_density=float(highest),
    )
