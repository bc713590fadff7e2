import numpy as np
import pytest
import torch

from genlab.explore.ridge import fit_ridge, symmetric_product


def centred(N, F, K=3):
    generator = torch.Generator().manual_seed(N)
    features = torch.randn(N, F, generator=generator) * 3.0 + 1.0
    targets = torch.nn.functional.one_hot(torch.arange(N) % K, K).float()
    return features, features.mean(0), torch.tensor(2.5), targets


@pytest.mark.parametrize(("N", "F"), [(40, 9), (12, 30)])
def test_ridge_agrees_with_scikit_learn_on_either_side_of_square(N, F):
    from sklearn.linear_model import Ridge

    features, mean, scale, targets = centred(N, F)
    W, b, penalty = fit_ridge(features, mean, scale, targets, (0.7,), 0)
    x = ((features - mean) / scale).numpy().astype(np.float64)
    oracle = Ridge(alpha=0.7).fit(x, targets.numpy())
    np.testing.assert_allclose(W.numpy(), oracle.coef_.T, atol=1e-4)
    np.testing.assert_allclose(b.numpy(), oracle.intercept_, atol=1e-5)
    assert penalty == 0.7


def test_a_product_in_panels_is_the_product():
    x = torch.randn(2100, 7)  # three panels
    torch.testing.assert_close(symmetric_product(x), x @ x.T, atol=1e-4, rtol=1e-5)


def test_half_precision_features_change_little():
    features, mean, scale, targets = centred(80, 20)
    exact, _, _ = fit_ridge(features, mean, scale, targets, (0.1,), 0)
    halved, _, _ = fit_ridge(features.half(), mean, scale, targets, (0.1,), 0)
    torch.testing.assert_close(halved, exact, atol=2e-3, rtol=0)
