import numpy as np
import pytest

from genlab.explore.neighbours import Points
from genlab.explore.siamese_query import (
    distance_between,
    embedded,
    neighbours,
    ready_pixels,
    ready_points,
)
from genlab.explore.siamese_view import pixels_of, points_of, shown
from tests.siamese_runs import write_siamese_run


def test_neighbours_are_those_of_plain_arithmetic(rng):
    points, asked = rng.standard_normal((300, 4)), rng.standard_normal((3, 4))
    found = neighbours(points, asked, 5)
    apart = np.linalg.norm(points[None] - asked[:, None], axis=2)
    np.testing.assert_array_equal(found.index, np.argsort(apart, axis=1)[:, :5])
    np.testing.assert_allclose(found.distance, np.sort(apart, axis=1)[:, :5], rtol=1e-5)


def test_a_picture_of_the_data_is_not_its_own_neighbour(rng):
    points = rng.standard_normal((50, 3)).astype(np.float32)
    found = neighbours(points, points[[8]], 4, leave_out=8)
    all_of_them = neighbours(points, points[[8]], 5)
    assert 8 not in found.index
    np.testing.assert_array_equal(found.index[0], all_of_them.index[0, 1:])
    elsewhere = neighbours(points, points[[8]] + 90, 4, leave_out=8)
    assert elsewhere.index.shape == (1, 4)


def test_neighbours_of_a_small_split_are_all_there_are(rng):
    points = rng.standard_normal((5, 2))
    assert neighbours(points, points[:1], 8, leave_out=0).index.shape[1] <= 5


def test_pictures_are_embedded_by_the_weights():
    run = write_siamese_run("bare", kept=False)
    images = shown("mnist", "test").images[:4]
    np.testing.assert_allclose(embedded(run, images), points_of(run, "test")[:4], atol=2e-3)


def test_points_made_ready_have_the_same_neighbours(rng):
    points = rng.standard_normal((300, 4)).astype(np.float32)
    for leave_out in (None, 5):
        found = neighbours(Points(points), points[[5]], 6, leave_out)
        wanted = neighbours(points, points[[5]], 6, leave_out)
        np.testing.assert_array_equal(found.index, wanted.index)


@pytest.mark.parametrize("split", ["train", "test"])
def test_what_questions_need_is_made_once_for_each_split(split):
    run = write_siamese_run("kept", seed=7)
    ready = ready_points(run, split)
    np.testing.assert_array_equal(ready.points, points_of(run, split))
    assert ready_points(run, split) is ready
    pixels = ready_pixels("mnist", split)
    np.testing.assert_array_equal(pixels.points, pixels_of("mnist", split))
    assert ready_pixels("mnist", split) is pixels


def test_a_network_is_loaded_once_and_again_when_its_weights_change(monkeypatch):
    run = write_siamese_run("loaded", kept=False)
    images = shown("mnist", "test").images[:3]
    first = embedded(run, images)
    with monkeypatch.context() as patch:
        patch.setattr("genlab.runs.models.load_model", None)  # is not called again
        np.testing.assert_array_equal(embedded(run, images), first)
    other = write_siamese_run("other", kept=False, seed=1)
    (run.path / "model.safetensors").write_bytes((other.path / "model.safetensors").read_bytes())
    np.testing.assert_array_equal(embedded(run, images), embedded(other, images))
    assert np.abs(embedded(run, images) - first).max() > 1e-3


def test_a_picture_is_at_no_distance_from_itself():
    run = write_siamese_run("bare", kept=False)
    one, other = shown("mnist", "test").images[:2]
    assert distance_between(run, one, one) == pytest.approx(0.0, abs=1e-5)
    assert distance_between(run, one, other) > 0.0
