import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore import evaluate_siamese, siamese
from genlab.explore.evaluate import evaluate
from genlab.explore.siamese import (
    accuracy_interval,
    compute_embeddings,
    embed,
    embeddings,
    keep_embeddings,
    pair_distances,
    pairs_within,
    verification,
)
from genlab.runs.folder import load_array, read_summary, save_array
from genlab.runs.models import load_model
from tests.face_folders import write_lfw, write_orl

FIGURES = ("pair_accuracy_test", "pair_auc_test", "pair_eer_test", "knn_accuracy_test")


def drawn(rng, count=2000):
    same = rng.random(count) < 0.5
    return np.abs(rng.normal(np.where(same, 0.3, 1.2), 0.4)), same


def test_figures_agree_with_scikit_learn_and_with_counting(rng):
    distances, same = drawn(rng)
    found = verification(distances, same)
    assert found.auc == pytest.approx(roc_auc_score(same, -distances))
    for place in (1, 700, -1):
        accepted = distances <= found.thresholds[place]
        assert found.false_accepts[place] == pytest.approx(accepted[~same].mean())
        assert found.false_rejects[place] == pytest.approx((~accepted[same]).mean())
    accepted = distances <= found.eer_threshold
    assert accepted[~same].mean() == pytest.approx(found.eer, abs=2e-3)
    assert (~accepted[same]).mean() == pytest.approx(found.eer, abs=2e-3)


def test_no_threshold_is_more_accurate_than_the_best_one(rng):
    distances, same = drawn(rng, 300)
    found = verification(distances, same)
    accuracies = [((distances <= t) == same).mean() for t in [-1.0, *distances.tolist()]]
    best = ((distances <= found.best_threshold) == same).mean()
    assert best == max(accuracies)
    assert found.best_threshold not in distances  # in the middle between two


def test_where_nothing_should_be_accepted_the_threshold_accepts_nothing():
    distances, same = np.array([1.0, 2.0, 3.0]), np.array([False, False, True])
    assert verification(distances, same).best_threshold < 1.0


@pytest.mark.parametrize(
    ("hits", "count"), [(95, 100), (0, 20), (20, 20), (80, 80), (9950, 10_000)]
)
def test_the_interval_solves_wilsons_equation(hits, count):
    low, high = accuracy_interval(hits, count)
    for end in (low, high):
        if 0.0 < end < 1.0:  # |share - end| = z sqrt(end (1 - end) / count)
            wanted = 1.959964 * np.sqrt(end * (1 - end) / count)
            assert abs(hits / count - end) == pytest.approx(wanted, rel=1e-6)
    assert 0.0 <= low <= hits / count <= high <= 1.0


def test_distances_of_pairs_are_those_of_their_points(rng):
    points, pairs = rng.normal(size=(50, 7)).astype(np.float32), rng.integers(0, 50, (12_345, 2))
    wanted = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    np.testing.assert_allclose(pair_distances(points, pairs), wanted, rtol=1e-5)


@pytest.fixture
def run(train_tiny):
    return train_tiny("tiny-pairs", "siamese")


def test_images_are_embedded_as_the_model_does(run):
    images = load_split("mnist", "test").images[:600]
    model = load_model(run)
    with torch.no_grad():
        wanted = model(torch.from_numpy(images.astype(np.float32)).flatten(1) / 255.0)
    np.testing.assert_allclose(embed(model, images), wanted.numpy(), rtol=1e-4, atol=1e-5)
    assert embed(model, images[:0]).shape == (0, 3)


def test_kept_embeddings_are_those_computed_and_are_read_back(run, monkeypatch):
    monkeypatch.setattr(siamese, "MOST_IMAGES", 300)
    keep_embeddings(run)
    assert np.load(run.path / "embeddings/test.npy").dtype == np.float16
    computed = compute_embeddings(run, "test")
    monkeypatch.setattr(siamese, "compute_embeddings", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(embeddings(run, "test"), computed)


def test_embeddings_of_other_images_are_not_taken_for_these(run, monkeypatch):
    monkeypatch.setattr(siamese, "MOST_IMAGES", 200)
    save_array(run, "embeddings/test", np.zeros((199, 3), np.float16))
    assert embeddings(run, "test").shape == (200, 3)
    save_array(run, "embeddings/test", np.zeros((200, 2), np.float16))
    assert embeddings(run, "test").any()


@pytest.fixture
def few_images(monkeypatch):
    """1,000 images of each split in place of 10,000."""
    for module in (siamese, evaluate_siamese):
        monkeypatch.setattr(module, "MOST_IMAGES", 1000)


def test_a_run_says_all_its_figures_with_floors_and_intervals(run, few_images):
    found = evaluate(run, keep=True)
    for name in FIGURES:
        low, high = found[f"{name}_interval"]
        assert 0.0 <= low <= found[name] <= high <= 1.0
    floors = found["floors"]
    assert floors["raw_pair_auc"] == pytest.approx(0.73, abs=0.03)  # of MNIST
    assert floors["raw_knn"] > 0.8
    assert 0.5 < floors["raw_pair_accuracy"] < found["pair_accuracy_test"] + 0.3
    assert read_summary(run) == found
    pairs, same = pairs_within("mnist", "train")
    train = verification(pair_distances(embeddings(run, "train"), pairs), same)
    assert found["pair_threshold"] == train.best_threshold
    pairs, same = pairs_within("mnist", "test")
    distances = pair_distances(embeddings(run, "test"), pairs)
    right = (distances <= found["pair_threshold"]) == same
    assert found["pair_accuracy_test"] == right.mean()
    assert load_array(run, "embeddings/train").shape == (1000, 3)


@pytest.mark.parametrize("name", ["orl", "lfw"])
def test_faces_are_measured_on_people_who_were_not_trained_on(name, tmp_path, monkeypatch,
                                                              train_tiny):  # fmt: skip
    monkeypatch.setenv("GENLAB_DATA", str(write_lfw(write_orl(tmp_path / "faces"))))
    run = train_tiny("faces", "siamese", name)
    found = evaluate(run)
    assert found["bootstrap"]["over"] == "people"
    assert found["floors"]["raw_knn"] == 1.0  # the pattern of each person is plain to see
    assert found["floors"]["raw_pair_auc"] == 1.0
    assert found["pairs"] == (10_000 if name == "orl" else len(pairs_within("lfw", "test")[0]))


def test_unseen_digits_ask_one_another(train_tiny, few_images):
    found = evaluate(train_tiny("unseen", "siamese", "mnist-unseen"))
    assert "other test image" in found["knn_rule"]
    assert found["floors"]["raw_knn"] > 0.9


def test_images_of_other_sides_are_refused(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(write_orl(tmp_path / "faces")))
    run.config["dataset"] = "orl"
    with pytest.raises(GenLabError, match="takes images of 28 x 28 but those of orl have 64 x 64"):
        embeddings(run, "test")
