"""Whether samples are copies: how near they lie to training images, beside how near new real ones.

Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675, compare the same two sets of distances.
Distances are Euclidean, of raw pixels in [0, 1]. Shapes: M samples, P pixels.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genlab.data.images import load_split
from genlab.explore.training_neighbour import nearest_training

TEST_IMAGES = 1_000  # evenly spaced among all: the two halves of MNIST's differ in their writers
CLOSE = 0.01  # the quantile of the test images' distances below which a sample counts as close


@dataclass(frozen=True)
class Memorisation:
    """Distances from samples to the nearest training image, beside those from test images.

    A model that copies its training images has a ratio near 0. One above 1 makes images that lie
    further from all training images than new real ones do.
    """

    median: float
    median_test: float  # the floor: images that nobody can have copied
    ratio: float  # median / median_test
    close: float  # share of samples nearer than all but 1 % of the test images; 0.01 for those
    deciles: list[float]  # 10 %, 20 %, ... 90 % of the samples' distances
    deciles_test: list[float]
    samples: int
    training_images: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def memorisation(dataset: str, samples: np.ndarray) -> Memorisation:
    """How near samples (M, P) uint8 lie to the training images on this machine.

    Raises:
        GenLabError: there are no images of the dataset.
    """
    train, test = (load_split(dataset, split).images for split in ("train", "test"))
    spaced = test[np.linspace(0, len(test) - 1, TEST_IMAGES).astype(int)]
    ours = nearest_training(dataset, samples).distance
    theirs = nearest_training(dataset, spaced.reshape(TEST_IMAGES, -1)).distance
    return compare(ours, theirs, len(train))


def compare(ours: np.ndarray, theirs: np.ndarray, training_images: int) -> Memorisation:
    """The figures of distances (M,) of samples and those of test images."""
    tenths = np.linspace(0.1, 0.9, 9)
    return Memorisation(
        median=float(np.median(ours)),
        median_test=float(np.median(theirs)),
        ratio=float(np.median(ours) / np.median(theirs)),
        close=float((ours < np.quantile(theirs, CLOSE)).mean()),
        deciles=np.quantile(ours, tenths).tolist(),
        deciles_test=np.quantile(theirs, tenths).tolist(),
        samples=len(ours),
        training_images=training_images,
    )
