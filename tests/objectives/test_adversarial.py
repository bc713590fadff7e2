import math

import pytest
import torch
from torch.distributions import Bernoulli
from torch.nn.functional import binary_cross_entropy_with_logits

from genlab.objectives.adversarial import (
    Code,
    bce_with_logits,
    discriminator_loss,
    generator_loss,
    opinion,
    value,
)

LOGITS = torch.linspace(-8.0, 8.0, 33, dtype=torch.float64)


@pytest.mark.parametrize("wanted", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_bce_and_its_gradient_agree_with_torch(wanted):
    ours, theirs = (LOGITS.clone().requires_grad_() for _ in range(2))
    expected = binary_cross_entropy_with_logits(
        theirs, torch.full_like(theirs, wanted), reduction="none"
    )
    found = bce_with_logits(ours, wanted)
    torch.testing.assert_close(found, expected)
    found.sum().backward()
    expected.sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
    torch.testing.assert_close(ours.grad, torch.sigmoid(LOGITS) - wanted)


@pytest.mark.parametrize("logit", [1e4, -1e4])
@pytest.mark.parametrize("wanted", [0.0, 0.25, 1.0])
def test_bce_is_exact_and_its_gradient_finite_at_huge_logits(logit, wanted):
    logits = torch.tensor([logit], requires_grad=True)
    found = bce_with_logits(logits, wanted)
    assert found.item() == pytest.approx(1e4 * (1.0 - wanted if logit > 0 else wanted))
    found.sum().backward()
    assert logits.grad.item() == pytest.approx((logit > 0) - wanted)


def test_bce_keeps_its_digits_where_it_is_small():
    for logit in (5.0, 15.0, 18.0, 40.0):
        logits = torch.tensor([logit], requires_grad=True)
        found = bce_with_logits(logits, 1.0)
        found.sum().backward()
        assert found.item() == pytest.approx(math.log1p(math.exp(-logit)), rel=1e-5)
        assert logits.grad.item() == pytest.approx(-1.0 / (1.0 + math.exp(logit)), rel=1e-5)


@pytest.mark.parametrize("loss", ["non-saturating", "minimax"])
def test_the_logistic_discriminator_loss_is_minus_the_value(loss):
    real, fake = torch.randn(2, 50, dtype=torch.float64)
    parts = discriminator_loss(real, fake, loss)
    torch.testing.assert_close(parts[0].mean() + parts[1].mean(), -value(real, fake))
    for part, logits, kind in zip(parts, (real, fake), (1.0, 0.0), strict=True):
        log_prob = Bernoulli(logits=logits).log_prob(torch.tensor(kind).double())
        torch.testing.assert_close(part, -log_prob)


def test_smoothing_asks_for_a_little_less_than_real_and_leaves_fakes_alone():
    real, fake = torch.randn(2, 50, dtype=torch.float64)
    plain = discriminator_loss(real, fake, "non-saturating")
    smooth = discriminator_loss(real, fake, "non-saturating", smoothing=0.2)
    torch.testing.assert_close(smooth[0], bce_with_logits(real, 0.8))
    assert torch.equal(smooth[1], plain[1])
    wanted = torch.tensor(math.log(0.8 / 0.2), dtype=torch.float64).requires_grad_()
    discriminator_loss(wanted, fake, "minimax", smoothing=0.2)[0].backward()
    assert wanted.grad.abs() < 1e-12  # D(x) = 0.8 is best


def test_the_value_of_a_discriminator_that_cannot_tell_is_minus_log_4():
    undecided = torch.zeros(7, dtype=torch.float64)
    assert value(undecided, undecided).item() == pytest.approx(-math.log(4.0), abs=1e-12)


def test_the_value_is_never_above_0_and_0_for_one_that_is_sure_and_right():
    assert value(torch.tensor([1e4]), torch.tensor([-1e4])).item() == 0.0
    assert value(torch.tensor([-1e4]), torch.tensor([1e4])).item() == pytest.approx(-2e4)


def test_the_best_discriminator_of_two_known_densities_has_the_value_the_theorem_states():
    """Goodfellow 2014, proposition 1 and theorem 1: D* = p / (p + q), V = 2 JSD - log 4."""
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    q = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)
    logits = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([logits], max_iter=100, tolerance_grad=1e-12)

    def closure():
        optimiser.zero_grad()
        parts = discriminator_loss(logits, logits, "minimax")
        loss = (p * parts[0] + q * parts[1]).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    torch.testing.assert_close(torch.sigmoid(logits.detach()), p / (p + q), atol=1e-5, rtol=0)
    m = 0.5 * (p + q)
    jsd = 0.5 * ((p * (p / m).log()).sum() + (q * (q / m).log()).sum())
    assert -closure().item() == pytest.approx(2.0 * jsd.item() - math.log(4.0), abs=1e-9)


