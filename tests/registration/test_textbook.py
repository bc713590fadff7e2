from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from genlab.errors import GenLabError
from genlab.registration.config import textbook_config
from genlab.registration.em import register
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.states import responsibilities
from genlab.registration.textbook import (
    complete_log_likelihood,
    e_step,
    log_density,
    m_step,
    observed_log_likelihood,
    q_function,
    textbook_em,
)
from genlab.registration.transforms import Transform


def clouds(rng, M=7, N=9, D=2):
    return rng.normal(size=(M, D)), rng.normal(size=(N, D))


def random_pi(rng, M=7, N=9):
    pi = rng.random((M, N))
    return pi / pi.sum(axis=1, keepdims=True)


def test_e_step_is_bayes_rule_written_out(rng):
    (p, q), pi, T, sigma = clouds(rng), random_pi(rng), rng.normal(size=2), 0.7
    r = e_step(log_density(p, q, T, sigma), pi)
    for i in range(7):
        joint = [
            pi[i, j] / (np.sqrt(2 * np.pi) * sigma)
            * np.exp(-np.sum((p[i] + T - q[j]) ** 2) / (2 * sigma**2))
            for j in range(9)
        ]  # fmt: skip
        np.testing.assert_allclose(r[i], np.array(joint) / sum(joint))


@pytest.mark.parametrize("D", [2, 3])
def test_the_proper_constant_is_a_density_and_the_stated_one_is_that_of_one_axis(rng, D):
    (p, q), T, sigma = clouds(rng, D=D), rng.normal(size=D), 0.6
    proper = log_density(p, q, T, sigma, "proper")
    for i, j in [(0, 0), (3, 5)]:
        density = multivariate_normal(q[j], sigma**2 * np.eye(D)).logpdf(p[i] + T)
        assert proper[i, j] == pytest.approx(density)
    more = (D - 1) * np.log(np.sqrt(2 * np.pi) * sigma)
    np.testing.assert_allclose(log_density(p, q, T, sigma, "stated"), proper + more)


def test_m_step_moves_by_the_mean_of_all_matched_differences(rng):
    p, q = clouds(rng)
    r = random_pi(rng)
    T = -sum(r[i, j] * (p[i] - q[j]) for i in range(7) for j in range(9)) / 7
    np.testing.assert_allclose(m_step(p, q, r), T)


def test_m_step_is_where_q_is_highest(rng):
    (p, q), sigma, r = clouds(rng), 0.5, random_pi(rng)
    best = m_step(p, q, r)
    top = q_function(r, log_density(p, q, best, sigma), r)
    for _ in range(20):
        T = best + rng.normal(size=2) * 0.1
        assert q_function(r, log_density(p, q, T, sigma), r) < top
        assert q_function(r, log_density(p, q, best, sigma), random_pi(rng)) < top


@pytest.mark.parametrize("N", [4, 5, 9])
def test_first_half_matched_to_one_point_and_the_rest_to_another(rng, N):
    """The first special case: r is 0 or 1, and T is the stated mean."""
    p, q, half = rng.normal(size=(N, 2)), rng.normal(size=(N, 2)), N // 2
    pi = np.zeros((N, N))
    pi[:half, 0], pi[half:, 1] = 1, 1
    r = e_step(log_density(p, q, np.zeros(2), 0.3), pi)
    assert set(np.unique(r)) == {0, 1}
    expected = -(p.sum(axis=0) - half * q[0] - (N - half) * q[1]) / N
    np.testing.assert_allclose(m_step(p, q, r), expected)


def test_known_matches_are_kept_and_give_the_mean_difference(rng):
    """The second special case: with Pi a permutation one step is enough, whatever sigma."""
    p = rng.normal(size=(8, 3))
    order, T = rng.permutation(8), np.array([0.4, -2.0, 1.0])
    q = (p + T)[order]
    pi = np.zeros((8, 8))
    pi[order, np.arange(8)] = 1
    states = list(textbook_em(p, q, 5.0, pi=pi))
    np.testing.assert_allclose(states[1].translation, T, atol=1e-12)
    np.testing.assert_array_equal(states[1].r, pi)


def test_q_counts_zero_times_log_zero_as_zero_and_of_a_matching_it_is_the_complete_likelihood(rng):
    p, q = clouds(rng)
    log_n = log_density(p, q, np.zeros(2), 0.5)
    z = np.zeros((7, 9))
    z[np.arange(7), rng.integers(0, 9, 7)] = 1
    pi = random_pi(rng)
    by_hand = sum(log_n[i, j] + np.log(pi[i, j]) for i, j in zip(*np.nonzero(z), strict=True))
    assert complete_log_likelihood(z, log_n, pi) == pytest.approx(by_hand)
    pi_with_zeros = np.where(z > 0, 1.0, 0.0)
    assert complete_log_likelihood(z, log_n, pi_with_zeros) == pytest.approx(log_n[z > 0].sum())
    assert complete_log_likelihood(1 - z, log_n, pi_with_zeros) == -np.inf


