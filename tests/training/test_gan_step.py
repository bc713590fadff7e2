"""The updates of a GAN: who moves, by which gradient, and what is remembered."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from genlab.errors import GenLabError
from genlab.models.gan import GAN, GANConfig, sample_noise
from genlab.models.gan_networks import ARCHITECTURES
from genlab.objectives.adversarial import Code, discriminator_loss, generator_loss, opinion
from genlab.training.config import TrainConfig
from genlab.training.gan_step import EARLY_FRAMES, GANStep, film_noise
from genlab.training.process_group import Shard
from genlab.training.vae_step import learning_rate_at

TINY = GANConfig(architecture="dcgan-32", latent_dim=4)
TRAINING = TrainConfig(learning_rate=1e-3, precision="float32")


def start(training=TRAINING, steps=20, seed=0, **settings) -> GANStep:
    torch.manual_seed(seed)
    return GANStep(GAN(replace(TINY, **settings)), training, steps)


def batch(seed=1, count=6):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 784), generator=generator, dtype=torch.uint8)
    return images, torch.zeros(count, dtype=torch.int64)


def update(step, seed=1, count=6):
    return step(*batch(seed, count), torch.Generator().manual_seed(seed))


def real_and_fake(step):
    """Both kinds as the networks see them, (6, 1, S, S), the fakes with their history."""
    real = step.model.from_pixels(batch()[0].float() / 255.0)
    z = sample_noise(6, step.model.config, torch.Generator().manual_seed(3))
    return real, step.model.generator(z)


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in module.parameters()])


def gradients(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.reshape(-1) for p in module.parameters()])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_update_moves_both_networks_and_reports_means(name):
    step = start(architecture=name)
    before = weights(step.model.generator), weights(step.model.discriminator)
    losses = update(step)
    assert set(losses) == {"loss_d", "d_real", "d_fake", "loss_g"}
    assert all(value.ndim == 0 and not value.requires_grad for value in losses.values())
    assert not torch.equal(weights(step.model.generator), before[0])
    assert not torch.equal(weights(step.model.discriminator), before[1])


def test_the_discriminators_update_leaves_the_generator_and_its_gradients_alone():
    step = start()
    real, fake = real_and_fake(step)
    before = weights(step.model.generator)
    step.update_discriminator(real, fake.detach(), 6)
    assert torch.equal(weights(step.model.generator), before)
    assert all(p.grad is None for p in step.model.generator.parameters())


@pytest.mark.parametrize("settings", [{}, {"normalisation": "spectral"}])
def test_the_generators_update_leaves_the_discriminator_and_its_gradients_alone(settings):
    step = start(**settings)
    _, fake = real_and_fake(step)
    before = weights(step.model.discriminator)
    step.update_generator(fake, 6)
    assert torch.equal(weights(step.model.discriminator), before)
    assert all(p.grad is None for p in step.model.discriminator.parameters())
    assert all(p.requires_grad for p in step.model.discriminator.parameters())


@pytest.mark.parametrize("loss", ["non-saturating", "minimax", "least-squares"])
def test_the_discriminators_gradient_is_that_of_its_loss_on_detached_fakes_alone(loss):
    step = start(loss=loss, fake_code=-1.0, smoothing=0.1)
    update(step)  # leaves gradients behind that must not count
    real, fake = real_and_fake(step)
    twin = copy.deepcopy(step.model.discriminator)
    twin.zero_grad()
    parts = discriminator_loss(
        twin(real), twin(fake.detach()), loss, code=Code(-1.0, 1.0, 1.0), smoothing=0.1
    )
    (parts[0].mean() + parts[1].mean()).backward()
    found = step.update_discriminator(real, fake.detach(), 6)
    torch.testing.assert_close(
        gradients(step.model.discriminator), gradients(twin), atol=1e-7, rtol=1e-4
    )
    assert found["loss_d"].item() == pytest.approx((parts[0].mean() + parts[1].mean()).item())


@pytest.mark.parametrize("loss", ["non-saturating", "minimax", "least-squares"])
def test_the_generators_gradient_is_that_of_its_loss_through_the_discriminator(loss):
    step = start(loss=loss, wanted_code=0.5)
    update(step)
    twin = copy.deepcopy(step.model)
    twin.zero_grad()
    z = sample_noise(6, TINY, torch.Generator().manual_seed(3))
    logits = twin.discriminator(twin.generator(z))
    generator_loss(logits, loss, code=Code(0.0, 1.0, 0.5)).mean().backward()
    _, fake = real_and_fake(step)
    step.update_generator(fake, 6)
    torch.testing.assert_close(
        gradients(step.model.generator), gradients(twin.generator), atol=1e-7, rtol=1e-4
    )


def test_one_update_equals_the_textbooks_two_passes_and_two_optimisers():
    step, twin = start(), start().model
    adams = [
        torch.optim.Adam(part.parameters(), lr=1e-3, betas=(0.5, 0.999))
        for part in (twin.discriminator, twin.generator)
    ]
    bce = nn.BCEWithLogitsLoss()
    one, zero = torch.ones(6), torch.zeros(6)
    for seed in (1, 2, 3):
        losses = update(step, seed)
        real = twin.from_pixels(batch(seed)[0].float() / 255.0)
        fake = twin.generator(torch.randn(6, 4, generator=torch.Generator().manual_seed(seed)))
        twin.zero_grad()
        loss_d = bce(twin.discriminator(real), one)
        loss_d = loss_d + bce(twin.discriminator(fake.detach()), zero)
        loss_d.backward()
        adams[0].step()
        twin.zero_grad()
        loss_g = bce(twin.discriminator(fake), one)
        loss_g.backward()
        adams[1].step()
        assert losses["loss_d"].item() == pytest.approx(loss_d.item(), rel=1e-5)
        assert losses["loss_g"].item() == pytest.approx(loss_g.item(), rel=1e-5)
    torch.testing.assert_close(weights(step.model), weights(twin), atol=2e-4, rtol=0)


def test_opinions_are_of_the_discriminator_before_its_update():
    step = start(loss="least-squares", fake_code=-1.0)
    twin = copy.deepcopy(step.model)
    losses = update(step)
    real = twin.discriminator(twin.from_pixels(batch()[0].float() / 255.0))
    expected = opinion(real, "least-squares", Code(-1.0, 1.0, 1.0)).mean().item()
    assert losses["d_real"].item() == pytest.approx(expected, rel=1e-4)


def test_r1_adds_half_its_weight_times_the_squared_slope_at_real_images():
    step = start(r1=10.0)
    real, fake = real_and_fake(step)
    twin = copy.deepcopy(step.model.discriminator)
    x = real.clone().requires_grad_()
    of_real = twin(x)
    parts = discriminator_loss(of_real, twin(fake.detach()), "non-saturating")
    slopes = [
        torch.autograd.grad(one, x, retain_graph=True, create_graph=True)[0][i]
        for i, one in enumerate(of_real)  # image by image
    ]
    penalty = torch.stack([slope.square().sum() for slope in slopes]).mean()
    (parts[0].mean() + parts[1].mean() + 5.0 * penalty).backward()
    found = step.update_discriminator(real.clone(), fake.detach(), 6)
    torch.testing.assert_close(
        gradients(step.model.discriminator), gradients(twin), atol=1e-6, rtol=1e-3
    )
    assert found["loss_d"].item() == pytest.approx((parts[0].mean() + parts[1].mean()).item())


@pytest.mark.parametrize("settings", [{"r1": 1.0}, {"normalisation": "spectral"}, {}])
def test_bfloat16_stays_near_float32(settings):
    exact, rounded = start(**settings), start(replace(TRAINING, precision="bfloat16"), **settings)
    for seed in range(5):
        expected, found = update(exact, seed), update(rounded, seed)
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value.item(), rel=0.05)
    assert weights(rounded.model).dtype == torch.float32


def test_the_average_is_the_closed_form_of_all_weights_so_far():
    keep, step = 0.8, start(averaging=0.8, architecture="dcgan-28")
    history = [copy.deepcopy(step.model.generator.state_dict())]
    for seed in range(4):
        update(step, seed)
        history.append(copy.deepcopy(step.model.generator.state_dict()))
    for name, found in step.model.averaged.state_dict().items():
        if not found.is_floating_point():  # how many batches were normalised
            assert torch.equal(found, history[-1][name])
            continue
        expected = keep**4 * history[0][name]
        for age, past in enumerate(reversed(history[1:])):
            expected = expected + (1.0 - keep) * keep**age * past[name]
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


def test_pictures_come_from_the_average():
    step = start(averaging=0.5)
    with torch.no_grad():
        step.model.averaged[-2].bias.fill_(-50.0)  # before tanh: all black
    assert step.frame()["images"].max() == 0


def test_instance_noise_is_what_was_asked_and_falls_to_0_over_the_run():
    step = start(steps=4, instance_noise=2.0)
    spreads = []
    for done in range(5):
        step.done = done
        spreads.append(step.blur(50, torch.Generator().manual_seed(0)).std().item())
    assert spreads == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0], abs=0.02)
    plain = start().blur(3, torch.Generator())
    assert plain.shape == (3, 1, 1, 1)
    assert not plain.any()


def test_both_networks_follow_the_schedule():
    training = replace(TRAINING, schedule="cosine", learning_rate=0.01)
    step = start(training, steps=6)
    for done in range(3):
        update(step, done)
        rates = {o.param_groups[0]["lr"] for o in (step.optimiser_d, step.optimiser_g)}
        assert rates == {learning_rate_at(training, done, 6)}


SETTINGS = [
    {"architecture": "mlp", "noise": "uniform"},
    {"averaging": 0.9, "r1": 1.0, "instance_noise": 0.1},
    {"architecture": "dcgan-28", "normalisation": "spectral"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_restored_step_goes_on_as_if_never_interrupted(settings):
    training = replace(TRAINING, schedule="cosine", precision="bfloat16")
    step, other = start(training, **settings), start(training, seed=5, **settings)
    for seed in range(3):
        update(step, seed)
    other.model.load_state_dict(copy.deepcopy(step.model.state_dict()))
    other.load_state_dict(copy.deepcopy(step.state_dict()))
    for each in (step, other):
        update(each, 9)
    for name, value in step.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name


def test_a_frame_shows_the_same_noises_each_time_and_what_the_discriminator_thinks():
    step = start()
    frame, noise = step.frame(), step.fixed()["noise"]
    assert frame["images"].shape == (64, 784)
    assert frame["images"].dtype == "uint8"
    z = torch.from_numpy(noise)
    assert torch.equal(z, film_noise(TINY))
    with torch.no_grad():
        made = step.model.generator(z)
        expected = torch.sigmoid(step.model.discriminator(made)).numpy()
    assert frame["opinions"] == pytest.approx(expected, abs=1e-6)
    shown = step.model.to_pixels(made).mul(255).round().numpy()
    assert abs(frame["images"].astype(int) - shown).max() <= 1
    update(step)
    assert (step.fixed()["noise"] == noise).all()
    assert (step.frame()["images"] != frame["images"]).any()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_looking_changes_nothing_of_the_training(name):
    watched, alone = start(architecture=name), start(architecture=name)
    for seed in range(2):
        update(watched, seed)
        update(alone, seed)
        watched.frame()
        watched.pictures(*batch(), 0)
        assert watched.model.training
    watched.model.eval()
    watched.evaluate(*batch(), 0)
    watched.model.train()
    update(watched, 5)
    update(alone, 5)
    for name_, value in watched.model.state_dict().items():
        assert torch.equal(value, alone.model.state_dict()[name_]), name_


def test_evaluation_is_the_mean_over_held_out_images_whatever_their_number():
    step = start(loss="minimax")
    with torch.no_grad():
        for p in step.model.discriminator.head.parameters():
            p.zero_()
    step.model.eval()
    found = step.evaluate(*batch(count=503), 0)
    assert found["loss_d"] == pytest.approx(math.log(4.0), rel=1e-5)
    assert found["loss_g"] == pytest.approx(-math.log(2.0), rel=1e-5)
    assert found["d_real"] == found["d_fake"] == 0.5


def test_pictures_are_the_images_and_as_many_made_ones():
    images, labels = batch(count=10)
    pictures = start().pictures(images, labels, seed=0)
    assert pictures.shape == (2, 10, 784)
    assert torch.equal(pictures[0], images)


def test_early_frames_are_dense_and_hold_those_of_the_course():
    assert {250, 500, 1000} <= set(EARLY_FRAMES)
    assert EARLY_FRAMES[:4] == (10, 25, 50, 100)


@pytest.mark.parametrize("name", ["dcgan-course", "dcgan-28"])
def test_what_normalises_over_the_batch_is_not_cut_among_processes(name):
    model = GAN(GANConfig(architecture=name, latent_dim=4))
    with pytest.raises(GenLabError, match="train it with one, or choose mlp or dcgan-32"):
        GANStep(model, TRAINING, 10, Shard(0, 2))
