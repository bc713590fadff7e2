"""The observed likelihood over translations or angles.

Shapes: M source points, N target points, D axes, G places on the map. K data points.
"""

import numpy as np

from genlab.registration.checks import check_pair
from genlab.registration.landscape_kernels import log_sums_at
from genlab.registration.prior import log_height
from genlab.registration.sums import filled_up
from genlab.registration.transforms import Transform
from genlab.row_blocks import in_blocks, usable_cores


def likelihood_map(
    source: np.ndarray,
    target: np.ndarray,
    sigma: float,
    xs: np.ndarray,
    ys: np.ndarray,
    *,
    linear: np.ndarray | None = None,
    depth: float = 0.0,
    each: str = "source",
    prior: str = "uniform",
    constant: str = "stated",
) -> np.ndarray:
    """(Y, X) observed log-likelihood, in nats, of the translations (x, y) or (x, y, depth).

    Args:
        linear: (D, D) turn or stretch of the source that goes before; none by default.
        each, constant: as in `RegistrationConfig`.
        prior: "uniform", or "learned" for the best that any Pi can reach: all of a row's weight on
            its nearest target, which is the landscape that ICP walks.
    """
    source, target, _ = check_pair(source, target, "translation")
    xs, ys = np.asarray(xs, float), np.asarray(ys, float)
    x, y = np.meshgrid(xs, ys)
    shifts = np.zeros((x.size, source.shape[1]))
    shifts[:, 0], shifts[:, 1] = x.ravel(), y.ravel()
    if source.shape[1] == 3:
        shifts[:, 2] = depth
    turned = source if linear is None else source @ np.asarray(linear, float).T
    found = likelihoods(turned, target, sigma, shifts, each, prior, constant)
    return found.reshape(len(ys), len(xs))


def likelihood_over_angles(
    source: np.ndarray,
    target: np.ndarray,
    sigma: float,
    degrees: np.ndarray,
    *,
    about: np.ndarray | None = None,
    axis: np.ndarray | None = None,
    shift: np.ndarray | None = None,
    each: str = "target",
    prior: str = "uniform",
    constant: str = "proper",
) -> np.ndarray:
    """(A,) observed log-likelihood, in nats, of the source turned by each of `degrees` (A,).

    It turns about the point `about` (D,), its middle by default; in 3-D around `axis` (3,),
    upwards by default. `shift` (D,) is added after the turn.
    """
    source, target, _ = check_pair(source, target, "translation")
    found = []
    for angle in np.atleast_1d(degrees):
        moved = turn_about(source, angle, about, axis).apply(source)
        at = np.zeros((1, source.shape[1])) if shift is None else np.reshape(shift, (1, -1))
        found.append(likelihoods(moved, target, sigma, at, each, prior, constant)[0])
    return np.array(found)


def turn_about(source: np.ndarray, degrees: float, about=None, axis=None) -> Transform:
    if source.shape[1] == 3 and axis is None:
        axis = (0.0, 0.0, 1.0)
    return Transform.turn(degrees, axis, source.mean(axis=0) if about is None else about)


def likelihoods(
    source: np.ndarray,
    target: np.ndarray,
    sigma: float,
    shifts: np.ndarray,
    each: str,
    prior: str,
    constant: str,
) -> np.ndarray:
    """(G,) observed log-likelihoods of the source moved by each of shifts (G, D)."""
    if prior == "learned" and each == "target":
        raise ValueError('A learned prior belongs to each="source".')
    unit, (moving, fixed) = columns(source, target)
    data, centres, sign = (moving, fixed, 1) if each == "source" else (fixed, moving, -1)
    places = np.zeros((len(shifts), 3))
    places[:, : shifts.shape[1]] = sign * shifts / unit
    sharpness = np.float32(np.log2(np.e) / 2 * (unit / sigma) ** 2)
    found, (x, y, z) = np.empty(len(shifts)), filled_up(centres)

    def work(lo: int, hi: int) -> None:
        log_sums_at(data, x, y, z, places, sharpness, prior == "learned", found, lo, hi)

    in_blocks(work, len(shifts), usable_cores())
    height = log_height(sigma, source.shape[1], constant)
    if prior == "uniform":
        height -= np.log(centres.shape[1])
    return found + data.shape[1] * height


def columns(source: np.ndarray, target: np.ndarray) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """A unit of length, and both clouds as (3, N) float32 in it, around the target's middle."""
    middle = target.mean(axis=0)
    unit = float(np.sqrt(np.square(target - middle).sum(axis=1).mean())) or 1.0
    both = []
    for points in (source, target):
        column = np.zeros((3, len(points)), np.float32)
        column[: points.shape[1]] = ((points - middle) / unit).T
        both.append(column)
    return unit, (both[0], both[1])
