import math

import numpy as np
import pytest

from genlab.explore.sample_scores import (
    Gaussian,
    class_histogram,
    confusion,
    frechet_distance,
    gaussian_of,
    kl_from_uniform,
    precision_and_recall,
    squared_distances,
    squared_radii,
)


def a_gaussian(rng, F=6, rank=6):
    root = rng.normal(size=(F, rank))
    return Gaussian(rng.normal(size=F), root @ root.T)


def test_moments_agree_with_numpy(rng):
    features = rng.normal(size=(50, 4)).astype(np.float32)
    found = gaussian_of(features)
    np.testing.assert_allclose(found.mean, features.mean(0), atol=1e-6)
    np.testing.assert_allclose(found.covariance, np.cov(features.T), atol=1e-6)


def test_frechet_distance_of_diagonal_gaussians_has_its_closed_form(rng):
    m1, m2 = rng.normal(size=(2, 5))
    s1, s2 = rng.uniform(0.1, 3.0, size=(2, 5))
    found = frechet_distance(Gaussian(m1, np.diag(s1**2)), Gaussian(m2, np.diag(s2**2)))
    assert found == pytest.approx(np.square(m1 - m2).sum() + np.square(s1 - s2).sum())


def test_frechet_distance_agrees_with_scipys_matrix_root(rng):
    from scipy.linalg import sqrtm

    one, other = a_gaussian(rng), a_gaussian(rng)
    root = sqrtm(one.covariance @ other.covariance).real
    shift = np.square(one.mean - other.mean).sum()
    oracle = shift + np.trace(one.covariance + other.covariance - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(oracle, rel=1e-6)


def test_frechet_distance_is_symmetric_and_does_not_turn_with_the_axes(rng):
    one, other = a_gaussian(rng), a_gaussian(rng)
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    turned = [Gaussian(turn @ g.mean, turn @ g.covariance @ turn.T) for g in (one, other)]
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one))
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(*turned))


@pytest.mark.parametrize("rank", [6, 2])
def test_frechet_distance_to_itself_is_zero_also_where_features_are_dead(rng, rank):
    one = a_gaussian(rng, rank=rank)
    assert frechet_distance(one, one) == pytest.approx(0.0, abs=1e-6)


def test_a_covariance_takes_two_rows():
    with pytest.raises(ValueError, match="takes 2 or more"):
        gaussian_of(np.ones((1, 3)))


def test_kl_from_uniform_goes_from_nothing_to_log_10():
    assert kl_from_uniform(np.full(10, 0.1)) == pytest.approx(0.0)
    assert kl_from_uniform(class_histogram(np.full(50, 7), 10)) == pytest.approx(math.log(10))
    half = class_histogram(np.arange(100) % 5, 10)
    assert kl_from_uniform(half) == pytest.approx(math.log(2))


def test_histogram_and_confusion_agree_with_scikit_learn(rng):
    from sklearn.metrics import confusion_matrix

    labels, guesses = rng.integers(0, 4, size=(2, 200))
    found = confusion(labels.astype(np.uint8), guesses, 5)
    np.testing.assert_array_equal(found, confusion_matrix(labels, guesses, labels=range(5)))
    np.testing.assert_allclose(class_histogram(labels, 5), found.sum(1) / 200)


def test_radii_and_distances_agree_with_scikit_learns_neighbours(rng):
    from sklearn.neighbors import NearestNeighbors

    points = rng.normal(size=(1203, 5))  # more than one block of rows
    distances = NearestNeighbors(n_neighbors=4).fit(points).kneighbors()[0]
    np.testing.assert_allclose(squared_radii(points, 3), distances[:, 2] ** 2, rtol=1e-9)
    np.testing.assert_allclose(
        squared_distances(points[:3], points[:4]),
        np.square(points[:3, None] - points[None, :4]).sum(2),
        atol=1e-12,
    )


def test_precision_and_recall_agree_with_their_definition_spelled_out(rng):
    real, fake = rng.normal(size=(60, 3)), rng.normal(0.7, 1.2, size=(50, 3))

    def within(points, centres):
        inside = 0
        for point in points:
            for i, centre in enumerate(centres):
                others = sorted(np.linalg.norm(np.delete(centres, i, 0) - centre, axis=1))
                if np.linalg.norm(point - centre) <= others[2]:
                    inside += 1
                    break
        return inside / len(points)

    found = precision_and_recall(real, fake)
    assert found.precision == pytest.approx(within(fake, real))
    assert found.recall == pytest.approx(within(real, fake))


def test_the_same_images_have_all_of_both_and_far_ones_neither(rng):
    points = rng.normal(size=(80, 4))
    assert precision_and_recall(points, points) == (1.0, 1.0)
    assert precision_and_recall(points, points + 100.0) == (0.0, 0.0)


def test_samples_of_one_mode_are_precise_and_recall_little(rng):
    real = np.concatenate([rng.normal(size=(100, 2)), rng.normal(50.0, 1.0, size=(100, 2))])
    found = precision_and_recall(real, rng.normal(size=(200, 2)))
    assert found.precision > 0.8
    assert found.recall < 0.55


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="no 3-th neighbour; give more than 3"):
        squared_radii(np.ones((3, 2)))
