import pytest
import torch

from genlab.models.vae import VAE, VAEConfig


def test_forward_keeps_batch_pixel_and_latent_shapes():
    out = VAE(VAEConfig(pixels=9, hidden=5, latent_dim=2))(torch.rand(4, 9))
    assert out.logits.shape == (4, 9)
    assert out.mu.shape == out.logvar.shape == out.z.shape == (4, 2)


def test_mlp20_has_the_parameters_of_the_reference():
    assert sum(p.numel() for p in VAE(VAEConfig()).parameters()) == 652_824


def test_z_has_the_mean_and_variance_of_the_posterior():
    torch.manual_seed(0)
    model = VAE(VAEConfig(pixels=9, hidden=5, latent_dim=2))
    out = model(torch.rand(1, 9).expand(40_000, 9))
    torch.testing.assert_close(out.z.mean(0), out.mu[0], atol=0.03, rtol=0)
    torch.testing.assert_close(out.z.var(0), out.logvar[0].exp(), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("field", ["pixels", "hidden", "latent_dim"])
def test_config_refuses_an_empty_layer_and_says_what_to_choose(field):
    with pytest.raises(ValueError, match=f"{field} is 0; choose 1 or more"):
        VAEConfig(**{field: 0})
