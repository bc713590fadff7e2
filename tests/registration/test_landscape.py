import numpy as np
import pytest

from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.landscape import likelihood_map, likelihood_over_angles
from genlab.registration.shapes import SHAPES, planted, star
from genlab.registration.textbook import log_density, observed_log_likelihood
from genlab.registration.transforms import Transform

XS, YS = np.linspace(-1, 1, 5), np.linspace(-0.5, 0.7, 4)


@pytest.fixture
def letters():
    return planted(SHAPES["L"], 30, Transform.shift([0.2, -0.1]), noise=0.02, outliers=0.2)


@pytest.mark.parametrize("constant", ["stated", "proper"])
def test_the_map_is_the_observed_likelihood_of_each_translation(letters, constant):
    p, sigma = letters, 0.3
    found = likelihood_map(p.source, p.target, sigma, XS, YS, constant=constant)
    assert found.shape == (4, 5)
    pi = np.full((len(p.source), len(p.target)), 1 / len(p.target))
    for row, y in enumerate(YS):
        for column, x in enumerate(XS):
            log_n = log_density(p.source, p.target, np.array([x, y]), sigma, constant)
            expected = observed_log_likelihood(log_n, pi)
            assert found[row, column] == pytest.approx(expected, abs=1e-3)


def test_the_map_of_a_learned_prior_is_the_best_that_any_pi_reaches(letters):
    p, sigma = letters, 0.3
    found = likelihood_map(p.source, p.target, sigma, XS, YS, prior="learned")
    log_n = log_density(p.source, p.target, np.array([XS[1], YS[2]]), sigma)
    assert found[2, 1] == pytest.approx(log_n.max(axis=1).sum(), abs=1e-3)
    assert (found > likelihood_map(p.source, p.target, sigma, XS, YS)).all()


@pytest.mark.parametrize("each", ["source", "target"])
def test_maps_in_space_and_of_turned_sources_agree_with_registrations_own_likelihood(each):
    p = planted(star, 40, Transform.turn(10, (0, 0, 1)), outliers=0.2)
    linear = Transform.turn(30, (1, 0, 0)).linear
    found = likelihood_map(
        p.source, p.target, 0.2, XS, YS, linear=linear, depth=0.3, each=each, constant="proper"
    )
    config = RegistrationConfig(model="translation", sigma=0.2, each=each)
    start = Transform(linear, np.array([XS[3], YS[1], 0.3]))
    state = next(register(p.source, p.target, config, start))
    assert found[1, 3] == pytest.approx(state.log_likelihood, abs=1e-3)


def test_the_likelihood_over_angles_peaks_at_the_planted_turn():
    p = planted(SHAPES["R"], 100, Transform.turn(70), noise=0.01)
    degrees = np.arange(-180, 180, 10)
    found = likelihood_over_angles(p.source, p.target, 0.1, degrees, about=np.zeros(2))
    assert degrees[found.argmax()] == 70
    config = RegistrationConfig(sigma=0.1)
    state = next(register(p.source, p.target, config, Transform.turn(30)))
    assert found[degrees == 30][0] == pytest.approx(state.log_likelihood, abs=1e-2)


def test_a_learned_prior_has_no_map_for_targets_that_find_partners(letters):
    with pytest.raises(ValueError, match='each="source"'):
        likelihood_map(letters.source, letters.target, 1.0, XS, YS, each="target", prior="learned")
