"""Pairs of images to verify: same class or not.

Half the pairs show the same class. Shapes: N images, C pairs.
"""

import numpy as np

from genlab.data.faces import FaceFiles, view_1_pairs
from genlab.data.images import find_split


def load_pairs(
    name: str, split: str, count: int = 10_000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of a dataset's split: for "lfw" the published ones of View 1, 2,200 of training
    and 1,000 of test, in their order, else `balanced_pairs` of its labels.

    Returns:
        (C, 2) int64 rows of the split and (C,) bool, True for the same class.

    Raises:
        GenLabError: as load_split.
    """
    files = find_split(name, split)
    if name == "lfw" and isinstance(files, FaceFiles):
        return view_1_pairs(files)
    return balanced_pairs(files.read().labels, count, seed)


def balanced_pairs(labels: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of different images, half of one class and half of two classes.

    The first image of a pair is any image; the second is drawn evenly from the others of its
    class, or from all images of other classes. The same arguments give the same pairs.

    Args:
        labels: (N,) integers; two classes at least, two images of each at least.
        count: number of pairs C, even.
        seed: of the draw.

    Returns:
        (C, 2) int64 row numbers into labels and (C,) bool, True for the same class; shuffled.

    Raises:
        ValueError: an odd count, or labels that cannot give both kinds of pair.
    """
    if count < 2 or count % 2:
        raise ValueError(f"count is {count}; choose an even number, half of each kind.")
    classes, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2 or sizes.min() < 2:
        raise ValueError(
            f"labels have {len(classes)} classes of {sizes.tolist()} images; "
            "pairs need two classes or more, with two images or more each."
        )
    rng = np.random.default_rng(seed)
    N = len(labels)
    by_class = np.argsort(inverse, kind="stable")  # (N,) images, one class after the other
    place = np.empty(N, np.int64)  # of each image in by_class
    place[by_class] = np.arange(N)
    starts = np.cumsum(sizes) - sizes

    first = rng.integers(N, size=count)
    same = rng.permutation(np.arange(count) < count // 2)
    size, start = sizes[inverse[first]], starts[inverse[first]]
    # Walk 1 .. size - 1 places round the own class, or 0 .. N - size - 1 places after its end.
    step = rng.integers(np.where(same, size - 1, N - size))
    mate = start + (place[first] - start + 1 + step) % size
    stranger = (start + size + step) % N
    return np.stack([first, by_class[np.where(same, mate, stranger)]], axis=1), same
