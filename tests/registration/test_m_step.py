"""The closed forms of the M step against numerical maximisation."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from genlab.errors import GenLabError
from genlab.registration.m_step import best_sigma, best_transform
from genlab.registration.statistics import Statistics
from genlab.registration.transforms import Transform, nearest_rotation

HELD = {2: Transform.turn(20), 3: Transform.turn(20, (1, 2, 3))}


def matched(rng, D, M=9, N=11):
    """Clouds, responsibilities (M, N) without any structure, and the sums an E step would give."""
    source, target = rng.normal(size=(M, D)), rng.normal(size=(N, D)) @ np.diag([2, 1, 0.5][:D])
    r = rng.random((M, N)) ** 3
    moved = source + rng.normal(size=D)
    away = target[None] - moved[:, None]
    found = Statistics(
        moved, r.sum(axis=1), np.einsum("mn,mnd->md", r, away),
        float(np.einsum("mn,mnd,mnd->", r, away, away)), np.zeros(N), "float64", 0.0,
    )  # fmt: skip
    return source, target, r, found


def cost(source, target, r, transform, sigma):
    """-Q of these responsibilities, up to what does not depend on transform or sigma."""
    moved = transform.apply(source)
    squared = np.square(moved[:, None] - target[None]).sum(axis=2)
    D = source.shape[1]
    return np.sum(r * (squared / (2 * sigma**2) + D * np.log(sigma)))


def unpack(model, D, scale, x):
    """Transform and sigma from free parameters: sigma, translation, then turn, scale or matrix."""
    sigma, translation, rest = np.exp(x[0]), x[1 : 1 + D], x[1 + D :]
    if model == "translation":
        return Transform(HELD[D].linear, translation), sigma
    if model == "affine":
        return Transform(rest.reshape(D, D), translation), sigma
    if D == 2:
        R = Transform.turn(np.degrees(rest[0])).linear
    else:
        R = Rotation.from_rotvec(rest[:3]).as_matrix()
    return Transform((np.exp(rest[-1]) if model == "similarity" else scale) * R, translation), sigma


FREE = {"translation": (0, 0), "rigid": (1, 3), "similarity": (2, 4), "affine": (4, 9)}


@pytest.mark.parametrize("D", [2, 3])
@pytest.mark.parametrize(
    ("model", "scale"),
    [("translation", 1.0), ("rigid", 1.0), ("rigid", 1.7), ("rigid", 0.4), ("similarity", 1.0),
     ("affine", 1.0)],
)  # fmt: skip
def test_transform_and_sigma_are_where_a_search_finds_the_maximum(rng, model, scale, D):
    source, target, r, found = matched(rng, D)
    transform = best_transform(model, source, found, HELD[D], scale)
    sigma = best_sigma(found, transform.apply(source))
    ours = cost(source, target, r, transform, sigma)
    free = FREE[model][D - 2]
    searched = []
    for _ in range(6):  # turns have several optima
        x = np.concatenate([[0.0], rng.normal(size=D), rng.normal(size=free)])
        answer = minimize(
            lambda x: cost(source, target, r, *unpack(model, D, scale, x)), x, tol=1e-12
        )
        searched.append((answer.fun, answer.x))
    lowest, x = min(searched, key=lambda pair: pair[0])
    best, best_s = unpack(model, D, scale, x)
    assert ours <= lowest + 1e-7 * abs(lowest)
    np.testing.assert_allclose(transform.linear, best.linear, atol=2e-3)
    np.testing.assert_allclose(transform.translation, best.translation, atol=2e-3)
    assert sigma == pytest.approx(best_s, rel=1e-3)


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.7])
def test_sigma_with_the_scale_held_is_the_long_formula_and_not_the_short_one(rng, scale):
    source, target, r, found = matched(rng, 3)
    transform = best_transform("rigid", source, found, HELD[3], scale)
    X = target - (r.sum(axis=0) @ target) / r.sum()
    Y = source - (r.sum(axis=1) @ source) / r.sum()
    A = X.T @ r.T @ Y
    R = nearest_rotation(A)
    xPx, yPy = r.sum(axis=0) @ (X**2).sum(axis=1), r.sum(axis=1) @ (Y**2).sum(axis=1)
    long = (xPx - 2 * scale * np.trace(A.T @ R) + scale**2 * yPy) / (r.sum() * 3)
    short = (xPx - scale * np.trace(A.T @ R)) / (r.sum() * 3)
    ours = best_sigma(found, transform.apply(source)) ** 2
    assert ours == pytest.approx(long)
    assert ours != pytest.approx(short, rel=0.01)


def test_sigma_with_the_scale_fitted_is_the_short_formula_too(rng):
    source, target, r, found = matched(rng, 3)
    transform = best_transform("similarity", source, found, HELD[3])
    X = target - (r.sum(axis=0) @ target) / r.sum()
    Y = source - (r.sum(axis=1) @ source) / r.sum()
    A = X.T @ r.T @ Y
    xPx = r.sum(axis=0) @ (X**2).sum(axis=1)
    short = (xPx - transform.scale * np.trace(A.T @ transform.rotation)) / (r.sum() * 3)
    assert best_sigma(found, transform.apply(source)) ** 2 == pytest.approx(short)


@pytest.mark.parametrize("D", [2, 3])
def test_a_mirrored_cloud_gets_a_rotation_and_no_reflection(rng, D):
    source = rng.normal(size=(30, D))
    mirrored = source * np.array([-1, 1, 1][:D])
    found = Statistics(
        source, np.ones(30), mirrored - source, float(np.square(mirrored - source).sum()),
        np.zeros(30), "float64", 0.0,
    )  # fmt: skip
    for model in ("rigid", "similarity"):
        transform = best_transform(model, source, found, HELD[D])
        assert np.linalg.det(transform.linear) > 0
        assert np.linalg.det(transform.rotation) == pytest.approx(1)
    affine = best_transform("affine", source, found, HELD[D])
    assert np.linalg.det(affine.linear) == pytest.approx(-1)


def test_nothing_matched_is_one_sentence(rng):
    source = rng.normal(size=(5, 2))
    found = Statistics(source, np.zeros(5), np.zeros((5, 2)), 0.0, np.zeros(5), "float64", 0.0)
    with pytest.raises(GenLabError, match="larger sigma"):
        best_transform("rigid", source, found, HELD[2])
