from dataclasses import replace

import pytest

from genlab.explore.card import card, keep_card
from genlab.runs.folder import find_run, read_card, read_summary, write_summary
from tests.face_folders import write_orl


@pytest.mark.parametrize("name", ["vae-fashion", "cvae-fashion", "vae2d-mnist"])
def test_the_card_of_a_vae_has_its_figures_beside_their_floors_and_its_maps(name):
    run = find_run(name)
    figures = read_summary(run)
    text = card(run, figures)
    assert text.startswith(f"# {name}\n")
    line = next(x for x in text.splitlines() if x.startswith("| Negative ELBO"))
    assert f"{figures['neg_elbo_test']:.2f} (sd {figures['neg_elbo_test_std_over_draws']:.3f})" in (
        line
    )
    assert f"pixel entropy {figures['floors']['entropy']:.2f}; mean image" in line
    assert f"Importance-weighted NLL, nats, K = {figures['iwae_samples']}" in text
    assert f"{figures['active_units']} of {len(figures['active'])}" in text
    assert f"| t-SNE | {figures['maps']['tsne']['knn_accuracy']:.3f} |" in text
    assert "the best on validation" in text


def test_the_card_of_a_gan_says_how_it_plays_and_which_weights_it_has(train_tiny):
    run = train_tiny("mine", loss="least-squares", fake_code=-1.0, r1=2.0)
    write_summary(
        run,
        {
            "name": "mine",
            "data": "test images",
            "frechet_test": 12.0,
            "frechet_floor": 0.3,
            "probe_test_accuracy": 0.97,
            "probe_test_accuracy_std": 0.002,
            "probe_untrained_test_accuracy": 0.9,
            "mode_histogram": [0.1] * 9 + [0.1],
        },
    )
    keep_card(run)
    text = read_card(run)
    assert "Generative adversarial network on MNIST: dcgan-32, least-squares loss" in text
    assert "a, b, c = -1, 1, 1; R1 penalty 2." in text
    assert "The weights are those of epoch 2, the last." in text
    assert "| Fréchet distance | 12.00 | train against test 0.30 |" in text
    assert "| Probe accuracy | 0.9700 (sd 0.00200) | untrained 0.9000 |" in text
    assert "The classes of the samples: 0 10.0%, 1 10.0%" in text


def test_the_card_says_what_the_training_began_with(train_tiny):
    run = train_tiny("mine", "classifier")
    assert "It began with" not in card(run, {})
    started = replace(run, config=run.config | {"start": "digits-classifier"})
    assert "- It began with the weights of digits-classifier, where they fit." in card(started, {})


def test_the_card_of_a_classifier_has_its_accuracy_beside_its_floors(train_tiny):
    run = train_tiny("mine", "classifier", dataset="fashion")
    figures = {
        "name": "mine",
        "data": "test images",
        "test_accuracy": 0.9,
        "floors": {"chance": 0.1, "raw_3nn": 0.85},
    }
    text = card(run, figures)
    assert "Convolutional classifier on Fashion-MNIST: six 3 x 3 convolutions, 2 channels" in text
    assert "| Test accuracy | 0.9000 | raw pixels, 3-NN 0.8500; chance 0.1000 |" in text
    assert "Fashion-MNIST by H. Xiao" in text


def test_the_card_of_a_siamese_network_has_its_threshold_intervals_and_floors(train_tiny):
    figures = {
        "name": "mine",
        "data": "test images",
        "pair_accuracy_test": 0.98765,
        "pair_accuracy_test_interval": [0.9851, 0.9899],
        "pair_threshold": 0.51234,
        "floors": {"raw_pair_accuracy": 0.7123},
    }
    text = card(train_tiny("mine", "siamese", mirror="yes"), figures)
    assert "Siamese network on MNIST: 3 x 3 convolutions on 28 x 28 images, 3-D embedding" in text
    assert "mirrored by chance" in text
    assert (
        "| Pair accuracy, threshold = 0.5123 | 0.9877 (0.9851 to 0.9899) | raw pixels 0.7123 |"
    ) in text


def test_people_are_held_out_of_faces(train_tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(write_orl(tmp_path)))
    assert "20% of the people held out" in card(train_tiny("mine", "siamese", "orl"), {})


def test_a_run_that_was_not_measured_has_a_card_without_figures(train_tiny):
    assert "## Figures" not in card(train_tiny("mine"), {})
