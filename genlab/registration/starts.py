"""Several starts, for problems with several optima: a registration ends near where it begins.

Shapes: M source points, N target points, D axes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from genlab.registration.checks import check_pair
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.states import RegistrationState
from genlab.registration.transforms import Transform

TRIAL = 1000  # points of either cloud that a start is tried on


@dataclass(frozen=True, eq=False)
class Attempt:
    """One start and where it led."""

    index: int
    start: Transform
    states: list[RegistrationState]  # all steps; the last one is where it ended

    @property
    def log_likelihood(self) -> float:
        return self.states[-1].log_likelihood


def spread_starts(
    source: np.ndarray, target: np.ndarray, model: str, count: int, seed: int = 0
) -> list[Transform]:
    """`count` starts, the first of them the source where it lies, the others spread out.

    For a translation they are offsets drawn from the target's own spread, middle on middle. For
    the rest they are turns about the middle: even steps in 2-D, random rotations in 3-D (evenly
    distributed, from `seed`), with the middles laid on one another.
    """
    D, rng = source.shape[1], np.random.default_rng(seed)
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    starts = [Transform.identity(D)]
    for k in range(1, count):
        if model == "translation":
            offset = goal - middle
            if k > 1:
                offset = offset + rng.normal(size=D) * target.std(axis=0)
            starts.append(Transform.shift(offset))
            continue
        if D == 2:
            linear = Transform.turn(360 * k / count).linear
        else:
            linear = Rotation.from_quat(rng.normal(size=4)).as_matrix()
        starts.append(Transform(linear, goal - linear @ middle))
    return starts


def register_from(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    starts: Iterable[Transform],
) -> Iterator[Attempt]:
    """Run EM from each start to its end, one after the other."""
    for index, start in enumerate(starts):
        yield Attempt(index, start, list(register(source, target, config, start)))


def best_attempt(attempts: Iterable[Attempt]) -> Attempt:
    """The one that ended with the highest likelihood, the first of equals."""
    return max(attempts, key=lambda attempt: attempt.log_likelihood)


def best_start(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    starts: list[Transform],
) -> Transform:
    """The start that leads furthest up, tried on at most `TRIAL` random points of either cloud."""
    source, target, _ = check_pair(source, target, config.model)
    rng = np.random.default_rng(config.seed)
    some = [
        cloud[rng.permutation(len(cloud))[:TRIAL]] if len(cloud) > TRIAL else cloud
        for cloud in (source, target)
    ]
    trial = replace(config, tol=max(config.tol, 1e-4))
    return best_attempt(register_from(*some, trial, starts)).start
