import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.registration.config import textbook_config
from genlab.registration.em import register
from genlab.registration.icp import ICPConfig, icp
from genlab.registration.shapes import fish, planted, star
from genlab.registration.transforms import Transform


@pytest.mark.parametrize("model", ["translation", "rigid", "similarity", "affine"])
def test_a_small_planted_motion_is_found_exactly(model):
    truth = (
        Transform.shift([0.02, 0.01, 0]) if model == "translation" else Transform.turn(4, (1, 2, 3))
    )
    p = planted(star, 300, truth)
    *_, state = icp(p.source, p.target, ICPConfig(model=model))
    assert state.rms < 1e-9
    np.testing.assert_allclose(state.transform.linear, truth.linear, atol=1e-9)


def test_the_mean_distance_never_rises(rng):
    for seed in range(10):
        p = planted(fish, 60, Transform.turn(40), noise=0.05, outliers=0.3, seed=seed)
        found = [state.rms for state in icp(p.source, p.target)]
        assert len(found) > 2
        assert np.diff(found).max() <= 1e-12


def test_states_say_what_icp_has_not():
    p = planted(fish, 30, Transform.turn(5))
    state = next(icp(p.source, p.target))
    assert state.sigma == 0
    assert np.isnan(state.log_likelihood)
    assert state.path == "nearest"
    assert state.step == 0


def test_em_with_a_learned_prior_ends_where_icp_cannot_improve():
    """Pi = R hardens the matches until they are nearest points: a place where ICP stands still."""
    p = planted(fish, 40, Transform.shift([0.08, -0.05]), noise=0.01)
    *_, em = register(p.source, p.target, textbook_config(0.1, max_steps=2000, tol=1e-12))
    *_, hard = icp(p.source, p.target, ICPConfig(model="translation"), em.transform)
    np.testing.assert_allclose(hard.transform.translation, em.transform.translation, atol=0.005)


def test_the_start_is_taken_and_yielded_first():
    p = planted(fish, 30, Transform.turn(5))
    start = Transform.turn(3)
    assert next(icp(p.source, p.target, None, start)).transform is start


def test_nothing_within_reach_is_one_sentence():
    with pytest.raises(GenLabError, match="longer reach or another start"):
        list(icp(np.eye(3), np.eye(3) + 9, ICPConfig(reach=0.1)))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"model": "bent"}, "choose one of"), ({"reach": 0.0}, "reach is 0"),
     ({"scale": -1.0}, "scale is -1"), ({"max_steps": -1}, "max_steps is -1")],
)  # fmt: skip
def test_settings_that_make_no_sense_say_what_to_choose(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        ICPConfig(**settings)
