import io

import numpy as np
import pytest
import torch

from genlab.errors import GenLabError
from genlab.models.digit_classifier import ClassifierConfig, DigitClassifier
from genlab.models.gan import GAN, GANConfig
from genlab.models.gan_networks import ARCHITECTURES
from genlab.runs.exports import export_run
from genlab.runs.folder import load_tensors, read_card
from genlab.runs.foreign import DoesNotFit, import_file
from genlab.runs.models import load_model


def torched(content) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def a_gan(**settings) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return GAN(GANConfig(**{"latent_dim": 3} | settings)).state_dict()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("more", [{}, {"normalisation": "spectral", "averaging": 0.99}])
def test_our_own_gan_is_known_by_its_names(architecture, more):
    state = a_gan(architecture=architecture, **more)
    prefixed = {"state_dict": {f"module.{name}": value for name, value in state.items()}}
    run = import_file(torched(prefixed), "theirs", "fashion", filename="theirs.pth")
    assert (run.family, run.dataset) == ("gan", "fashion")
    assert run.config["model"]["architecture"] == architecture
    assert run.config["model"]["latent_dim"] == 3
    assert run.config["model"]["normalisation"] == more.get("normalisation", "none")
    assert bool(run.config["model"]["averaging"]) == bool(more)
    loaded = load_model(run).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in state.items())
    assert "Gaussian noise, and the non-saturating loss" in read_card(run)


def test_a_classifier_is_known_by_its_names():
    torch.manual_seed(0)
    model = DigitClassifier(ClassifierConfig(channels=3, feature_dim=5))
    run = import_file(torched(model.state_dict()), "theirs", filename="theirs.pt")
    assert (run.family, run.dataset) == ("classifier", "mnist")
    assert {run.config["model"][k] for k in ("channels", "feature_dim")} == {3, 5}
    assert "Taken to be trained on MNIST" in read_card(run)


@pytest.mark.parametrize("family", ["gan", "classifier"])
def test_exported_weights_come_back(train_tiny, family):
    run = train_tiny("mine", family)
    name, content = export_run(run, "safetensors")
    back = import_file(content, "back", "mnist", filename=name)
    ours, theirs = load_tensors(run), load_tensors(back)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


SPOILT = {
    "another layer": lambda s: s | {"generator.9.weight": torch.zeros(2, 2)},
    "a missing layer": lambda s: {k: v for k, v in s.items() if k != "discriminator.head.bias"},
    "another shape": lambda s: s | {"discriminator.head.weight": torch.zeros(1, 127)},
    "half of it": lambda s: {k: v for k, v in s.items() if k.startswith("generator.")},
    "names of others": lambda s: {
        k.replace("generator", "netG").replace("discriminator", "netD"): v for k, v in s.items()
    },
    "an empty layer": lambda s: s | {"generator.1.weight": torch.zeros(0, 64, 4, 4)},
}


@pytest.mark.parametrize("change", SPOILT.values(), ids=SPOILT)
def test_another_gan_is_named_as_one_in_the_report(change):
    with pytest.raises(DoesNotFit, match="speak of a GAN; of those GenLab takes its own four"):
        import_file(torched(change(a_gan(architecture="dcgan-32"))), "theirs")


def test_a_gan_whose_training_diverged_is_refused_in_a_sentence():
    state = a_gan()
    state["generator.1.weight"][0, 0] = float("nan")
    with pytest.raises(GenLabError, match="NaN or infinite: the training had diverged"):
        import_file(torched(state), "theirs")
