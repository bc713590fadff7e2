"""Where EM ends from each of many starts.

Shapes: M source points, N target points, D axes, G starts on a grid of shape S.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from genlab.errors import GenLabError
from genlab.registration.checks import check_pair
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.landscape import columns, likelihoods, turn_about
from genlab.registration.landscape_kernels import climb_from
from genlab.registration.sums import filled_up
from genlab.registration.transforms import Transform
from genlab.row_blocks import in_blocks, usable_cores

SAME = 0.03  # of the target's radius: ends this close count as one optimum


@dataclass(frozen=True, eq=False)
class Basins:
    """Where each start ends. Arrays have the shape S of the grid of starts."""

    label: np.ndarray  # S int, which optimum; 0 is the best
    log_likelihood: np.ndarray  # S, nats, where it ended
    steps: np.ndarray  # S int, how many EM steps it took
    ends: np.ndarray  # S + (D,), the translation where it ended
    optima: list[Transform]  # one for each label, best first


def basin_map(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    xs: np.ndarray,
    ys: np.ndarray,
    *,
    linear: np.ndarray | None = None,
) -> Basins:
    """Where EM ends from each translation (x, y), shape (Y, X); other axes start at 0.

    With a translation of known sigma, rows that sum to 1 and no outliers, thousands of starts take
    a fraction of a second; other models run one start after the other.
    """
    source, target, _ = check_pair(source, target, config.model)
    D = source.shape[1]
    x, y = np.meshgrid(np.asarray(xs, float), np.asarray(ys, float))
    shifts = np.zeros((x.size, D))
    shifts[:, 0], shifts[:, 1] = x.ravel(), y.ravel()
    linear = np.eye(D) if linear is None else np.asarray(linear, float)
    quick = config.model == "translation" and config.each == "source" and not config.outliers
    if quick and not isinstance(config.sigma, str):
        ends, steps = quick_ends(source @ linear.T, target, config, shifts)
        found = likelihoods(
            source @ linear.T, target, config.sigma, ends, "source", config.prior, config.constant
        )
        transforms = [Transform(linear, end) for end in ends]
        return labelled(source, target, transforms, found, steps, x.shape)
    starts = [Transform(linear, shift) for shift in shifts]
    return basins_from(source, target, config, starts, x.shape)


def basins_over_angles(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    degrees: np.ndarray,
    *,
    about: np.ndarray | None = None,
    axis: np.ndarray | None = None,
) -> Basins:
    """Where EM ends when the source first turns by each of `degrees` (A,); shape (A,)."""
    source, target, _ = check_pair(source, target, config.model)
    starts = [turn_about(source, angle, about, axis) for angle in np.atleast_1d(degrees)]
    return basins_from(source, target, config, starts, (len(starts),))


def basins_from(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    starts: Iterable[Transform],
    shape: tuple[int, ...],
) -> Basins:
    """Run EM from each start to its end."""
    ends, found, steps = [], [], []
    for start in starts:
        try:
            for state in register(source, target, config, start):
                last = state
        except GenLabError:  # this start loses every partner: it stays where it is
            ends, found, steps = [*ends, start], [*found, -np.inf], [*steps, 0]
            continue
        ends.append(last.transform)
        found.append(last.log_likelihood)
        steps.append(last.step)
    return labelled(source, target, ends, np.array(found), np.array(steps), shape)


def quick_ends(
    source: np.ndarray, target: np.ndarray, config: RegistrationConfig, shifts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ends (G, D) and steps (G,) of the textbook's EM from shifts (G, D)."""
    unit, (moving, fixed) = columns(source, target)
    places = np.zeros((len(shifts), 3))
    places[:, : source.shape[1]] = shifts / unit
    steps, (x, y, z) = np.zeros(len(shifts), np.int64), filled_up(fixed)
    sharpness = np.log2(np.e) / 2 * (unit / config.sigma) ** 2
    learned, most, tol = config.prior == "learned", config.max_steps, config.tol

    def work(lo: int, hi: int) -> None:
        climb_from(
            moving, x, y, z, len(target), places, steps, sharpness, learned, most, tol, lo, hi
        )

    in_blocks(work, len(shifts), usable_cores())
    return places[:, : source.shape[1]] * unit, steps


def labelled(
    source: np.ndarray,
    target: np.ndarray,
    ends: list[Transform],
    found: np.ndarray,
    steps: np.ndarray,
    shape: tuple[int, ...],
) -> Basins:
    """Group ends that put the source in the same place, best first."""
    radius = np.sqrt(np.square(target - target.mean(axis=0)).sum(axis=1).mean()) or 1.0
    some = source[:: max(1, len(source) // 50)]
    moved = np.stack([end.apply(some) for end in ends])  # (G, 50, D)
    label, optima = np.full(len(ends), -1), []
    for best in np.argsort(-found, kind="stable"):
        if label[best] >= 0:
            continue
        apart = np.sqrt(np.square(moved - moved[best]).sum(axis=2).mean(axis=1))
        label[(label < 0) & (apart < SAME * radius)] = len(optima)
        optima.append(ends[best])
    places = np.stack([end.translation for end in ends])
    return Basins(
        label.reshape(shape), found.reshape(shape), steps.reshape(shape),
        places.reshape(*shape, -1), optima,
    )  # fmt: skip
