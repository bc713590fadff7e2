import numpy as np
import pytest

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.siamese_view import (
    OTHERS,
    Bench,
    bench,
    distinct,
    film_places,
    home_of,
    map_classes,
    map_of,
    plane_of,
    points_of,
    rates_at,
    raw_bench,
    raw_map,
    row_of_pairs,
    worst_accepts,
    worst_rejects,
)
from genlab.runs.folder import load_array
from tests.siamese_runs import some_film, write_siamese_run


@pytest.fixture
def run():
    return write_siamese_run("one")


def some_bench(distances, same, pairs=None) -> Bench:
    same, distances = np.array(same, bool), np.array(distances, np.float32)
    pairs = np.arange(2 * len(same)).reshape(-1, 2) if pairs is None else np.array(pairs)
    return Bench("some", pairs, same, distances, 1.0, None)


def test_every_pair_is_as_far_apart_as_its_embeddings(run):
    found = bench(run, "test", seed=3, count=200)
    points = load_array(run, "embeddings/test").astype(np.float64)
    apart = np.linalg.norm(points[found.pairs[:, 0]] - points[found.pairs[:, 1]], axis=1)
    np.testing.assert_allclose(found.distances, apart, rtol=1e-4)
    labels = load_split("mnist", "test").labels[found.pairs]
    np.testing.assert_array_equal(found.same, labels[:, 0] == labels[:, 1])


def test_the_threshold_is_of_training_pairs_whatever_is_judged(run):
    found = [
        bench(run, split, seed=seed) for split, seed in (("test", 0), ("test", 7), ("train", 2))
    ]
    assert len({one.threshold for one in found}) == 1
    train = bench(run, "train", seed=0)
    at = rates_at(train, train.threshold).accuracy
    tried = [rates_at(train, t).accuracy for t in np.linspace(0, 3, 200)]
    assert at >= max(tried)


def test_raw_pixels_are_judged_on_the_same_pairs(run):
    found, raw = bench(run, seed=5, count=400), raw_bench("mnist", seed=5, count=400)
    np.testing.assert_array_equal(found.pairs, raw.pairs)
    images = load_split("mnist", "test").images.astype(np.float64) / 255.0
    one, other = images[raw.pairs[17]]
    assert raw.distances[17] == pytest.approx(np.sqrt(((one - other) ** 2).sum()), rel=1e-5)
    assert found.figures.auc > raw.figures.auc > 0.5


def test_rates_count_what_the_threshold_does():
    found = some_bench([0.1, 0.5, 0.5, 0.9], [True, False, True, False])
    assert rates_at(found, 0.5) == (0.75, 0.5, 0.0)  # at most the threshold is accepted
    assert rates_at(found, 0.05) == (0.5, 0.0, 1.0)


def test_a_row_has_both_kinds_rises_and_follows_its_seed(run):
    found = bench(run)
    row = row_of_pairs(found, 4)
    assert found.same[row].sum() == 10
    assert (np.diff(found.distances[row]) >= 0).all()
    np.testing.assert_array_equal(row, row_of_pairs(found, 4))
    assert set(row) != set(row_of_pairs(found, 5))


def test_the_worst_are_the_nearest_strangers_and_the_farthest_friends():
    found = some_bench([0.3, 0.1, 0.2, 0.9, 0.8], [False, False, True, True, False])
    assert worst_accepts(found, 2).tolist() == [1, 0]
    assert worst_rejects(found, 1).tolist() == [3]


def test_a_pair_drawn_twice_is_shown_once():
    found = some_bench([0.1, 0.1, 0.4], [True, True, False], [[3, 5], [5, 3], [1, 2]])
    assert distinct(found).tolist() == [0, 2]


def test_points_in_memory_are_those_that_are_kept_and_cannot_be_written_to(run):
    points = points_of(run, "test")
    np.testing.assert_array_equal(points, load_array(run, "embeddings/test"))
    assert points_of(run, "test") is points
    with pytest.raises(ValueError, match="read-only"):
        points[0] = 0


def test_an_embedding_of_two_numbers_is_its_own_plane(run):
    np.testing.assert_array_equal(map_of(run, "test"), points_of(run, "test"))


def test_a_wide_embedding_is_seen_from_where_it_is_widest(rng):
    points = rng.standard_normal((400, 5)) * [0.1, 3.0, 0.2, 0.1, 1.0] + 7.0
    plane = plane_of(points)
    np.testing.assert_allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-9)
    placed = plane.place(points)
    values = np.linalg.eigvalsh(np.cov(points, rowvar=False))[::-1]
    np.testing.assert_allclose(placed.var(axis=0, ddof=1), values[:2], rtol=1e-5)
    np.testing.assert_allclose(placed.mean(axis=0), 0.0, atol=1e-5)
    assert plane.axes[1, 0] > 0.9  # and not -0.9


def test_a_line_has_a_plane_too(rng):
    points = rng.standard_normal((6, 1)).astype(np.float32)
    placed = plane_of(points).place(points)
    np.testing.assert_array_equal(placed[:, 0], points[:, 0])
    assert (placed[:, 1] == 0).all()


def test_both_splits_are_placed_on_the_axes_of_training():
    run = write_siamese_run("wide", embedding_dim=6)
    plane = plane_of(points_of(run, "train"))
    np.testing.assert_array_equal(map_of(run, "test"), plane.place(points_of(run, "test")))


def test_raw_pixels_have_a_map(run):
    assert raw_map("mnist", "test").shape == (10_000, 2)


@pytest.mark.parametrize("width", [2, 5])
def test_a_film_keeps_the_axes_of_its_last_frame(width):
    film = some_film(width=width)
    frames = film.frames["embedding"].astype(np.float32)
    places = film_places(film)
    assert places.shape == (*frames.shape[:2], 2)
    plane = plane_of(frames[-1])
    for i in range(len(film)):
        np.testing.assert_allclose(places[i], plane.place(frames[i]), atol=1e-6)


def test_the_film_of_something_else_is_refused():
    film = some_film()
    film.frames["embedding"] = np.zeros((5, 0, 2))
    with pytest.raises(GenLabError, match="shows no embedding"):
        film_places(film)


def test_many_classes_are_the_largest_ones_and_others():
    labels = np.repeat(np.arange(30), np.arange(1, 31))
    groups, names = map_classes(labels, tuple(f"p{k}" for k in range(30)))
    assert names == (*(f"p{k}" for k in range(21, 30)), OTHERS)
    assert (groups == 9).sum() == np.arange(1, 22).sum()
    assert (groups[labels == 25] == 4).all()


def test_few_classes_keep_their_names_and_no_gaps():
    groups, names = map_classes(np.array([7, 9, 7]), tuple("0123456789"))
    assert (groups.tolist(), names) == ([0, 1, 0], ("7", "9"))


def test_an_unseen_class_has_its_neighbours_among_test_images():
    assert home_of("mnist") == "train"
    assert home_of("mnist-unseen") == "test"


@pytest.mark.parametrize(("count", "width"), [(40, 300), (400, 300)])
def test_the_plane_of_many_numbers_is_that_of_all_principal_components(
    rng, monkeypatch, count, width
):
    points = rng.standard_normal((count, width)) * np.linspace(5.0, 1.0, width) + 3.0
    found = plane_of(points)
    monkeypatch.setattr("genlab.explore.siamese_view.DENSE", width)
    np.testing.assert_allclose(found.axes, plane_of(points).axes, atol=1e-3)


def test_many_numbers_that_are_all_alike_have_a_plane_too():
    assert (plane_of(np.ones((5, 300))).place(np.ones((5, 300))) == 0).all()
