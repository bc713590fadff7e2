"""What a registration is asked to do.

Source: Myronenko & Song, Point Set Registration: Coherent Point Drift, 2010, for the outlier
component and the models; lengths are in the units of the points throughout.
"""

import math
from dataclasses import dataclass
from typing import Literal

MODELS = ("translation", "rigid", "similarity", "affine")


@dataclass(frozen=True, kw_only=True)
class RegistrationConfig:
    """Settings of EM.

    `each` says whose points find a partner. "target": every target point is a draw from a mixture
    centred on the moved source, so each column of the responsibilities sums to 1. "source": every
    source point, moved, is a draw from a mixture centred on the target: rows sum to 1.
    """

    model: Literal["translation", "rigid", "similarity", "affine"] = "rigid"
    scale: float = 1.0  # held by "rigid"; "similarity" fits it, "affine" has no single one
    each: Literal["target", "source"] = "target"
    prior: Literal["uniform", "learned"] = "uniform"  # learned: Pi = R after each E step
    sigma: float | Literal["fit", "anneal"] = "fit"
    sigma_start: float | None = None  # where "fit" and "anneal" begin; None: from the clouds
    sigma_end: float | None = None  # never below; None: from the clouds
    cooling: float = 0.9  # "anneal" multiplies sigma by this in each step
    outliers: float = 0.0  # weight w of the uniform component
    outlier_volume: float | None = None  # where it lives; None: the target's bounding box
    constant: Literal["proper", "stated"] = "proper"  # (2 pi sigma^2)^(-D/2), 1/(sqrt(2 pi) sigma)
    max_steps: int = 200  # on each set of points: a coarse start counts apart
    tol: float = 1e-6  # stop when the likelihood gains less, nats for each data point
    coarse: bool = True  # large clouds start on random subsets
    precision: Literal["fast", "float64"] = "fast"
    seed: int = 0  # which random subsets

    def __post_init__(self) -> None:
        one_of("model", self.model, MODELS)
        one_of("each", self.each, ("target", "source"))
        one_of("prior", self.prior, ("uniform", "learned"))
        one_of("constant", self.constant, ("proper", "stated"))
        one_of("precision", self.precision, ("fast", "float64"))
        if isinstance(self.sigma, str):
            one_of("sigma", self.sigma, ("fit", "anneal"))
        for name in ("sigma", "sigma_start", "sigma_end", "scale", "outlier_volume"):
            value = getattr(self, name)
            if not isinstance(value, str | None) and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name} is {value}; choose a positive number.")
        if not 0 <= self.outliers < 1:
            raise ValueError(f"outliers is {self.outliers}; choose 0 or more and less than 1.")
        if not 0 < self.cooling < 1:
            raise ValueError(f"cooling is {self.cooling}; choose a factor between 0 and 1.")
        if self.max_steps < 0:
            raise ValueError(f"max_steps is {self.max_steps}; choose 0 or more.")
        if not self.tol >= 0:
            raise ValueError(f"tol is {self.tol}; choose 0 or more.")
        if self.prior == "learned" and (self.each == "target" or self.outliers):
            raise ValueError(
                'A learned prior is that of the textbook: set each="source" and outliers=0.'
            )
        if self.each == "source" and self.model in ("similarity", "affine"):
            raise ValueError(
                f'With each="source" a {self.model} fit would shrink the source onto one target '
                'point, where the likelihood is highest; set each="target" or hold the scale.'
            )
        if self.constant == "stated" and (isinstance(self.sigma, str) or self.outliers):
            raise ValueError(
                "The constant 1/(sqrt(2 pi) sigma) is no density in two or more dimensions, so "
                'sigma must be given and outliers be 0; or set constant="proper".'
            )


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f'{name} is "{value}"; choose one of {", ".join(choices)}.')


def textbook_config(sigma: float, **changes) -> RegistrationConfig:
    """Translation with a known sigma, Pi and T unknown, constants as the textbook states them."""
    settings = {"model": "translation", "each": "source", "prior": "learned", "constant": "stated"}
    return RegistrationConfig(**settings | {"sigma": sigma} | changes)
