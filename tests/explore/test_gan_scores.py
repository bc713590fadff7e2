import dataclasses
import math

import numpy as np
import pytest
import torch

from genlab.data.images import load_split
from genlab.explore import gan_scores
from genlab.explore.gan_scores import film_floors, generate, look, real_side, scorer
from genlab.models.gan import GAN, GANConfig, sample_noise
from genlab.places import cache_dir
from genlab.runs.folder import find_run
from genlab.runs.models import load_model
from genlab.training.recipes import RECIPES

GAN_RECIPE = dataclasses.replace(
    RECIPES["dcgan32-mnist"], model=GANConfig(architecture="mlp", latent_dim=5)
)


@pytest.fixture
def small(monkeypatch, train_tiny):
    """A tiny classifier in place of the shipped one, and few images."""
    run = train_tiny("tiny-classifier", "classifier", epochs=1)
    monkeypatch.setattr(gan_scores, "CLASSIFIER", run.name)
    monkeypatch.setattr(gan_scores, "REAL_IMAGES", 300)
    monkeypatch.setattr(gan_scores, "FILM_SAMPLES", 60)
    return run


class Replay:
    """A generator that gives back images, whatever the noise."""

    def __init__(self, images):
        self.images, self.given = torch.from_numpy(images.reshape(len(images), -1) / 255.0), 0

    def parameters(self):
        return iter([torch.zeros(1)])

    def generate(self, z):
        self.given += len(z)
        return self.images[self.given - len(z) : self.given].float()


def test_the_shipped_classifier_reads_digits():
    test = load_split("mnist", "test")
    seen = look(load_model(find_run("digits-classifier")), test.images[::20])
    assert (seen.labels == test.labels[::20]).mean() > 0.98
    assert seen.features.shape == (500, 64)


def test_real_images_score_as_good_and_one_repeated_image_as_bad(monkeypatch):
    monkeypatch.setattr(gan_scores, "FILM_SAMPLES", 500)
    score = scorer(GAN_RECIPE)
    test = load_split("mnist", "test").images
    good, bad = score(Replay(test[::20])), score(Replay(np.repeat(test[:1], 500, axis=0)))
    assert good["frechet"] < 0.1 * bad["frechet"]
    assert good["mode_kl"] < 0.05
    assert bad["mode_kl"] == pytest.approx(math.log(10))
    assert good["precision"] > 0.7
    assert good["recall"] > 0.7
    assert bad["recall"] < 0.05
    assert bad["histogram"].tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]  # the first one is a 7


def test_a_model_is_scored_the_same_each_time_and_left_in_its_mode(small):
    score = scorer(GAN_RECIPE)
    torch.manual_seed(0)
    model = GAN(GAN_RECIPE.model).eval()
    first = score(model)
    torch.manual_seed(99)
    second = score(model)
    assert first.keys() == {"frechet", "mode_kl", "precision", "recall", "histogram"}
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not model.training
    assert first["histogram"].sum() == pytest.approx(1.0)


def test_floors_of_a_film_have_the_names_of_its_scores(small):
    floors, score = film_floors("mnist"), scorer(GAN_RECIPE)
    assert floors.keys() == score(GAN(GAN_RECIPE.model).eval()).keys()


def test_nothing_scores_another_dataset_nor_another_family(small):
    assert scorer(dataclasses.replace(GAN_RECIPE, dataset="fashion")) is None
    assert scorer(RECIPES["vae2d-mnist"]) is None
    assert film_floors("fashion") == {}


def test_nothing_scores_where_the_classifier_is_missing_or_no_classifier(monkeypatch, make_run):
    monkeypatch.setattr(gan_scores, "CLASSIFIER", "not-there")
    assert scorer(GAN_RECIPE) is None
    make_run("not-there", dataset="mnist")
    assert scorer(GAN_RECIPE) is None


def test_the_real_side_is_kept_for_the_weights_and_made_again_where_it_is_broken(small):
    first = real_side(small)
    (kept,) = (cache_dir() / "real-sides").iterdir()
    content = kept.read_bytes()
    kept.write_bytes(content[:-50])
    again = real_side(small)
    np.testing.assert_array_equal(first.gaussian.covariance, again.gaussian.covariance)
    np.testing.assert_array_equal(real_side(small).radii, first.radii)  # read, not computed
    assert len(first.features) == 60


def test_each_classifier_has_a_real_side_of_its_own(small, train_tiny):
    other = train_tiny("other-classifier", "classifier", epochs=1, channels=3)
    one, two = real_side(small), real_side(other)
    assert not np.array_equal(one.gaussian.mean, two.gaussian.mean)
    assert len(list((cache_dir() / "real-sides").iterdir())) == 2


def test_a_quick_sample_is_the_sample_but_for_a_grey_level():
    config = GANConfig(architecture="dcgan-32", latent_dim=8)
    torch.manual_seed(0)
    model = GAN(config).eval()
    noise = sample_noise(300, config, torch.Generator().manual_seed(0))
    plain, quick = (generate(model, noise, quick=quick).astype(int) for quick in (False, True))
    assert plain.shape == (300, 784)
    assert np.abs(plain - quick).max() <= 1
    with torch.no_grad():
        np.testing.assert_array_equal(plain[7], (model.generate(noise[7:8]) * 255).round()[0])