def test_the_generators_losses_are_log_1_minus_d_minus_log_d_and_the_distance_from_c():
    D = torch.sigmoid(LOGITS)
    torch.testing.assert_close(generator_loss(LOGITS, "minimax"), torch.log(1.0 - D))
    torch.testing.assert_close(generator_loss(LOGITS, "non-saturating"), -torch.log(D))
    code = Code(a=-1.0, b=1.0, c=0.25)
    torch.testing.assert_close(
        generator_loss(LOGITS, "least-squares", code=code), (LOGITS - 0.25) ** 2 / 2
    )


def test_a_found_out_generator_has_no_gradient_in_minimax_and_a_full_one_otherwise():
    slopes = {}
    for loss in ("minimax", "non-saturating", "least-squares"):
        logits = torch.tensor([-20.0], requires_grad=True)
        generator_loss(logits, loss).sum().backward()
        slopes[loss] = logits.grad.item()
    assert -1e-8 < slopes["minimax"] < 0.0
    assert slopes["non-saturating"] == pytest.approx(-1.0, abs=1e-8)
    assert slopes["least-squares"] == pytest.approx(-21.0)


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "least-squares"])
def test_every_loss_of_the_generator_falls_as_its_fakes_pass(loss):
    logits = torch.linspace(-5.0, 0.9, 20)
    assert (generator_loss(logits, loss).diff() < 0.0).all()


@pytest.mark.parametrize(("a", "b"), [(-1.0, 1.0), (0.0, 1.0), (2.0, -3.0)])
def test_least_squares_calls_fakes_a_and_real_images_b(a, b):
    real, fake = torch.tensor([b, b + 2.0]), torch.tensor([a, a - 4.0])
    parts = discriminator_loss(real, fake, "least-squares", code=Code(a, b, 0.0))
    assert parts[0].tolist() == [0.0, 2.0]
    assert parts[1].tolist() == [0.0, 8.0]
    nearer = torch.tensor([b + 0.25 * (a - b)])  # a quarter of the way from b to a
    moved = discriminator_loss(nearer, fake, "least-squares", code=Code(a, b, 0.0), smoothing=0.25)
    assert moved[0].item() == 0.0
    assert torch.equal(moved[1], parts[1])


def test_least_squares_with_the_pearson_code_measures_pearsons_chi_squared():
    """Mao et al. 2017, section 3.2.2: b - c = 1, b - a = 2 give chi^2(p + q || 2q) / 2."""
    code = Code(a=-1.0, b=1.0, c=0.0)
    p = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    q = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)
    best = (code.b * p + code.a * q) / (p + q)  # equation 5
    slope = best.clone().requires_grad_()
    parts = discriminator_loss(slope, slope, "least-squares", code=code)
    (p * parts[0] + q * parts[1]).sum().backward()
    assert slope.grad.abs().max() < 1e-12
    cost = ((p + q) * generator_loss(best, "least-squares", code=code)).sum()
    chi = ((2.0 * q - (p + q)) ** 2 / (p + q)).sum()
    assert 2.0 * cost.item() == pytest.approx(chi.item(), abs=1e-12)


def test_an_opinion_is_0_for_what_fakes_should_get_and_1_for_what_real_images_should():
    code = Code(a=-1.0, b=3.0)
    found = opinion(torch.tensor([-1.0, 1.0, 3.0, 5.0]), "least-squares", code)
    assert found.tolist() == [0.0, 0.5, 1.0, 1.5]
    torch.testing.assert_close(opinion(LOGITS, "minimax"), 1.0 / (1.0 + (-LOGITS).exp()))
