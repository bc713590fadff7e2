"""The gradients written out for dcgan-32 against autograd's."""

import copy
from dataclasses import replace

import pytest
import torch

from genlab.models.gan import GAN, GANConfig
from genlab.training.config import TrainConfig
from genlab.training.fast_gan_step import FastGANStep, has_written_gradient
from genlab.training.gan_step import GANStep
from genlab.training.process_group import Shard

TINY = GANConfig(architecture="dcgan-32", latent_dim=4)
TRAINING = TrainConfig(batch_size=6, learning_rate=1e-4, precision="float32")


class Alone(Shard):
    """One of several processes that hears nothing of the others."""

    def sum_(self, *tensors: torch.Tensor) -> None:
        pass


class Undone(Shard):
    """One of two processes, of which the other says the opposite."""

    def sum_(self, *tensors: torch.Tensor) -> None:
        for tensor in tensors:
            tensor.zero_()


def model(seed=0, **settings) -> GAN:
    torch.manual_seed(seed)
    return GAN(replace(TINY, **settings))


def both(training=TRAINING, **settings) -> tuple[GANStep, FastGANStep]:
    return tuple(kind(model(**settings), training, 50) for kind in (GANStep, FastGANStep))


def update(step, seed=1, count=6):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 784), generator=generator, dtype=torch.uint8)
    images[:, 200:400] = 0  # a flat part, as of every digit
    return step(images, torch.zeros(count, dtype=torch.int64), generator)


def weights(step) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in step.model.parameters()])


OPTIONS = [
    {},
    {"loss": "minimax", "smoothing": 0.1, "noise": "uniform"},
    {"loss": "least-squares", "fake_code": -1.0, "wanted_code": 0.5, "smoothing": 0.2},
    {"instance_noise": 0.5},
]


@pytest.mark.parametrize("settings", OPTIONS)
def test_gradients_of_both_networks_equal_autograds(settings):
    reference, fast = both(**settings)
    expected, found = update(reference), update(fast)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5)
    for module, written in (
        (reference.model.discriminator, fast.d),
        (reference.model.generator, fast.g),
    ):
        for parameter, gradient in zip(module.parameters(), written.grads, strict=True):
            order = (0, 3, 1, 2)[: gradient.dim()] if gradient.dim() == 4 else range(gradient.dim())
            size = parameter.grad.abs().max().item()
            torch.testing.assert_close(
                gradient.permute(*order), parameter.grad, atol=2e-4 * size, rtol=1e-3
            )


@pytest.mark.parametrize("settings", OPTIONS)
def test_twenty_updates_give_the_reference_losses_and_weights(settings):
    reference, fast = both(replace(TRAINING, schedule="cosine"), **settings)
    before = weights(reference)
    for seed in range(20):
        expected, found = update(reference, seed), update(fast, seed)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, atol=1e-4, rtol=1e-4)
    apart = (weights(fast) - weights(reference)).abs()
    # Adam makes whole steps of gradients that are but rounding, so a few weights part for good
    assert apart.mean() < 0.03 * (weights(reference) - before).abs().mean()
    assert apart.max() < 1e-3  # of the 2e-3 that 20 steps can go


