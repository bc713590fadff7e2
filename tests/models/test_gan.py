from dataclasses import replace

import pytest
import torch
from torch import nn

from genlab.models.gan import (
    GAN,
    GANConfig,
    build_discriminator,
    build_generator,
    build_optimiser,
    sample_noise,
)
from genlab.models.gan_networks import ARCHITECTURES

EVERY = [GANConfig(architecture=name, latent_dim=6) for name in ARCHITECTURES]
SIDES = {"mlp": 28, "dcgan-course": 28, "dcgan-32": 32, "dcgan-28": 28}


def named(config):
    return config.architecture


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def shapes(network: nn.Module, x: torch.Tensor) -> list[tuple[int, ...]]:
    """Of what each layer gives, without the batch."""
    found = []
    for layer in network:
        x = layer(x)
        found.append(tuple(x.shape[1:]))
    return found


def test_dcgan_32_has_the_parameters_of_its_table():
    config = GANConfig(architecture="dcgan-32", latent_dim=128)
    assert parameters(build_generator(config)) == 172_401
    assert parameters(build_discriminator(config)) == 97_281


@pytest.mark.parametrize(
    ("name", "latent_dim", "generator", "discriminator"),
    [
        (
            "mlp",
            96,
            97 * 1024 + 1025 * 1024 + 1025 * 784,
            785 * 256 + 257 * 256 + 257,
        ),
        (
            "dcgan-course",
            96,
            97 * 1024 + 2 * 1024 + 1025 * 6272 + 2 * 6272  # two dense layers, each normalised
            + 128 * 64 * 16 + 64 + 2 * 64 + 64 * 16 + 1,
            32 * 25 + 32 + 64 * 32 * 25 + 64 + 1025 * 1024 + 1025,
        ),
    ],
)  # fmt: skip
def test_the_other_tabled_networks_have_the_parameters_of_their_rows(
    name, latent_dim, generator, discriminator
):
    config = GANConfig(architecture=name, latent_dim=latent_dim)
    assert parameters(build_generator(config)) == generator
    assert parameters(build_discriminator(config)) == discriminator


def test_dcgan_32_goes_through_the_sizes_of_its_table():
    config = GANConfig(architecture="dcgan-32")
    sizes = shapes(build_generator(config), torch.randn(2, 128))
    for size in [(64, 4, 4), (32, 8, 8), (16, 16, 16), (1, 32, 32)]:
        assert size in sizes
    sizes = shapes(build_discriminator(config).features, torch.randn(2, 1, 32, 32))
    for size in [(16, 16, 16), (32, 8, 8), (64, 4, 4), (128, 1, 1)]:
        assert size in sizes


def test_dcgan_28_goes_through_the_sizes_of_its_table():
    config = GANConfig(architecture="dcgan-28", latent_dim=100)
    sizes = shapes(build_generator(config), torch.randn(2, 100))
    for size in [(256, 7, 7), (128, 14, 14), (64, 28, 28), (32, 28, 28), (1, 28, 28)]:
        assert size in sizes
    sizes = shapes(build_discriminator(config).features, torch.randn(2, 1, 28, 28))
    for size in [(64, 14, 14), (128, 7, 7), (256, 4, 4), (512, 4, 4)]:
        assert size in sizes


@pytest.mark.parametrize("config", EVERY, ids=named)
def test_noise_becomes_images_between_minus_1_and_1_and_images_become_one_logit_each(config):
    torch.manual_seed(0)
    model, side = GAN(config), SIDES[config.architecture]
    made = model.generator(50.0 * torch.randn(5, 6))
    assert made.shape == (5, 1, side, side)
    assert made.abs().max() <= 1.0
    assert model.discriminator(made).shape == (5,)


@pytest.mark.parametrize("config", EVERY, ids=named)
def test_pixels_go_in_and_come_out_in_0_to_1(config):
    torch.manual_seed(0)
    model = GAN(config).eval()
    images = model.generate(torch.randn(5, 6))
    assert images.shape == (5, 784)
    assert 0.0 <= images.min() < images.max() <= 1.0
    assert model.discriminate(images).shape == (5,)


