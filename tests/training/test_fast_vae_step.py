"""The hand-written gradient against autograd, for both families."""

import copy

import pytest
import torch

from genlab.models.cvae import CVAE, CVAEConfig
from genlab.models.vae import VAE, VAEConfig
from genlab.training.config import TrainConfig
from genlab.training.fast_vae_step import FastVAEStep, pick_linear
from genlab.training.vae_step import VAEStep, learning_rate_at

MODELS = {
    "vae": lambda: VAE(VAEConfig(pixels=36, hidden=20, latent_dim=3)),
    "cvae": lambda: CVAE(CVAEConfig(pixels=36, hidden=20, latent_dim=3, classes=4)),
}


def two_steps(family: str, dtype: torch.dtype):
    torch.manual_seed(0)
    model = MODELS[family]()
    config = TrainConfig(learning_rate=0.01, schedule="cosine")
    return (
        VAEStep(model, config, steps=50),
        FastVAEStep(copy.deepcopy(model), config, steps=50, dtype=dtype),
    )


def batch(seed: int):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (16, 36), generator=generator, dtype=torch.uint8)
    return images, torch.randint(0, 4, (16,), generator=generator)


def weights(step) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in step.model.parameters()])


@pytest.mark.parametrize("family", MODELS)
def test_gradient_equals_autograd(family):
    reference, fast = two_steps(family, torch.float32)
    images, labels = batch(1)
    reference(images, labels, torch.Generator().manual_seed(3))
    fast(images, labels, torch.Generator().manual_seed(3))
    gradient = torch.cat([p.grad.reshape(-1) for p in reference.model.parameters()])
    torch.testing.assert_close(fast.flat_grad, gradient, atol=2e-6, rtol=1e-4)


@pytest.mark.parametrize("family", MODELS)
def test_twenty_updates_give_the_reference_losses_and_weights(family):
    reference, fast = two_steps(family, torch.float32)
    for seed in range(20):
        images, labels = batch(seed)
        expected = reference(images, labels, torch.Generator().manual_seed(seed))
        found = fast(images, labels, torch.Generator().manual_seed(seed))
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(weights(fast), weights(reference), atol=1e-3, rtol=0)


@pytest.mark.parametrize("family", MODELS)
def test_bfloat16_stays_near_float32(family):
    reference, fast = two_steps(family, torch.bfloat16)
    images, labels = batch(1)
    for seed in range(20):
        expected = reference(images, labels, torch.Generator().manual_seed(seed))
        found = fast(images, labels, torch.Generator().manual_seed(seed))
    assert abs(found["neg_elbo"] / expected["neg_elbo"] - 1) < 0.01
    assert weights(fast).dtype == torch.float32


def test_cosine_schedule_starts_at_the_rate_and_ends_near_zero():
    config = TrainConfig(learning_rate=0.01, schedule="cosine")
    rates = [learning_rate_at(config, step, 100) for step in range(100)]
    assert rates[0] == 0.01
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[-1] < 1e-5


@pytest.mark.parametrize("kind", ["reference", "fast"])
def test_a_restored_step_goes_on_as_if_never_interrupted(kind):
    steps = two_steps("vae", torch.bfloat16)
    step, other = (
        s if kind == "reference" else f for s, f in [steps, two_steps("vae", torch.bfloat16)]
    )
    for seed in range(3):
        step(*batch(seed), torch.Generator().manual_seed(seed))
    other.model.load_state_dict(step.model.state_dict())
    other.load_state_dict(copy.deepcopy(step.state_dict()))
    for each in (step, other):
        each(*batch(9), torch.Generator().manual_seed(9))
    assert torch.equal(weights(step), weights(other))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_product_that_is_picked_agrees_with_torchs_own_on_views_too(dtype):
    linear = pick_linear(dtype)
    x, weight = torch.randn(9, 30).to(dtype), torch.randn(30, 17).to(dtype)
    bias = torch.randn(17).to(dtype)
    expected = torch.nn.functional.linear(x, weight.T, bias)
    torch.testing.assert_close(linear(x, weight.T, bias), expected, atol=1e-5, rtol=2e-2)
    product = linear(x.T, torch.randn(5, 9).to(dtype))
    assert product.shape == (30, 5)
    if dtype == torch.float32:  # float32 throughout: nothing is rounded to fewer bits inside
        exact = x.double() @ weight.double() + bias.double()
        assert (linear(x, weight.T, bias) - exact).abs().max() < 1e-5
