import dataclasses

import numpy as np
import pytest
import torch

from genlab.data.images import load_split
from genlab.explore import gan_probe
from genlab.explore.gan_probe import Space, extract, probe_figures, probe_shares
from genlab.explore.raw_probe import kept_or_made
from genlab.models.gan import GAN, GANConfig
from genlab.places import cache_dir


def few(split, count, train_count):
    """A split cut short, as if the published one had train_count images."""
    info = dataclasses.replace(split.info, train_count=train_count)
    return dataclasses.replace(
        split, info=info, images=split.images[:count], labels=split.labels[:count]
    )


@pytest.fixture
def splits():
    return (
        few(load_split("mnist", "train"), 600, 2000),
        few(load_split("mnist", "test"), 300, 2000),
    )


def test_shares_that_are_not_here_are_left_out_and_the_others_have_their_sizes(splits):
    by_share, main = probe_shares(Space(lambda x: x, *splits), lambda what: None)
    assert {share: figures["images"] for share, figures in by_share.items()} == {
        "1": 20,
        "3": 60,
        "10": 200,
    }
    assert [figures["draws"] for figures in by_share.values()] == [5, 5, 5]
    assert by_share["1"]["test_accuracy"] < by_share["10"]["test_accuracy"]
    assert all(figures["test_accuracy_std"] > 0 for figures in by_share.values())
    assert main.penalty == by_share["10"]["penalty"]


def test_all_labels_are_used_where_all_images_are_here():
    train, test = few(load_split("mnist", "train"), 1000, 1000), load_split("mnist", "test")
    space = Space(lambda x: x[:, ::4], train, few(test, 200, 1000))
    by_share, main = probe_shares(space, lambda what: None)
    assert by_share["100"]["images"] == 1000
    assert by_share["100"]["draws"] == 1
    assert by_share["100"]["test_accuracy_std"] is None
    assert by_share["100"]["penalty"] == main.penalty  # chosen with a tenth of the labels


def test_figures_of_a_discriminator_stand_beside_their_controls(splits, monkeypatch):
    monkeypatch.setattr(gan_probe, "SHARES", (3, 10))
    monkeypatch.setattr(gan_probe, "DRAWS", 2)
    torch.manual_seed(0)
    model = GAN(GANConfig(architecture="dcgan-32", latent_dim=3)).eval().requires_grad_(False)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    told = []
    figures = probe_figures(model, *splits, told.append)
    assert figures["probe_features"] == 128
    assert np.sum(figures["probe_confusion"]) == 300
    np.testing.assert_array_equal(
        np.sum(figures["probe_confusion"], axis=1), np.bincount(splits[1].labels)
    )
    for name in ("test", "untrained_test", "raw_test", "train"):
        assert 0.2 < figures[f"probe_{name}_accuracy"] <= 1.0
    assert figures["probe_by_share"]["3"]["raw_test_accuracy"] < 0.9
    assert len(figures["probe_untrained_by_seed"]) == 2
    assert any("raw pixels" in what for what in told)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_raw_pixels_are_probed_once_for_the_same_images(splits):
    made = []

    def make():
        made.append(1)
        return {"10": {"test_accuracy": 0.5}}

    train, test = splits
    assert kept_or_made(train, test, make) == kept_or_made(train, test, make)
    assert len(made) == 1
    others = dataclasses.replace(train, images=255 - train.images)
    kept_or_made(others, test, make)
    assert len(made) == 2
    for kept in (cache_dir() / "raw-probes").iterdir():
        kept.write_text("{broken")
    assert kept_or_made(train, test, make)["10"]["test_accuracy"] == 0.5
    assert len(made) == 3


def test_an_untrained_control_does_not_depend_on_the_callers_generator(splits):
    model = GAN(GANConfig(architecture="dcgan-32", latent_dim=3)).eval()
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(gan_probe.probe_untrained(model, *splits, seed=0))
    assert found[0] == found[1]


def test_many_features_are_kept_as_halves(monkeypatch):
    images = load_split("mnist", "train").images[:600]
    whole = extract(lambda x: x * 3.0, images)
    monkeypatch.setattr(gan_probe, "HALF_ABOVE", 1000)
    halved = extract(lambda x: x * 3.0, images)
    assert (whole.dtype, halved.dtype) == (torch.float32, torch.float16)
    torch.testing.assert_close(halved.float(), whole, atol=2e-3, rtol=1e-3)
    assert torch.isfinite(extract(lambda x: x * 1e7, images)).all()
