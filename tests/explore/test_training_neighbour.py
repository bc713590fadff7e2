import numpy as np
import pytest

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.training_neighbour import nearest_floor, nearest_training


@pytest.fixture(scope="module")
def train() -> np.ndarray:
    images = load_split("mnist", "train").images
    return images.reshape(len(images), -1)


def test_it_finds_what_looking_at_every_image_finds(train):
    asked = load_split("mnist", "test").images[:3].reshape(3, -1)
    apart = train[None].astype(np.float32) / 255.0 - asked[:, None] / np.float32(255.0)
    every = np.sqrt(np.square(apart).sum(axis=2))
    found = nearest_training("mnist", asked)
    np.testing.assert_array_equal(found.index, every.argmin(axis=1))
    np.testing.assert_allclose(found.distance, every.min(axis=1), rtol=1e-4)


def test_a_training_image_is_its_own_neighbour_at_distance_nought(train):
    rows = np.array([0, 4321, len(train) - 1])
    found = nearest_training("mnist", train[rows])
    np.testing.assert_array_equal(found.index, rows)
    np.testing.assert_array_equal(found.distance, 0.0)


def test_the_floor_is_that_of_images_which_are_no_copies():
    floor = nearest_floor("mnist")
    assert 0.0 < floor.least <= floor.low <= floor.median
    assert "training images" in floor.origin


def test_without_training_images_it_says_so():
    with pytest.raises(GenLabError, match="KMNIST"):
        nearest_training("kmnist", np.zeros((1, 784), np.uint8))