@pytest.mark.parametrize("config", EVERY, ids=named)
def test_the_features_are_all_of_the_discriminator_but_its_last_linear_layer(config):
    torch.manual_seed(0)
    model, images = GAN(config).eval(), torch.rand(4, 784)
    features = model.features(images)
    head = model.discriminator.head
    expected = features @ head.weight.squeeze(0) + head.bias
    torch.testing.assert_close(model.discriminate(images), expected)
    assert features.shape == (4, head.in_features)


@pytest.mark.parametrize("config", EVERY, ids=named)
def test_pixels_survive_the_way_to_the_networks_range_and_back(config):
    model, images = GAN(config), torch.rand(3, 784)
    inside = model.from_pixels(images)
    assert inside.shape == (3, 1, model.side, model.side)
    torch.testing.assert_close(model.to_pixels(inside), images, atol=1e-6, rtol=0)
    assert model.from_pixels(torch.zeros(1, 784)).unique().tolist() == [-1.0]  # margin included


def test_each_noise_comes_from_its_distribution_and_from_the_generator_alone():
    for noise, low, variance in (("gaussian", -9.0, 1.0), ("uniform", -1.0, 1.0 / 3.0)):
        config = GANConfig(noise=noise, latent_dim=50)
        z = sample_noise(2000, config, torch.Generator().manual_seed(1))
        assert z.shape == (2000, 50)
        assert low <= z.min() < -0.99
        assert -low >= z.max() > 0.99
        assert z.mean().item() == pytest.approx(0.0, abs=0.01)
        assert z.var().item() == pytest.approx(variance, rel=0.02)
        assert torch.equal(z, sample_noise(2000, config, torch.Generator().manual_seed(1)))


def test_the_optimiser_is_adam_with_the_betas_of_gans():
    (group,) = build_optimiser(nn.Linear(2, 2).parameters()).param_groups
    assert (group["lr"], group["betas"]) == (1e-3, (0.5, 0.999))


@pytest.mark.parametrize("config", EVERY, ids=named)
def test_spectral_normalisation_gives_every_layer_a_largest_singular_value_of_1(config):
    torch.manual_seed(0)
    discriminator = build_discriminator(replace(config, normalisation="spectral")).train()
    side = SIDES[config.architecture]
    for _ in range(60):  # each pass is one more power iteration
        discriminator(torch.randn(2, 1, side, side))
    discriminator.eval()
    layers = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) >= 3
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)
        assert largest.item() == pytest.approx(1.0, abs=0.02)


def test_averaged_weights_exist_only_where_asked_and_start_as_the_generators():
    assert "averaged" not in dict(GAN(EVERY[0]).named_children())
    model = GAN(replace(EVERY[2], averaging=0.9))
    z = torch.randn(2, 6)
    assert torch.equal(model.averaged(z), model.generator(z))
    assert model.shown_generator is model.averaged
    assert not any(p.requires_grad for p in model.averaged.parameters())


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"architecture": "resnet"}, "architecture is 'resnet'; choose mlp, dcgan-course"),
        ({"noise": "laplace"}, "choose gaussian, uniform"),
        ({"loss": "hinge"}, "choose non-saturating, minimax, least-squares"),
        ({"normalisation": "batch"}, "choose none, spectral"),
        ({"pixels": 100}, "these networks make 784"),
        ({"latent_dim": 0}, "choose 1 or more"),
        ({"fake_code": 1.0}, "tell them apart"),
        ({"smoothing": 1.0}, "smoothing is 1.0; choose from 0 to below 1"),
        ({"averaging": float("nan")}, "averaging is nan"),
        ({"r1": -1.0}, "r1 is -1.0; choose 0 or more"),
        ({"instance_noise": float("nan")}, "instance_noise is nan"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_its_mend(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        GANConfig(**settings)