def test_observed_likelihood_sums_the_complete_one_over_all_matchings(rng):
    p, q = clouds(rng, M=2, N=3)
    log_n, pi = log_density(p, q, np.zeros(2), 0.8), random_pi(rng, 2, 3)
    total = 0.0
    for first in range(3):
        for second in range(3):
            z = np.zeros((2, 3))
            z[0, first] = z[1, second] = 1
            total += np.exp(complete_log_likelihood(z, log_n, pi))
    assert observed_log_likelihood(log_n, pi) == pytest.approx(np.log(total))


@pytest.mark.parametrize("learn_pi", [True, False])
def test_q_rises_more_slowly_than_the_observed_likelihood(rng, learn_pi):
    """The theorem behind EM: L gains at least what Q gains, so L never falls."""
    p, q = clouds(rng, 12, 15)
    states = list(textbook_em(p, q, 0.4, learn_pi=learn_pi, max_steps=30))
    for old, new in pairwise(states):
        log_n = log_density(p, q, new.translation, 0.4)
        gain_of_q = q_function(old.r, log_n, new.pi) - old.q
        assert gain_of_q >= -1e-9
        assert new.log_likelihood - old.log_likelihood >= gain_of_q - 1e-9


def test_a_learned_pi_hardens_and_a_uniform_one_stays_soft():
    problem = planted(SHAPES["L"], 30, Transform.shift([0.2, -0.1]), noise=0.02)
    ends = {}
    for learn_pi in (True, False):
        *_, ends[learn_pi] = textbook_em(
            problem.source, problem.target, 0.3, learn_pi=learn_pi, tol=0, max_steps=60
        )
    assert ends[True].r.max(axis=1).mean() > 0.8
    assert ends[False].r.max(axis=1).mean() < 0.2
    assert ends[True].log_likelihood > ends[False].log_likelihood + 10
    np.testing.assert_allclose(ends[False].pi, 1 / 30)


def test_a_learned_pi_climbs_towards_the_landscape_of_nearest_points(rng):
    p, q = clouds(rng, 10, 12)
    *_, last = textbook_em(p, q, 0.5, max_steps=400, tol=0)
    nearest = log_density(p, q, last.translation, 0.5).max(axis=1).sum()
    assert last.log_likelihood <= nearest + 1e-9
    assert last.log_likelihood == pytest.approx(nearest, abs=0.05)


@pytest.mark.parametrize("prior", ["learned", "uniform"])
@pytest.mark.parametrize("constant", ["stated", "proper"])
@pytest.mark.parametrize("D", [2, 3])
def test_register_goes_the_same_way_without_matrices(rng, prior, constant, D):
    p, q = clouds(rng, 20, 25, D)
    start = rng.normal(size=D)
    config = textbook_config(0.5, prior=prior, constant=constant, precision="float64", max_steps=40)
    plain = textbook_em(
        p, q, 0.5, translation=start, learn_pi=prior == "learned", constant=constant,
        max_steps=40, tol=config.tol,
    )  # fmt: skip
    for book, state in zip(plain, register(p, q, config, Transform.shift(start)), strict=True):
        np.testing.assert_allclose(state.transform.translation, book.translation, atol=1e-12)
        assert state.log_likelihood == pytest.approx(book.log_likelihood, abs=1e-9)
        np.testing.assert_allclose(responsibilities(state, p, q), book.r, atol=1e-10)


def test_a_given_start_and_a_given_pi_are_taken(rng):
    p, q = clouds(rng)
    pi, T = random_pi(rng), np.array([3.0, 1.0])
    first = next(textbook_em(p, q, 0.5, pi=pi, translation=T))
    np.testing.assert_array_equal(first.translation, T)
    np.testing.assert_array_equal(first.pi, pi)
    assert first.step == 0


@pytest.mark.parametrize(
    ("pi", "sentence"),
    [(np.ones((7, 9)), "rows sum to 1"), (np.full((7, 3), 1 / 3), "7 x 3 but there are 7 source")],
)
def test_a_wrong_pi_gets_one_sentence(rng, pi, sentence):
    p, q = clouds(rng)
    with pytest.raises(GenLabError, match=sentence):
        next(textbook_em(p, q, 0.5, pi=pi))
