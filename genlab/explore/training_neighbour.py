"""The training image nearest to a given one: is a sample new, or a copy?

Distances are Euclidean, of pixels in [0, 1]. As a floor stand images that nobody can have copied:
those of the test split, and how near they come to the training images.
Shapes: Q images that ask, N training images, P = 784 pixels.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from genlab.data.images import ImageSplit, load_split

ROWS = 4000  # training images at a time: 12 MB in float32
FLOOR_COUNT = 256  # test images that the floor is taken from


@dataclass(frozen=True)
class Nearest:
    index: np.ndarray  # (Q,) of the training image
    distance: np.ndarray  # (Q,) float64


@dataclass(frozen=True)
class NearestFloor:
    """Of FLOOR_COUNT test images, the distance to the nearest training image."""

    least: float
    low: float  # one in twenty comes as near
    median: float
    origin: str  # which training images


def nearest_training(dataset: str, images: np.ndarray) -> Nearest:
    """The training image nearest to each of images (Q, P) uint8, of those on this machine.

    Raises:
        GenLabError: there are none.
    """
    train = load_split(dataset, "train")
    rows = train.images.reshape(len(train.images), -1)
    asked = images.astype(np.float32)
    squares = squared_norms(train)
    best = np.full(len(images), np.inf, np.float32)
    index = np.zeros(len(images), np.int64)
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS].astype(np.float32)
        gap = squares[start : start + ROWS] - 2.0 * (asked @ part.T)  # less the asked one's own
        place = gap.argmin(axis=1)
        value = gap[np.arange(len(gap)), place]
        nearer = value < best
        best[nearer], index[nearer] = value[nearer], start + place[nearer]
    apart = rows[index].astype(np.int64) - images.astype(np.int64)  # exact, where floats cancel
    return Nearest(index, np.sqrt((apart**2).sum(axis=1)) / 255.0)


@lru_cache(maxsize=4)
def squared_norms(train: ImageSplit) -> np.ndarray:
    """(N,) float32, of pixels from 0 to 255."""
    rows = train.images.reshape(len(train.images), -1)
    parts = [rows[i : i + ROWS].astype(np.float32) for i in range(0, len(rows), ROWS)]
    return np.concatenate([np.einsum("np,np->n", part, part) for part in parts])


def nearest_floor(dataset: str) -> NearestFloor:
    """How near test images come to training images; computed once while the images stay."""
    return floor_of(load_split(dataset, "train"), load_split(dataset, "test"))


@lru_cache(maxsize=4)
def floor_of(train: ImageSplit, test: ImageSplit) -> NearestFloor:
    chosen = np.linspace(0, len(test.images) - 1, FLOOR_COUNT).astype(int)
    asked = test.images[chosen].reshape(FLOOR_COUNT, -1)
    distance = nearest_training(train.info.name, asked).distance
    low, median = np.percentile(distance, [5, 50])
    return NearestFloor(float(distance.min()), float(low), float(median), train.origin)
