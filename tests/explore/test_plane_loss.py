"""Losses, the optimal discriminator and the values, against PyTorch and by their laws."""

import numpy as np
import pytest
import torch

from genlab.explore.plane_loss import (
    LOG4,
    LOSSES,
    Code,
    best_value,
    discriminator_losses,
    discriminator_slopes,
    equilibrium,
    generator_losses,
    generator_slopes,
    js_divergence,
    opinion,
    optimal_share,
    value,
)
from genlab.objectives import adversarial

CODE = Code(-1.0, 1.0, 0.25)
EVERY = pytest.mark.parametrize("loss", list(LOSSES))


def torch_code(code: Code) -> adversarial.Code:
    return adversarial.Code(code.a, code.b, code.c)


def densities(rng) -> tuple[np.ndarray, np.ndarray]:
    """Two lists of masses; each is empty where the other one is not, in places."""
    data, made = rng.random((2, 30))
    data[:4], made[-5:] = 0.0, 0.0
    return data / data.sum(), made / made.sum()


def outputs_of(share: np.ndarray, loss: str, code: Code) -> np.ndarray:
    """The outputs whose opinion is `share`."""
    if loss == "least-squares":
        return code.a + (code.b - code.a) * share
    return np.log(share) - np.log1p(-share)


@EVERY
def test_losses_and_opinions_are_those_of_the_large_gans(rng, loss):
    real, fake = 3.0 * rng.standard_normal((2, 9))
    tensors = torch.from_numpy(real), torch.from_numpy(fake)
    code = torch_code(CODE)
    expected = adversarial.discriminator_loss(*tensors, loss, code=code)
    for ours, theirs in zip(discriminator_losses(real, fake, loss, CODE), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-12)
    theirs = adversarial.generator_loss(tensors[1], loss, code=code).numpy()
    np.testing.assert_allclose(generator_losses(fake, loss, CODE), theirs, rtol=1e-12)
    theirs = adversarial.opinion(tensors[0], loss, code).numpy()
    np.testing.assert_allclose(opinion(real, loss, CODE), theirs, rtol=1e-12)


@EVERY
def test_slopes_are_those_of_autograd(rng, loss):
    real, fake = (torch.from_numpy(x).requires_grad_() for x in 3.0 * rng.standard_normal((2, 9)))
    parts = adversarial.discriminator_loss(real, fake, loss, code=torch_code(CODE))
    by_d = torch.autograd.grad(parts[0].sum() + parts[1].sum(), (real, fake))
    (by_g,) = torch.autograd.grad(
        adversarial.generator_loss(fake, loss, code=torch_code(CODE)).sum(), fake
    )
    outputs = real.detach().numpy(), fake.detach().numpy()
    for ours, theirs in zip(discriminator_slopes(*outputs, loss, CODE), by_d, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-10)
    np.testing.assert_allclose(generator_slopes(outputs[1], loss, CODE), by_g, rtol=1e-10)


def test_minimax_saturates_where_d_is_sure_and_the_others_do_not():
    sure = np.array([-10.0, -40.0, -700.0])
    assert np.all(np.abs(generator_slopes(sure, "minimax")) < 5e-5)
    assert np.all(generator_slopes(sure, "non-saturating") < -0.9999)
    assert np.all(np.abs(generator_slopes(sure, "least-squares", Code())) >= 10.0)
    assert np.all(np.isfinite(generator_losses(sure, "non-saturating")))


@EVERY
def test_no_discriminator_has_a_higher_value_than_the_optimal_one(rng, loss):
    data, made = densities(rng)
    share = np.clip(optimal_share(data, made), 1e-12, 1.0 - 1e-12)
    best = best_value(data, made, loss, CODE)
    optimum = outputs_of(share, loss, CODE)
    assert value(optimum, data, made, loss, CODE) == pytest.approx(best, abs=1e-9)
    for size in (0.01, 0.3, 3.0):
        for _ in range(20):
            other = optimum + size * rng.standard_normal(30)
            assert value(other, data, made, loss, CODE) < best


def test_the_optimal_least_squares_output_is_b_data_plus_a_made_by_their_sum(rng):
    data, made = densities(rng)
    outputs = outputs_of(optimal_share(data, made), "least-squares", CODE)
    np.testing.assert_allclose(
        outputs, (CODE.b * data + CODE.a * made) / (data + made), rtol=1e-12, atol=1e-15
    )


def test_at_d_star_the_pearson_code_leaves_the_generator_half_a_chi_squared(rng):
    data, made = densities(rng)
    code = Code(-1.0, 1.0, 0.0)  # b - c = 1, b - a = 2: Mao et al. 2017
    outputs = outputs_of(optimal_share(data, made), "least-squares", code)
    objective = np.sum((data + made) * generator_losses(outputs, "least-squares", code))
    chi_squared = np.sum((2.0 * made - (data + made)) ** 2 / (data + made))
    assert objective == pytest.approx(0.5 * chi_squared)


def test_the_best_value_is_two_jsd_minus_log_four(rng):
    data, made = densities(rng)
    middle = 0.5 * (data + made)
    halves = [torch.from_numpy(p) for p in (data, made)]
    jsd = 0.5 * sum(
        torch.nn.functional.kl_div(torch.from_numpy(middle).log(), p, reduction="sum")
        for p in halves
    )
    assert js_divergence(data, made) == pytest.approx(float(jsd))
    assert best_value(data, made, "minimax") == pytest.approx(2.0 * float(jsd) - np.log(4.0))


def test_jsd_is_symmetric_between_zero_and_log_two(rng):
    data, made = densities(rng)
    apart = np.zeros(30), np.zeros(30)
    apart[0][:10], apart[1][20:] = 0.1, 0.1
    assert js_divergence(data, data) == 0.0
    assert js_divergence(*apart) == pytest.approx(np.log(2.0))
    assert js_divergence(data, made) == pytest.approx(js_divergence(made, data))
    assert 0.0 < js_divergence(data, made) < np.log(2.0)


@EVERY
def test_where_the_densities_are_equal_the_value_is_that_of_the_equilibrium(rng, loss):
    data, _ = densities(rng)
    half = outputs_of(np.full(30, 0.5), loss, CODE)
    assert value(half, data, data, loss, CODE) == pytest.approx(equilibrium(loss, CODE))
    assert best_value(data, data, loss, CODE) == pytest.approx(equilibrium(loss, CODE))
    if loss != "least-squares":
        assert equilibrium(loss, CODE) == -LOG4 == pytest.approx(-np.log(4.0))


@EVERY
def test_the_equilibrium_is_the_lowest_value_at_the_optimum(rng, loss):
    for _ in range(20):
        assert best_value(*densities(rng), loss, CODE) > equilibrium(loss, CODE)


def test_a_code_refuses_one_number_for_both():
    with pytest.raises(ValueError, match="two different numbers"):
        Code(1.0, 1.0, 0.0)
