import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence

from genlab.objectives.elbo import (
    bernoulli_nll,
    importance_weighted_nll,
    kl_per_dimension,
    kl_to_standard_normal,
    softplus_sum,
)


def test_kl_agrees_with_torch_distributions():
    mu, logvar = torch.randn(2, 6, 3, dtype=torch.float64)
    q, prior = Normal(mu, (0.5 * logvar).exp()), Normal(torch.zeros_like(mu), 1.0)
    torch.testing.assert_close(kl_per_dimension(mu, logvar), kl_divergence(q, prior))
    torch.testing.assert_close(kl_to_standard_normal(mu, logvar), kl_divergence(q, prior).sum(1))


def test_kl_of_the_prior_is_zero():
    assert kl_to_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3)).tolist() == [0.0, 0.0]


def test_kl_names_two_shapes_that_do_not_match():
    with pytest.raises(ValueError, match=r"mu is \(2, 3\) but logvar is \(2, 4\)"):
        kl_per_dimension(torch.zeros(2, 3), torch.zeros(2, 4))


def test_bernoulli_nll_agrees_with_torch_distributions_on_binary_pixels():
    logits = torch.randn(5, 7, dtype=torch.float64)
    x = (torch.rand(5, 7) < 0.5).double()
    log_prob = Independent(Bernoulli(logits=logits), 1).log_prob(x)
    torch.testing.assert_close(bernoulli_nll(logits, x), -log_prob)


def test_bernoulli_nll_of_grey_pixels_is_least_at_the_pixels_own_entropy():
    x = torch.rand(1, 50, dtype=torch.float64) * 0.98 + 0.01
    entropy = -(x * x.log() + (1 - x) * (1 - x).log()).sum()
    assert math.isclose(bernoulli_nll(x.logit(), x).item(), entropy.item(), rel_tol=1e-12)
    assert bernoulli_nll(x.logit() + 0.1, x).item() > entropy.item()


@pytest.mark.parametrize("pixels", [784, 96, 7])
def test_softplus_sum_agrees_with_torch_far_into_saturation(pixels):
    logits = torch.randn(3, 8, pixels) * 12
    expected = torch.nn.functional.softplus(logits).sum(-1)
    torch.testing.assert_close(softplus_sum(logits, logits.sigmoid()), expected, rtol=1e-5, atol=0)


def linear_gaussian(Z=3, P=4):
    """A model whose evidence is known: binary pixels given by a latent that hardly matters."""
    torch.manual_seed(0)
    return torch.randn(P, Z, dtype=torch.float64) * 0.5, torch.randn(P, dtype=torch.float64)


def test_importance_weighted_nll_approaches_the_evidence_found_by_quadrature():
    W, b = linear_gaussian(Z=1)
    x = (torch.rand(6, 4, generator=torch.Generator().manual_seed(1)) < 0.5).double()
    grid = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]
    log_joint = torch.stack([-bernoulli_nll(grid @ W.T + b, row.expand(4001, 4)) for row in x])
    log_joint = log_joint + Normal(0.0, 1.0).log_prob(grid).squeeze(1)
    evidence = log_joint.logsumexp(1) + math.log(16 / 4000)

    mu, logvar = torch.full((6, 1), 0.2).double(), torch.full((6, 1), -0.1).double()
    bound = importance_weighted_nll(
        x,
        mu,
        logvar,
        lambda z: z @ W.T + b,
        samples=20_000,
        chunk=5_000,
        generator=torch.Generator().manual_seed(2),
    )
    torch.testing.assert_close(bound, -evidence, atol=0.03, rtol=0)


def test_importance_weighted_nll_with_one_sample_is_the_negative_elbo_on_average():
    W, b = linear_gaussian()
    x = torch.tensor([[1.0, 0.0, 1.0, 1.0]]).double().expand(20_000, 4)
    mu, logvar = torch.full((20_000, 3), 0.5).double(), torch.full((20_000, 3), -1.0).double()
    decode = lambda z: z @ W.T + b  # noqa: E731
    bound = importance_weighted_nll(x, mu, logvar, decode, samples=1)
    z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
    neg_elbo = bernoulli_nll(decode(z), x) + kl_to_standard_normal(mu, logvar)
    torch.testing.assert_close(bound.mean(), neg_elbo.mean(), atol=0.03, rtol=0)


@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_importance_weighted_nll_is_exact_where_the_latent_says_nothing(chunk):
    b, x = torch.randn(4).double(), torch.rand(3, 4).double()
    q = torch.zeros(3, 2).double()  # q = the prior: every weight is p(x)
    bound = importance_weighted_nll(x, q, q, lambda z: b.expand(len(z), 4), samples=7, chunk=chunk)
    torch.testing.assert_close(bound, bernoulli_nll(b.expand(3, 4), x))


def test_importance_weighted_nll_refuses_no_samples():
    with pytest.raises(ValueError, match="choose 1 or more"):
        importance_weighted_nll(*torch.zeros(3, 1, 2), lambda z: z, samples=0)


def test_mean_of_the_multivariate_oracle_is_the_sum_over_dimensions():
    mu, logvar = torch.randn(2, 1, 3, dtype=torch.float64)
    q = MultivariateNormal(mu, torch.diag_embed(logvar.exp()))
    prior = MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    torch.testing.assert_close(kl_to_standard_normal(mu, logvar), kl_divergence(q, prior))
