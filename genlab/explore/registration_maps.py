"""Questions put to a registration: the likelihood around its path, where each start ends, and how
soft its matches are.

T is everywhere how far the source's middle has gone. For a translation that is the textbook's T.
Shapes: M source points, N target points, D axes, X Y places on a map, A angles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter

from genlab.explore.registration_film import shift_of
from genlab.registration.basins import Basins, basin_map, basins_over_angles
from genlab.registration.config import RegistrationConfig
from genlab.registration.landscape import likelihood_map, likelihood_over_angles
from genlab.registration.states import RegistrationState, lines
from genlab.registration.transforms import Transform

MOST = 300  # points of either cloud that a map is made of
PLACES = 61  # of a landscape, along either side
ROOM = 1.2  # of the target's radius, around what a map must show
MOST_PEAKS = 12


@dataclass(frozen=True, eq=False)
class Landscape:
    """The observed log-likelihood over T, with the linear part and sigma held."""

    xs: np.ndarray  # (X,) of T
    ys: np.ndarray  # (Y,)
    log_likelihood: np.ndarray  # (Y, X) nats
    peaks: np.ndarray  # (K, 2) places of the local maxima, highest first
    path: np.ndarray  # (S, D) the T of each state
    sigma: float
    points: tuple[int, int]  # of the clouds it was made of


@dataclass(frozen=True, eq=False)
class AngleMap:
    """The observed log-likelihood over the angle, and where EM ends from each."""

    degrees: np.ndarray  # (A,)
    log_likelihood: np.ndarray  # (A,) with the middles laid on one another
    starts: np.ndarray  # (B,) degrees
    ends: np.ndarray  # (B,) degrees, in 3-D from 0 to 180
    basins: Basins  # (B,)


def thinned(points: np.ndarray, most: int = MOST) -> np.ndarray:
    """At most so many points (K, D), drawn at random but always the same."""
    if len(points) <= most:
        return points
    return points[np.sort(np.random.default_rng(0).choice(len(points), most, replace=False))]


def frame_of(paths: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest (2,) of a square that holds places (K, D) with room around."""
    radius = np.sqrt(np.square(target - target.mean(axis=0)).sum(axis=1).mean()) or 1.0
    low, high = paths[:, :2].min(axis=0), paths[:, :2].max(axis=0)
    half = 0.5 * (high - low).max() + ROOM * radius
    return 0.5 * (low + high) - half, 0.5 * (low + high) + half


def landscape(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    states: Sequence[RegistrationState],
    sigma: float | None = None,
    truth: Transform | None = None,
) -> Landscape:
    """The landscape that a run walks, with the linear part (in 3-D also the depth) of its end.

    Args:
        sigma: of the landscape; that of the run's end by default.
        truth: its T lies on the map too.
    """
    middle, last = source.mean(axis=0), states[-1]
    linear = last.transform.linear
    path = np.array([shift_of(state.transform, middle) for state in states])
    places = path if truth is None else np.vstack([path, shift_of(truth, middle)])
    low, high = frame_of(places, target)
    xs, ys = np.linspace(low[0], high[0], PLACES), np.linspace(low[1], high[1], PLACES)
    offset = middle - linear @ middle  # T to the translation of the map p -> linear @ p + ...
    depth = 0.0 if len(middle) == 2 else float(path[-1, 2] + offset[2])
    sigma = last.sigma if sigma is None else sigma
    few = thinned(source), thinned(target)
    values = likelihood_map(
        *few,
        sigma,
        xs + offset[0],
        ys + offset[1],
        linear=linear,
        depth=depth,
        each=config.each,
        prior=config.prior,
        constant=config.constant,
    )
    found = peaks(values)
    places = np.stack([xs[found[:, 1]], ys[found[:, 0]]], axis=1)
    return Landscape(xs, ys, values, places, path, sigma, (len(few[0]), len(few[1])))


def peaks(values: np.ndarray) -> np.ndarray:
    """(K, 2) row and column of the highest local maxima of (Y, X) values, off the border."""
    top = (values == maximum_filter(values, size=5)) & (values > values.min())
    top[[0, -1]] = top[:, [0, -1]] = False
    rows, columns = np.nonzero(top)
    order = np.argsort(-values[rows, columns], kind="stable")[:MOST_PEAKS]
    return np.stack([rows[order], columns[order]], axis=1)


def starts_map(
    source: np.ndarray,
    target: np.ndarray,
    config: RegistrationConfig,
    around: np.ndarray,
    side: int,
    linear: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, Basins]:
    """Where EM ends from side * side starts T around places (K, D); the source is turned first.

    Returns:
        xs (side,), ys (side,) of T, and the basins (side, side) with T as their ends.
    """
    few = thinned(source), thinned(target)
    middle = few[0].mean(axis=0)
    linear = np.eye(len(middle)) if linear is None else linear
    low, high = frame_of(around, target)
    xs, ys = np.linspace(low[0], high[0], side), np.linspace(low[1], high[1], side)
    offset = middle - linear @ middle
    found = basin_map(*few, config, xs + offset[0], ys + offset[1], linear=linear)
    ends = np.array([shift_of(found.optima[label], middle) for label in found.label.ravel()])
    return xs, ys, replace(found, ends=ends.reshape(side, side, -1))


def angle_map(
    source: np.ndarray, target: np.ndarray, config: RegistrationConfig, sigma: float, starts: int
) -> AngleMap:
    """EM from `starts` turns of the source about its middle, and the likelihood in between."""
    few = thinned(source), thinned(target)
    degrees = np.linspace(-180.0, 180.0, 181)
    turns = np.linspace(-180.0, 180.0, starts, endpoint=False)
    over = few[1].mean(axis=0) - few[0].mean(axis=0)
    settings = {"each": config.each, "prior": config.prior, "constant": config.constant}
    values = likelihood_over_angles(*few, sigma, degrees, shift=over, **settings)
    basins = basins_over_angles(*few, config, turns)
    ends = np.array([basins.optima[label].degrees for label in basins.label])
    return AngleMap(degrees, values, turns, ends, basins)


def partners(
    state: RegistrationState, source: np.ndarray, target: np.ndarray, sigma: float
) -> tuple[RegistrationState, float]:
    """The state with matches of another sigma, and e^entropy of a point's matches on average: how
    many partners it has in effect, from 1 (hard) to all (soft)."""
    softer = replace(state, matching=replace(state.matching, sigma=sigma))
    few_source, few_target = thinned(source), thinned(target)
    found = lines(softer, few_source, few_target, count=MOST, least=0.0)
    data = found.target if state.matching.each == "target" else found.source
    weight = found.weight
    surprise = -weight * np.log(np.maximum(weight, 1e-300))
    entropy = np.bincount(data, surprise)
    return softer, float(np.exp(entropy[np.unique(data)].mean()))