def test_bfloat16_stays_as_near_to_float32_as_autograds_does():
    exact = both()[0]
    reference, fast = both(replace(TRAINING, precision="bfloat16"))
    for seed in range(20):
        expected = update(exact, seed)
        update(reference, seed)
        found = update(fast, seed)
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value.item(), rel=0.01)
    apart, bound = ((weights(step) - weights(exact)).abs().mean() for step in (fast, reference))
    assert 0.0 < apart < 1.5 * bound
    assert weights(fast).dtype == torch.float32


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_restored_step_goes_on_as_if_never_interrupted(precision):
    training = replace(TRAINING, schedule="cosine", precision=precision)
    settings = {"averaging": 0.9, "instance_noise": 0.1}
    step = FastGANStep(model(**settings), training, 50)
    other = FastGANStep(model(seed=5, **settings), training, 50)
    for seed in range(3):
        update(step, seed)
    update(other, 7)  # leaves numbers behind in memory that is used again
    other.model.load_state_dict(copy.deepcopy(step.model.state_dict()))
    other.load_state_dict(copy.deepcopy(step.state_dict()))
    for each in (step, other):
        update(each, 9)
    for name, value in step.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_smaller_batch_sees_nothing_of_the_larger_one_before(precision):
    steps = [
        FastGANStep(model(), replace(TRAINING, precision=precision, batch_size=size), 50)
        for size in (6, 2)
    ]
    before = copy.deepcopy(steps[0].model.state_dict())
    state = copy.deepcopy(steps[1].state_dict())
    update(steps[0], 3, count=6)
    steps[0].model.load_state_dict(before)
    steps[0].load_state_dict(state)
    for step in steps:
        update(step, 4, count=2)
    assert torch.equal(weights(steps[0]), weights(steps[1]))


def test_the_average_follows_the_written_updates():
    reference, fast = both(averaging=0.5)
    before = fast.model.averaged[1].weight.clone()
    for seed in range(3):
        update(reference, seed)
        update(fast, seed)
    moved = fast.model.averaged[1].weight - before
    assert moved.abs().max() > 1e-5
    expected = dict(reference.model.averaged.named_parameters())
    for name, value in fast.model.averaged.named_parameters():
        torch.testing.assert_close(value, expected[name], atol=3e-4, rtol=0)


@pytest.mark.parametrize("count", [6, 5, 1])
def test_gradients_of_two_processes_sum_to_those_of_one(count):
    still = replace(TRAINING, learning_rate=1e-12)  # G's gradient goes through the moved D
    whole = FastGANStep(model(), still, 50)
    update(whole, count=count)
    halves = [FastGANStep(model(), still, 50, Alone(rank, 2)) for rank in (0, 1)]
    losses = [update(half, count=count) for half in halves]
    for name, value in update(FastGANStep(model(), still, 50), count=count).items():
        torch.testing.assert_close(losses[0][name] + losses[1][name], value)
    for network in ("d", "g"):
        parts = [getattr(half, network).flat.grad for half in halves]
        torch.testing.assert_close(
            parts[0] + parts[1], getattr(whole, network).flat.grad, atol=1e-6, rtol=1e-3
        )


def test_what_moves_the_weights_is_the_sum_over_processes():
    step = FastGANStep(model(), replace(TRAINING, learning_rate=0.01), 50, Undone(0, 2))
    before = weights(step)
    losses = update(step)
    assert torch.equal(weights(step), before)
    assert not any(losses.values())


def test_a_model_in_training_draws_and_judges_with_the_written_weights():
    reference, fast = both()
    for seed in range(3):
        update(reference, seed)
        update(fast, seed)
    expected, found = reference.frame(), fast.frame()
    assert abs(expected["images"].astype(int) - found["images"]).max() <= 2
    assert found["opinions"] == pytest.approx(expected["opinions"], abs=1e-3)
    assert all(p.requires_grad for p in fast.model.generator.parameters())


def test_weights_that_are_no_numbers_show_in_the_losses():
    step = FastGANStep(model(), TRAINING, 50)
    with torch.no_grad():
        step.model.discriminator.features[9].weight.fill_(torch.nan)
    assert not any(torch.isfinite(update(step)[name]) for name in ("loss_d", "loss_g"))


def test_only_what_is_written_out_is_taken_on():
    assert has_written_gradient(TINY)
    assert has_written_gradient(replace(TINY, loss="least-squares", averaging=0.9, smoothing=0.1))
    assert not has_written_gradient(replace(TINY, normalisation="spectral"))
    assert not has_written_gradient(replace(TINY, r1=1.0))
    for name in ("mlp", "dcgan-course", "dcgan-28"):
        assert not has_written_gradient(replace(TINY, architecture=name))
