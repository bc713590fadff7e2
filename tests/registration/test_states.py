import numpy as np
import pytest

from genlab.registration.config import RegistrationConfig, textbook_config
from genlab.registration.em import register
from genlab.registration.icp import ICPConfig, icp
from genlab.registration.shapes import fish, planted, star
from genlab.registration.states import lines, responsibilities
from genlab.registration.transforms import Transform

CONFIGS = [
    RegistrationConfig(),
    RegistrationConfig(outliers=0.3, outlier_volume=5.0),
    RegistrationConfig(each="source", sigma=0.2),
    textbook_config(0.3),
]


@pytest.mark.parametrize("config", CONFIGS, ids=["cpd", "outliers", "source", "textbook"])
def test_rows_of_the_responsibilities_are_those_of_the_matrix_and_sum_to_one(config):
    p = planted(fish, 40, Transform.turn(10), noise=0.02, outliers=0.2)
    for state in list(register(p.source, p.target, config))[::7]:
        r = responsibilities(state, p.source, p.target)
        assert r.shape == (40, 48)
        np.testing.assert_array_equal(
            responsibilities(state, p.source, p.target, [3, 0, 17]), r[[3, 0, 17]]
        )
        sums = r.sum(axis=1 if config.each == "source" else 0)
        if config.outliers:
            assert (sums < 1).all()
        else:
            np.testing.assert_allclose(sums, 1)


@pytest.mark.parametrize("config", CONFIGS, ids=["cpd", "outliers", "source", "textbook"])
def test_lines_are_the_largest_entries_of_each_data_points_responsibilities(config):
    p = planted(fish, 40, Transform.turn(10), noise=0.02, outliers=0.2)
    state = list(register(p.source, p.target, config))[5]
    r = responsibilities(state, p.source, p.target)
    found = lines(state, p.source, p.target, count=4, least=0.02)
    np.testing.assert_allclose(found.weight, r[found.source, found.target], rtol=1e-4)
    by_data = r if config.each == "source" else r.T
    wanted = np.sort(by_data, axis=1)[:, -4:]
    assert np.sort(found.weight) == pytest.approx(np.sort(wanted[wanted >= 0.02]), rel=1e-4)


def test_lines_of_large_clouds_need_no_matrix():
    p = planted(star, 30_000, Transform.identity(3), noise=0.002)
    state = next(register(p.source, p.target, RegistrationConfig(sigma=0.004, coarse=False)))
    found = lines(state, p.source, p.target, count=2, least=0.5)
    assert 15_000 < len(found.weight) <= 30_000
    assert (p.partner[found.source] == found.target).mean() > 0.9


def test_matches_of_icp_are_its_nearest_points_within_reach():
    p = planted(fish, 40, Transform.shift([0.1, 0]), outliers=0.2)
    state = next(icp(p.source, p.target, ICPConfig(reach=0.08)))
    squared = np.square(p.source[:, None] - p.target[None]).sum(axis=2)
    expected = np.zeros((40, 48))
    near = squared.min(axis=1) <= 0.08**2
    expected[near, squared.argmin(axis=1)[near]] = 1
    assert 0 < near.sum() < 40
    np.testing.assert_array_equal(responsibilities(state, p.source, p.target), expected)
    found = lines(state, p.source, p.target)
    np.testing.assert_array_equal(np.stack([found.source, found.target]), np.nonzero(expected))
    assert state.matched == near.sum()
    assert state.rms == pytest.approx(np.sqrt(squared.min(axis=1)[near].mean()))
