"""Training in the plane: against PyTorch, and what two losses share."""

from itertools import islice, pairwise

import numpy as np
import pytest
import torch

from genlab.explore.plane_gan import (
    BOUNDS,
    HalfStep,
    PlaneConfig,
    discriminator_gradient,
    generator_gradient,
    sample_gradients,
    sample_noise,
    train,
)
from genlab.explore.plane_loss import LOSSES
from genlab.explore.plane_net import run_net
from genlab.objectives import adversarial

SMALL = {"hidden": 6, "batch": 16, "updates": 100}
EVERY = pytest.mark.parametrize("loss", list(LOSSES))


def layers(shape, weights: np.ndarray) -> list[tuple[torch.Tensor, torch.Tensor]]:
    vector = torch.from_numpy(weights.copy()).requires_grad_()
    found, start = [], 0
    for fan_in, fan_out in shape.layers:
        middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
        found.append((vector[start:middle].view(fan_in, fan_out), vector[middle:end]))
        start = end
    return vector, found


def run_torch(found, x: torch.Tensor) -> torch.Tensor:
    (W1, b1), (W2, b2), (W3, b3) = found
    return torch.tanh(torch.tanh(x @ W1 + b1) @ W2 + b2) @ W3 + b3


@EVERY
@pytest.mark.parametrize("axes", [1, 2])
def test_gradients_of_both_networks_agree_with_autograd(rng, loss, axes):
    config = PlaneConfig(axes=axes, target="gaussian", loss=loss, a=-1.0, c=0.5, **SMALL)
    code = adversarial.Code(config.a, config.b, config.c)
    g, d = config.generator.initial(rng), 2.0 * config.discriminator.initial(rng)
    z, real = rng.standard_normal((2, 16, axes))
    d_vector, d_layers = layers(config.discriminator, d)
    g_vector, g_layers = layers(config.generator, g)
    fake = run_torch(g_layers, torch.from_numpy(z))
    of_fake = run_torch(d_layers, fake)[:, 0]
    of_real = run_torch(d_layers, torch.from_numpy(real))[:, 0]
    parts = adversarial.discriminator_loss(of_real, of_fake, loss, code=code)
    loss_d = parts[0].mean() + parts[1].mean()
    by_sample = adversarial.generator_loss(of_fake, loss, code=code)

    ours, told = discriminator_gradient(config, d, real, run_net(config.generator, g, z))
    (theirs,) = torch.autograd.grad(loss_d, d_vector, retain_graph=True)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-13)
    assert told["loss_d"] == pytest.approx(loss_d.item())
    ours, loss_g = generator_gradient(config, g, d, z)
    (theirs,) = torch.autograd.grad(by_sample.mean(), g_vector, retain_graph=True)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-13)
    assert loss_g == pytest.approx(by_sample.mean().item())
    slopes, _ = sample_gradients(config, d, fake.detach().numpy())
    (theirs,) = torch.autograd.grad(by_sample.sum(), fake)
    np.testing.assert_allclose(slopes, theirs.numpy(), rtol=1e-9, atol=1e-13)


def test_where_d_is_sure_minimax_does_not_push_and_non_saturating_does(rng):
    """D's last bias is put so low that it takes everything for fake."""
    config = {loss: PlaneConfig(loss=loss, **SMALL) for loss in LOSSES}
    d = config["minimax"].discriminator.initial(rng)
    d[-1] = -30.0
    fakes = rng.standard_normal((50, 2))
    push = {loss: np.abs(sample_gradients(config[loss], d, fakes)[0]).mean() for loss in LOSSES}
    assert push["minimax"] < 1e-11
    assert push["non-saturating"] > 1e-2
    assert push["least-squares"] > push["non-saturating"]


def test_a_small_step_against_the_push_s_sign_lowers_the_loss_of_every_fake(rng):
    config = PlaneConfig(loss="non-saturating", **SMALL)
    d, fakes = 3.0 * config.discriminator.initial(rng), rng.standard_normal((50, 2))
    slopes, losses = sample_gradients(config, d, fakes)
    _, after = sample_gradients(config, d, fakes - 1e-4 * slopes)
    assert np.all(after < losses)


def test_two_losses_begin_at_the_same_weights_and_see_the_same_batches(monkeypatch):
    seen = {}

    def note(config, d, real, fake):
        seen.setdefault(config.loss, []).append(real)
        return discriminator_gradient(config, d, real, fake)

    monkeypatch.setattr("genlab.explore.plane_gan.discriminator_gradient", note)
    starts = {loss: list(islice(train(PlaneConfig(loss=loss, **SMALL)), 7)) for loss in LOSSES}
    first = starts["minimax"]
    for loss in LOSSES:
        np.testing.assert_array_equal(starts[loss][0].generator, first[0].generator)
        np.testing.assert_array_equal(starts[loss][0].discriminator, first[0].discriminator)
        np.testing.assert_array_equal(seen[loss], seen["minimax"])
    assert np.any(starts["least-squares"][-1].generator != first[-1].generator)
    np.testing.assert_array_equal(  # D's loss is the same for both logistic ones
        starts["non-saturating"][1].discriminator, first[1].discriminator
    )


def test_a_seed_gives_the_same_training_bit_for_bit_and_another_one_does_not():
    runs = [list(train(PlaneConfig(seed=seed, **SMALL))) for seed in (3, 3, 4)]
    assert runs[0][-1].generator.tobytes() == runs[1][-1].generator.tobytes()
    assert runs[0][-1].discriminator.tobytes() == runs[1][-1].discriminator.tobytes()
    assert np.any(runs[0][-1].generator != runs[2][-1].generator)


def test_d_moves_in_its_half_and_g_in_the_other():
    steps = list(islice(train(PlaneConfig(d_steps=3, **SMALL)), 9))
    assert [step.mover for step in steps] == ["", *"DGDGDGDG"]
    assert [step.time for step in steps] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    for before, after in pairwise(steps):
        assert np.all(before.generator == after.generator) == (after.mover == "D")
        assert np.all(before.discriminator == after.discriminator) == (after.mover == "G")


def test_records_are_frozen_and_not_changed_by_later_steps():
    steps = train(PlaneConfig(**SMALL))
    first = next(steps)
    weights = first.generator.copy()
    list(islice(steps, 10))
    np.testing.assert_array_equal(first.generator, weights)
    with pytest.raises(AttributeError):
        first.update = 2
    assert isinstance(first, HalfStep)


def test_the_gaussian_is_learned_within_a_few_hundred_updates():
    config = PlaneConfig(axes=1, target="gaussian", loss="non-saturating", updates=600)
    *_, last = train(config)
    noises = sample_noise(config, np.random.default_rng(9), 4000)
    made = run_net(config.generator, last.generator, noises)
    assert made.mean() == pytest.approx(0.5, abs=0.15)
    assert made.std() == pytest.approx(0.35, abs=0.12)


@pytest.mark.parametrize("name", [name for name in BOUNDS if name not in "abc"])
def test_a_setting_out_of_bounds_is_refused_with_the_bounds(name):
    low, high = BOUNDS[name]
    for wrong in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{name} is .*choose from"):
            PlaneConfig(**{name: wrong})


@pytest.mark.parametrize(
    "wrong",
    [{"axes": 3}, {"target": "rong"}, {"loss": "wasserstein"}, {"noise": "pink"}, {"a": 1.0}],
)
def test_a_setting_that_is_none_is_refused_with_those_there_are(wrong):
    with pytest.raises(ValueError, match="choose"):
        PlaneConfig(**wrong)
