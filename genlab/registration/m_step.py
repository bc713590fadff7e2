"""The M step: the transform that fits the responsibilities best, in closed form.

Source: Myronenko & Song 2010, figures 2 and 3 (rigid, affine); Umeyama 1991 for the similarity.
Shapes: M source points, D axes; sums run over all pairs ij, r their responsibilities.
"""

import numpy as np

from genlab.errors import GenLabError
from genlab.registration.statistics import Statistics
from genlab.registration.transforms import Transform, nearest_rotation

NOTHING = 1e-9  # points' worth of responsibility that is no match at all


def best_transform(
    model: str, source: np.ndarray, found: Statistics, held: Transform, scale: float = 1.0
) -> Transform:
    """The transform that minimises sum_ij r |q_j - A p_i - t|^2 within the model.

    Args:
        model: "translation" keeps the linear part of `held`; "rigid" finds a rotation and holds
            `scale`; "similarity" finds both; "affine" any matrix.
        source: (M, D).
        found: the sums of the E step.

    Raises:
        GenLabError: nothing is matched: all is outlier.
    """
    total = found.matched
    if not total > NOTHING:
        raise GenLabError(
            "No point has a partner left: at this sigma all of them count as outliers; choose a "
            "larger sigma, fewer outliers or another start."
        )
    weight, partners = found.weight, found.pull + found.weight[:, None] * found.moved
    mean_source = weight @ source / total
    mean_target = partners.sum(axis=0) / total
    centred = source - mean_source
    A = (partners - weight[:, None] * mean_target).T @ centred  # sum r (q - mean)(p - mean)^T
    if model == "translation":
        linear = held.linear
    elif model == "affine":
        linear = A @ np.linalg.pinv((centred * weight[:, None]).T @ centred, hermitian=True)
    else:
        R = nearest_rotation(A)
        if model == "similarity":
            spread = np.einsum("m,md,md->", weight, centred, centred)
            scale = max(float(np.vdot(A, R)), 1e-12 * spread) / spread if spread > 0 else 1.0
        linear = scale * R
    return Transform(linear, mean_target - linear @ mean_source)


def within_model(model: str, source: np.ndarray, start: Transform, scale: float) -> Transform:
    """The start itself, or where the model has no such transform, a near one that it has.

    That keeps the rotation and where the middle of source (M, D) goes.
    """
    if model in ("translation", "affine"):
        return start
    linear = (scale if model == "rigid" else start.scale) * start.rotation
    if np.allclose(linear, start.linear, rtol=1e-12, atol=1e-12 * scale):
        return start
    middle = source.mean(axis=0)
    return Transform(linear, start.apply(middle) - linear @ middle)


def best_sigma(found: Statistics, moved: np.ndarray) -> float:
    """The sigma that fits best once the source lies at moved (M, D).

    sigma^2 = sum_ij r |q_j - y_i|^2 / (Np D), whatever the model. Written out for a rotation R
    with the scale held at s it is (tr XPX - 2 s tr(A^T R) + s^2 tr YPY) / (Np D); only where s is
    fitted does that shorten to (tr XPX - s tr(A^T R)) / (Np D).
    """
    spread = max(found.spread_around(moved), 0.0)
    return float(np.sqrt(spread / (found.matched * moved.shape[1])))
