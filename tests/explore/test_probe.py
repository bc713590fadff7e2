import numpy as np
import pytest
import torch

from genlab.explore import probe
from genlab.explore.probe import accuracy, balanced_draw, centre, fit_probe


def blobs(rng, N=300, F=12, K=4, spread=2.0):
    """K overlapping clouds, rows in random order."""
    labels = np.arange(N) % K
    centres = rng.normal(size=(K, F))
    features = centres[labels] + spread * rng.normal(size=(N, F)) + 5.0
    return torch.from_numpy(features.astype(np.float32)), torch.from_numpy(labels)


def test_cross_entropy_layer_agrees_with_scikit_learn(rng):
    from sklearn.linear_model import LogisticRegression

    features, labels = blobs(rng)
    found = fit_probe(features, labels, 4, penalties=(0.5,))
    mean, scale = centre(features)
    x = ((features - mean) / scale).numpy().astype(np.float64)
    oracle = LogisticRegression(C=1 / 0.5, tol=1e-8, max_iter=2000).fit(x, labels.numpy())
    logits = torch.addmm(found.layer.b, features, found.layer.W).softmax(1)
    np.testing.assert_allclose(logits.numpy(), oracle.predict_proba(x), atol=2e-3)
    assert found.loss == "cross-entropy"
    assert found.train_accuracy == pytest.approx(oracle.score(x, labels.numpy()))


@pytest.mark.parametrize("wide", [False, True])
def test_a_planted_linear_rule_is_found_by_either_loss(rng, monkeypatch, wide):
    monkeypatch.setattr(probe, "WIDE", 5 if wide else 5000)
    features = torch.from_numpy(rng.normal(size=(900, 30)).astype(np.float32))
    rule = torch.from_numpy(rng.normal(size=(30, 3)).astype(np.float32))
    labels = (features @ rule).argmax(1)
    penalties = (0.1,) if wide else (0.01, 0.1, 1.0)  # more rows than features take one
    found = fit_probe(features[:600], labels[:600], 3, penalties)
    assert found.loss == ("squared error" if wide else "cross-entropy")
    assert accuracy(found.layer, features[600:], labels[600:]) > 0.9


@pytest.mark.parametrize("wide", [False, True])
def test_where_a_quarter_of_the_labels_lie_the_strong_penalty_is_taken(rng, monkeypatch, wide):
    """One large feature knows the truth; with many small ones the lies can be learnt by heart."""
    monkeypatch.setattr(probe, "WIDE", 5 if wide else 5000)
    truth, lies = rng.integers(0, 2, size=400), rng.random(400) < 0.25
    features = torch.from_numpy(rng.normal(size=(400, 600)).astype(np.float32))
    features[:, 0] += 20.0 * torch.from_numpy(truth)
    found = fit_probe(features, torch.from_numpy(truth ^ lies), 2, penalties=(1e-4, 30.0))
    assert found.penalty == 30.0
    weak = fit_probe(features, torch.from_numpy(truth ^ lies), 2, penalties=(1e-4,))
    assert weak.train_accuracy == 1.0


def test_scale_and_place_of_the_features_do_not_matter(rng):
    features, labels = blobs(rng)
    one = fit_probe(features, labels, 4, penalties=(0.3,))
    other = fit_probe(features * 40.0 - 700.0, labels, 4, penalties=(0.3,))
    same = probe.guesses(one.layer, features) == probe.guesses(other.layer, features * 40.0 - 700.0)
    assert same.float().mean() > 0.99


def test_features_are_left_unchanged(rng):
    features, labels = blobs(rng)
    before = features.clone()
    fit_probe(features, labels, 4)
    assert torch.equal(features, before)


def test_a_draw_is_balanced_fixed_by_its_seed_and_without_repeats(rng):
    labels = rng.integers(0, 10, size=2000).astype(np.uint8)
    drawn = balanced_draw(labels, 30, seed=4)
    assert np.bincount(labels[drawn]).tolist() == [30] * 10
    assert len(set(drawn)) == 300
    np.testing.assert_array_equal(drawn, balanced_draw(labels, 30, seed=4))
    assert set(drawn) != set(balanced_draw(labels, 30, seed=5))
    assert len(np.unique(labels[drawn[:60]])) == 10  # shuffled: the last fifth has all classes


def test_a_draw_of_more_than_there_are_names_the_class():
    with pytest.raises(ValueError, match="class 1 has 2 rows"):
        balanced_draw(np.array([0, 0, 0, 1, 1]), 3, seed=0)
