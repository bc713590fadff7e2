"""Iterative closest point, point to point: what EM becomes where sigma shrinks to nothing.

Source: Besl & McKay, A Method for Registration of 3-D Shapes, 1992.
Shapes: M source points, N target points, D axes.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from genlab.errors import GenLabError
from genlab.registration.checks import check_pair
from genlab.registration.config import MODELS, one_of
from genlab.registration.m_step import best_transform, within_model
from genlab.registration.states import RegistrationState
from genlab.registration.statistics import Matching, Statistics
from genlab.registration.transforms import Transform
from genlab.row_blocks import usable_cores


@dataclass(frozen=True, kw_only=True)
class ICPConfig:
    """Settings of ICP. Lengths are in the units of the points."""

    model: Literal["translation", "rigid", "similarity", "affine"] = "rigid"
    scale: float = 1.0  # held by "rigid"
    reach: float | None = None  # no match is longer; None: any length
    max_steps: int = 100
    tol: float = 1e-9  # stop when the mean squared distance falls by a smaller share

    def __post_init__(self) -> None:
        one_of("model", self.model, MODELS)
        if self.reach is not None and not self.reach > 0:
            raise ValueError(f"reach is {self.reach}; choose a positive length.")
        if not self.scale > 0:
            raise ValueError(f"scale is {self.scale}; choose a positive number.")
        if self.max_steps < 0:
            raise ValueError(f"max_steps is {self.max_steps}; choose 0 or more.")


def icp(
    source: np.ndarray,
    target: np.ndarray,
    config: ICPConfig | None = None,
    start: Transform | None = None,
) -> Iterator[RegistrationState]:
    """Match each source point with its nearest target, fit, and again; yields the start first.

    States are those of EM, with sigma 0 and no likelihood (nan). Without a reach, rms never rises.
    A reach changes the set of matches and with it the mean, so rms may rise while more are matched.
    """
    config = config or ICPConfig()
    source, target, _ = check_pair(source, target, config.model)
    tree = cKDTree(target)
    start = start or Transform.identity(source.shape[1])
    transform = within_model(config.model, source, start, config.scale)
    reach = math.inf if config.reach is None else config.reach
    last, before = math.inf, None
    for step in range(config.max_steps + 1):
        found, partners = nearest_statistics(source, target, tree, transform, reach)
        if found.matched == 0:
            raise GenLabError(
                f"No target point lies within {reach:g} of a source point; choose a longer reach "
                "or another start."
            )
        mean = found.spread / found.matched
        yield RegistrationState(
            step=step,
            transform=transform,
            sigma=0.0,
            log_likelihood=math.nan,
            matched=found.matched,
            rms=math.sqrt(mean),
            points=(len(source), len(target)),
            path="nearest",
            omitted=0.0,
            matching=Matching("source", transform, 0.0, reach=reach),
        )
        if step and (np.array_equal(partners, before) or 0 <= last - mean <= config.tol * last):
            return
        last, before = mean, partners
        transform = best_transform(config.model, source, found, transform, config.scale)


def nearest_statistics(
    source: np.ndarray, target: np.ndarray, tree: cKDTree, transform: Transform, reach: float
) -> tuple[Statistics, np.ndarray]:
    """The sums of hard matches, and each source point's partner (M,), N for none."""
    moved = transform.apply(source)
    distances, partners = tree.query(
        moved, distance_upper_bound=np.nextafter(reach, math.inf), workers=usable_cores()
    )
    near = np.isfinite(distances)
    pull = np.zeros_like(moved)
    pull[near] = target[partners[near]] - moved[near]
    spread = float(np.square(distances[near]).sum())
    nothing = np.zeros(0)
    return Statistics(moved, near.astype(float), pull, spread, nothing, "nearest", 0.0), partners
