import dataclasses
import json

import numpy as np
import pytest

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore import evaluate_gan, gan_scores
from genlab.explore.evaluate import evaluate
from genlab.explore.evaluate_classifier import nearest, vote_accuracy
from genlab.runs.folder import read_summary


@pytest.fixture
def fewer(monkeypatch):
    """A tenth of all images, and a few samples."""

    def a_tenth(name, split):
        whole = load_split(name, split)
        return dataclasses.replace(whole, images=whole.images[::10], labels=whole.labels[::10])

    monkeypatch.setattr(evaluate_gan, "load_split", a_tenth)
    monkeypatch.setattr(gan_scores, "load_split", a_tenth)
    monkeypatch.setattr(gan_scores, "FILM_SAMPLES", 200)
    monkeypatch.setattr(evaluate_gan, "SAMPLES", 400)
    monkeypatch.setattr(evaluate_gan, "COMPARED", 40)


def test_a_gan_is_measured_beside_its_floors_and_kept(train_tiny, fewer):
    run = train_tiny("tiny", "gan", epochs=1)
    figures = evaluate(run, probe=False, keep=True)
    assert figures["frechet_test"] > 10 * figures["frechet_floor"] > 0  # it is hardly trained
    assert figures["floors"]["frechet"] == figures["frechet_floor"]
    assert figures["floors"]["film"].keys() >= {"frechet", "mode_kl", "precision", "recall"}
    assert sum(figures["mode_histogram"]) == pytest.approx(1.0)
    assert 0 <= figures["precision"] < figures["floors"]["precision"] < 1
    assert figures["memorisation"]["samples"] == 40
    assert "the first 10,000 of 60,000 training images" in figures["data"]
    assert not any(name.startswith("probe") for name in figures)
    assert read_summary(run) == json.loads(json.dumps(figures))


def test_a_gan_of_other_images_has_no_scores_and_keeps_the_rest(train_tiny, fewer):
    figures = evaluate(train_tiny("tiny", "gan", "fashion", epochs=1), probe=False)
    assert "frechet_test" not in figures
    assert figures["memorisation"]["ratio"] > 0
    assert figures["floors"] == {"chance": 0.1}


def test_a_probe_is_part_of_the_figures_unless_left_out(train_tiny, fewer, monkeypatch):
    asked = []

    def probed(model, train, test, say):
        asked.append((len(train.images), len(test.images)))
        return {"probe_test_accuracy": 0.5}

    monkeypatch.setattr(evaluate_gan, "probe_figures", probed)
    run = train_tiny("tiny", "gan", epochs=1)
    assert evaluate(run)["probe_test_accuracy"] == 0.5
    assert asked == [(1000, 1000)]


def test_a_classifier_is_measured_on_the_test_images(train_tiny, monkeypatch):
    monkeypatch.setattr("genlab.explore.evaluate_classifier.vote_accuracy", lambda *splits: 0.9)
    run = train_tiny("tiny", "classifier", epochs=1)
    figures = evaluate(run, keep=True)
    table, test = np.array(figures["confusion"]), load_split("mnist", "test")
    assert figures["test_accuracy"] == pytest.approx(np.trace(table) / 10_000)
    np.testing.assert_array_equal(table.sum(axis=1), np.bincount(test.labels))
    assert figures["test_nll"] > 0
    assert figures["floors"]["chance"] == 0.1
    assert read_summary(run) == json.loads(json.dumps(figures))


def test_the_vote_of_three_neighbours_agrees_with_scikit_learn():
    from sklearn.neighbors import KNeighborsClassifier

    train, test = (load_split("mnist", split) for split in ("train", "test"))
    train = dataclasses.replace(train, images=train.images[:6000], labels=train.labels[:6000])
    test = dataclasses.replace(test, images=test.images[:100], labels=test.labels[:100])
    oracle = KNeighborsClassifier(3).fit(train.images.reshape(6000, -1) / 255.0, train.labels)
    asked = test.images.reshape(100, -1) / 255.0
    found = nearest(test.images, train.images, 3)
    np.testing.assert_array_equal(found, oracle.kneighbors(asked, return_distance=False))
    assert vote_accuracy(train, test) == pytest.approx(oracle.score(asked, test.labels), abs=0.021)


def test_a_vae_is_measured_as_ever(make_run):
    figures = evaluate(make_run("mine"), methods=(), iwae_samples=0)
    assert figures["neg_elbo_test"] > figures["floors"]["entropy"]


def test_a_family_that_is_not_known_is_named(make_run):
    run = make_run("mine")
    strange = dataclasses.replace(run, config=run.config | {"family": "flow"})
    with pytest.raises(GenLabError, match="'flow', which is not measured"):
        evaluate(strange)
