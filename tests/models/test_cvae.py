import pytest
import torch

from genlab.models.cvae import CVAE, CVAEConfig

TINY = CVAEConfig(pixels=9, hidden=5, latent_dim=2, classes=3)


def test_the_layers_take_the_label_beside_the_pixels_and_beside_the_latent():
    model = CVAE(CVAEConfig())
    assert model.encoder[0].in_features == 794
    assert model.decoder[0].in_features == 30


def test_the_label_is_one_hot_and_comes_last():
    joined = CVAE(TINY).with_label(torch.zeros(2, 4), torch.tensor([2, 0]))
    assert joined.tolist() == [[0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0, 0]]


def test_the_same_z_decodes_differently_under_each_label():
    torch.manual_seed(0)
    images = CVAE(TINY).decode(torch.zeros(3, 2), torch.arange(3))
    assert (images[0] - images[1]).abs().max() > 1e-3
    assert (images[1] - images[2]).abs().max() > 1e-3


def test_config_refuses_a_single_class():
    with pytest.raises(ValueError, match="choose 2 or more"):
        CVAEConfig(classes=1)
