import numpy as np
import pytest
from scipy import stats

from genlab.explore.prior import prior_standing


def test_log_density_agrees_with_scipy():
    z = np.random.default_rng(0).normal(size=7)
    oracle = stats.multivariate_normal(np.zeros(7)).logpdf(z)
    assert prior_standing(z).log_density == pytest.approx(oracle)


@pytest.mark.parametrize("latent_dim", [1, 2, 20])
def test_percentile_and_median_are_those_of_the_chi_distribution(latent_dim):
    z = np.full(latent_dim, 0.7)
    standing, chi = prior_standing(z), stats.chi(latent_dim)
    assert standing.norm == pytest.approx(0.7 * np.sqrt(latent_dim))
    assert standing.percentile == pytest.approx(100 * chi.cdf(standing.norm))
    assert standing.median_norm == pytest.approx(chi.median())


def test_the_mode_has_the_highest_density_and_no_draw_is_nearer():
    standing = prior_standing([0.0, 0.0, 0.0])
    assert standing.log_density == standing.highest_log_density
    assert standing.percentile == 0
