"""Registration of two point clouds by EM, as a generator of frozen states.

Source: Myronenko & Song, Point Set Registration: Coherent Point Drift, 2010, section 4; for rows
that sum to 1 and a learned prior Pi = R see `textbook.py`, which says the same with matrices.
Shapes: M source points, N target points, D axes, K data points, C centres.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from genlab.registration.checks import check_pair
from genlab.registration.config import RegistrationConfig
from genlab.registration.m_step import best_sigma, best_transform, within_model
from genlab.registration.matcher import Matcher, TooManyPairs
from genlab.registration.prior import LearnedPrior, UniformPrior
from genlab.registration.states import RegistrationState
from genlab.registration.transforms import Transform

COARSEST, FINER = 2048, 8  # points of the first random subsets, and how many times more each next
WHOLE = 4096  # clouds up to here are registered whole from the start
COARSE_TOL = 1e-4  # nats a point: a subset need not be followed to its own last digit
FLOOR = 2e-4  # of the target's radius: a fitted sigma ends here when clouds match exactly


def register(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig | None = None,
    start: Transform | None = None,
) -> Iterator[RegistrationState]:
    """Move the source onto the target; yields the start (step 0), then a state for each EM step.

    A state holds the likelihood of its own transform, sigma and prior. On one and the same set of
    points it never falls while sigma is given or fitted (annealing may lower it). Clouds above
    `WHOLE` points pass through random subsets first, unless config.coarse is off: `state.points`
    says which sizes a state speaks of. Where even the truncated E step of all points would take
    minutes, the largest affordable subset has the last word.

    Args:
        source, target: (M, D) and (N, D), D = 2 or 3; neither is changed.
        config: what to fit; a rigid transform and sigma by default.
        start: where the source begins; where it lies by default. A start that the model lacks, such
            as another scale than the one held, is replaced by a near one.

    Raises:
        GenLabError: the clouds do not fit one another or the model.
    """
    config = config or RegistrationConfig()
    source, target, _ = check_pair(source, target, config.model)
    start = start or Transform.identity(source.shape[1])
    transform, sigma = within_model(config.model, source, start, config.scale), None
    config = completed(config, target)
    step, state = 0, None
    sizes = subset_sizes(source, target, config)
    rng = np.random.default_rng(config.seed)
    orders = rng.permutation(len(source)), rng.permutation(len(target))
    for size in sizes:
        last = size == sizes[-1]
        some = [
            cloud if last else cloud[order[:size]]
            for cloud, order in zip((source, target), orders, strict=True)
        ]
        one = config if last else replace(config, tol=max(config.tol, COARSE_TOL))
        if sigma is not None and config.sigma == "fit":
            sigma = finer_sigma(sigma, transform.apply(some[0]), some[1], config)
        try:
            for state in climb(*some, one, transform, sigma, step):
                yield state
                step += 1
        except TooManyPairs:
            if state is None:
                raise
            return
        transform, sigma = state.transform, state.sigma


def climb(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    transform: Transform,
    sigma: float | None,
    step: int = 0,
) -> Iterator[RegistrationState]:
    """EM on these points, from this transform and sigma, until the likelihood stands still."""
    matcher = Matcher(source, target, config.precision)
    prior = (LearnedPrior if config.prior == "learned" else UniformPrior)(config, source, target)
    if sigma is None:
        sigma = first_sigma(transform.apply(source), target, config)
    last, end = -math.inf, step + config.max_steps
    while True:
        matching = prior.matching(transform, sigma)
        found = matcher(matching)
        log_likelihood = prior.log_likelihood(found)
        around = found.spread_around(transform.apply(source))
        yield RegistrationState(
            step=step,
            transform=transform,
            sigma=sigma,
            log_likelihood=log_likelihood,
            matched=found.matched,
            rms=math.sqrt(max(around, 0.0) / max(found.matched, 1e-300)),
            points=(len(source), len(target)),
            path=found.path,
            omitted=found.omitted,
            matching=matching,
        )
        settled = config.sigma != "anneal" or sigma <= config.sigma_end
        still = log_likelihood - last < config.tol * len(found.log_sum)
        if step >= end or (settled and still):
            return
        last = log_likelihood if settled else -math.inf
        transform = best_transform(config.model, source, found, transform, config.scale)
        sigma = next_sigma(sigma, config, found, transform.apply(source))
        step += 1


def next_sigma(sigma: float, config: RegistrationConfig, found, moved: np.ndarray) -> float:
    if config.sigma == "fit":
        return max(best_sigma(found, moved), config.sigma_end)
    if config.sigma == "anneal":
        return max(sigma * config.cooling, config.sigma_end)
    return sigma


def first_sigma(moved: np.ndarray, target: np.ndarray, config: RegistrationConfig) -> float:
    """The given sigma, or the one that fits all pairs alike (Myronenko & Song 2010, figure 2)."""
    if not isinstance(config.sigma, str):
        return config.sigma
    if config.sigma_start is not None:
        return max(config.sigma_start, config.sigma_end)
    variances = moved.var(axis=0).sum() + target.var(axis=0).sum()
    apart = np.square(moved.mean(axis=0) - target.mean(axis=0)).sum()
    return max(math.sqrt((variances + apart) / moved.shape[1]), config.sigma_end)


def finer_sigma(
    sigma: float, moved: np.ndarray, target: np.ndarray, config: RegistrationConfig
) -> float:
    """Where to begin on more points, after the `sigma` of fewer: their usual nearest distance.

    A fitted sigma is never far below the spacing of the points. More of them lie closer, and EM
    comes down slowly from a sigma that many of them share.
    """
    data, centres = (target, moved) if config.each == "target" else (moved, target)
    some = data[:: max(1, len(data) // COARSEST)]
    distance = float(np.median(cKDTree(centres, balanced_tree=False).query(some)[0]))
    return min(sigma, max(distance, config.sigma_end))


def completed(config: RegistrationConfig, target: np.ndarray) -> RegistrationConfig:
    """Fill in what follows from the target: the last sigma, and where outliers may be."""
    radius = float(np.sqrt(np.square(target - target.mean(axis=0)).sum(axis=1).mean()))
    end = config.sigma_end
    if end is None and config.sigma == "anneal":
        end = spacing(target) / 2
    if end is None or end == 0:
        end = FLOOR * (radius or 1.0)
    volume = config.outlier_volume
    if volume is None:
        sides = np.ptp(target, axis=0)
        # a flat cloud still has a volume: its thin sides count as a hundredth of the longest
        volume = float(np.prod(np.maximum(sides, (sides.max() or 1.0) / 100)))
    return replace(config, sigma_end=end, outlier_volume=volume)


def spacing(points: np.ndarray) -> float:
    """The median distance from a point to its nearest neighbour elsewhere; 0 if there is none."""
    points = np.unique(points, axis=0)
    if len(points) == 1:
        return 0.0
    some = points[:: max(1, len(points) // 2000)]
    return float(np.median(cKDTree(points).query(some, k=2)[0][:, 1]))


def subset_sizes(source: np.ndarray, target: np.ndarray, config: RegistrationConfig) -> list[int]:
    """How many points each round takes of either cloud, the last one all."""
    whole = max(len(source), len(target))
    sizes, size = [], COARSEST
    while config.coarse and config.prior == "uniform" and whole > WHOLE and 2 * size < whole:
        sizes.append(size)
        size *= FINER
    return [*sizes, whole]
