import numpy as np
import pytest
from scipy.spatial import procrustes
from sklearn import metrics, neighbors
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from genlab.errors import GenLabError
from genlab.explore.maps import (
    align,
    knn_accuracy,
    load_map,
    pca,
    project,
    ready_methods,
    silhouette,
    trustworthiness,
)
from genlab.runs.folder import save_array


@pytest.fixture
def blobs(rng):
    labels = rng.integers(0, 4, 700)  # more than one chunk of rows
    return rng.normal(size=(700, 5)) + 1.3 * np.eye(5)[labels], labels


def test_knn_accuracy_agrees_with_scikit_learn_leaving_one_out(blobs):
    points, labels = blobs[0][:200], blobs[1][:200]
    voter = neighbors.KNeighborsClassifier(10)
    predicted = cross_val_predict(voter, points, labels, cv=LeaveOneOut())
    assert knn_accuracy(points, labels) == pytest.approx((predicted == labels).mean(), abs=1e-9)


def test_silhouette_agrees_with_scikit_learn(blobs):
    assert silhouette(*blobs) == pytest.approx(metrics.silhouette_score(*blobs), abs=1e-4)


def test_silhouette_counts_a_class_of_one_as_zero(blobs):
    points, labels = blobs[0][:50], blobs[1][:50].copy()
    labels[0] = 9
    expected = metrics.silhouette_score(points, labels)
    assert silhouette(points, labels) == pytest.approx(expected, abs=1e-4)


def test_trustworthiness_agrees_with_scikit_learn(blobs, rng):
    for embedding in (blobs[0][:, :2], rng.normal(size=(700, 2))):
        expected = sklearn_trustworthiness(blobs[0], embedding, n_neighbors=10)
        assert trustworthiness(blobs[0], embedding) == pytest.approx(expected, abs=1e-3)


def test_trustworthiness_of_the_space_itself_is_one(blobs):
    assert trustworthiness(blobs[0], blobs[0]) == 1.0


def test_pca_spans_the_plane_scikit_learn_finds_and_its_signs_are_fixed(blobs):
    ours, theirs = pca(blobs[0]), PCA(2).fit_transform(blobs[0])
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-3)
    np.testing.assert_array_equal(pca(blobs[0].copy()), ours)


def test_pca_of_one_dimension_is_a_line():
    assert pca(np.arange(5.0)[:, None])[:, 1].tolist() == [0] * 5


def test_align_undoes_a_turn_a_mirror_a_scale_and_a_shift(rng):
    fixed = rng.normal(size=(100, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1.0, -1.0])
    moving = 3.0 * fixed @ turn + [5.0, -2.0]
    np.testing.assert_allclose(align(moving, fixed), fixed, atol=1e-5)


def test_align_comes_as_close_as_scipys_procrustes(rng):
    fixed, moving = rng.normal(size=(2, 60, 2))
    centred = fixed - fixed.mean(0)
    *_, disparity = procrustes(fixed, moving)
    ours = np.square(align(moving, fixed) - fixed).sum() / np.square(centred).sum()
    assert ours == pytest.approx(disparity, abs=1e-6)


def test_align_refuses_maps_of_different_images(rng):
    with pytest.raises(ValueError, match="align two maps of one dataset"):
        align(np.zeros((3, 2)), np.zeros((4, 2)))


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(GenLabError, match="tsne, tsne-sklearn, umap, pca"):
        project("som", np.zeros((3, 2)))


def test_a_run_with_latents_offers_pca_at_once_and_other_maps_once_they_are_saved(make_run, rng):
    run = make_run()
    save_array(run, "latents/mu", rng.normal(size=(30, 3)))
    assert ready_methods(run) == ["pca"]
    assert load_map(run, "pca").shape == (30, 2)
    with pytest.raises(GenLabError, match="no UMAP map yet"):
        load_map(run, "umap")
    save_array(run, "maps/umap", np.ones((30, 2)))
    assert ready_methods(run) == ["umap", "pca"]
    assert load_map(run, "umap").sum() == 60
