import numpy as np
import pytest
import torch

from genlab.errors import GenLabError
from genlab.explore.gan_layers import GENERATORS, generate, generator_layers
from genlab.models.gan import GAN, GANConfig
from genlab.models.gan_networks import ARCHITECTURES


def some_gan(architecture: str, **more) -> GAN:
    """A GAN whose batch norms have seen something, as after training."""
    torch.manual_seed(0)
    model = GAN(GANConfig(architecture=architecture, latent_dim=12, **more))
    with torch.no_grad():
        for generator in (model.generator, model.shown_generator):
            generator.train()
            for _ in range(3):
                generator(torch.randn(16, 12) + 0.3)
            for module in generator.modules():
                if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                    module.weight.uniform_(0.5, 2.0)
                    module.bias.normal_()
    return model.eval()


def layers_of(model: GAN):
    tensors = {name: value.numpy() for name, value in model.state_dict().items()}
    return generator_layers(vars(model.config), tensors)


def test_every_architecture_is_written_down():
    assert set(GENERATORS) == set(ARCHITECTURES)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_the_layers_make_the_images_of_the_torch_generator(architecture):
    model = some_gan(architecture)
    z = 10.0 * torch.randn(3, 12)  # far out, so that untrained layers too give strong images
    with torch.no_grad():
        wanted = model.generate(z).numpy()
    np.testing.assert_allclose(generate(layers_of(model), z.numpy()), wanted, atol=1e-4)
    assert wanted.std() > 0.01


def test_an_averaged_generator_is_the_one_that_is_shown():
    model = some_gan("dcgan-32", averaging=0.9)
    with torch.no_grad():
        for parameter in model.generator.parameters():
            parameter.zero_()
        wanted = model.generate(torch.ones(1, 12)).numpy()
    np.testing.assert_allclose(generate(layers_of(model), np.ones((1, 12))), wanted, atol=1e-4)


def test_no_norm_is_left_where_it_follows_a_linear_layer():
    assert "affine" not in [layer.kind for layer in layers_of(some_gan("dcgan-28"))]
    assert [layer.kind for layer in layers_of(some_gan("dcgan-course"))].count("affine") == 3


def test_weights_of_another_architecture_are_refused_in_one_sentence():
    tensors = {name: v.numpy() for name, v in some_gan("mlp").state_dict().items()}
    config = vars(GANConfig(architecture="dcgan-28", latent_dim=12))
    with pytest.raises(GenLabError, match="do not fit the generator of dcgan-28"):
        generator_layers(config, tensors)
