import numpy as np
import pytest

from genlab.registration.basins import basin_map, basins_over_angles
from genlab.registration.config import RegistrationConfig, textbook_config
from genlab.registration.em import register
from genlab.registration.landscape import turn_about
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.transforms import Transform

XS, YS = np.linspace(-1, 1, 5), np.linspace(-0.5, 0.7, 4)


@pytest.fixture
def letters():
    return planted(SHAPES["L"], 30, Transform.shift([0.2, -0.1]), noise=0.02, outliers=0.2)


@pytest.mark.parametrize("prior", ["learned", "uniform"])
def test_quick_basins_end_where_register_ends(letters, prior):
    p, config = letters, textbook_config(0.2, prior=prior)
    found = basin_map(p.source, p.target, config, XS, YS)
    assert found.label.shape == found.log_likelihood.shape == found.steps.shape == (4, 5)
    for row, column in [(0, 0), (3, 1), (2, 4)]:
        start = Transform.shift([XS[column], YS[row]])
        *_, state = register(p.source, p.target, config, start)
        np.testing.assert_allclose(found.ends[row, column], state.transform.translation, atol=1e-4)
        assert abs(found.steps[row, column] - state.step) <= 2


def test_basins_are_numbered_from_the_best_and_hold_their_ends(letters):
    p = letters
    found = basin_map(p.source, p.target, textbook_config(0.1), XS, YS)
    assert len(found.optima) > 1
    assert set(found.label.ravel()) == set(range(len(found.optima)))
    best = [found.log_likelihood[found.label == k].max() for k in range(len(found.optima))]
    assert best == sorted(best, reverse=True)
    for k, optimum in enumerate(found.optima):
        apart = found.ends[found.label == k] - optimum.translation
        assert np.linalg.norm(apart, axis=1).max() < 0.05


def test_basins_of_other_models_run_em_from_each_start(letters):
    p = letters
    found = basin_map(p.source, p.target, RegistrationConfig(outliers=0.2), XS[1:3], YS[:2])
    assert found.label.shape == (2, 2)
    assert found.ends.shape == (2, 2, 2)
    assert np.isfinite(found.log_likelihood).all()


def test_a_turn_too_far_falls_into_another_basin():
    truth = Transform.turn(0)
    p = planted(SHAPES["R"], 100, truth, noise=0.02)
    degrees = np.arange(0, 360, 30)
    found = basins_over_angles(p.source, p.target, RegistrationConfig(), degrees)
    assert found.label[0] == 0
    assert found.optima[0].degrees == pytest.approx(0, abs=2)
    assert found.label.max() >= 1
    for angle, label in zip(degrees, found.label, strict=True):
        start = turn_about(p.source, angle)
        *_, state = register(p.source, p.target, RegistrationConfig(), start)
        moved = found.optima[label].apply(p.source) - state.moved(p.source)
        assert np.sqrt(np.square(moved).sum(axis=1).mean()) < 0.05
