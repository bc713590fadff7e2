"""What the Siamese bench shows: the pairs of a split as one network sees them, beside the same
pairs as raw pixels see them; and its embedding as a plane.

The threshold is chosen on pairs of training images, and judged on pairs of test images. A pair is
accepted as "same" when its distance is at most the threshold.
Shapes: N images, E embedding, C pairs, F frames of a film, M images in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from genlab.data.images import ImageSplit, load_split, stamp
from genlab.errors import GenLabError
from genlab.explore.evaluate_siamese import alone, raw_pixels
from genlab.explore.siamese import (
    MOST_IMAGES,
    PAIRS,
    Verification,
    embeddings,
    pair_distances,
    pairs_within,
    verification,
)
from genlab.runs.film import Film
from genlab.runs.folder import Run, find_run, weights_path

RAW = "raw pixels"
MOST_NAMED = 10  # classes with a name and a colour of their own on a map, OTHERS among them
OTHERS = "others"
DENSE = 256  # numbers a point up to which all principal components are computed, for two of them


@dataclass(frozen=True)
class Bench:
    """The pairs of one split, as one network or the raw pixels see them."""

    name: str  # of the run, or RAW
    pairs: np.ndarray  # (C, 2) int64, rows of the split
    same: np.ndarray  # (C,) bool
    distances: np.ndarray  # (C,) float32
    threshold: float  # the most accurate one on pairs of training images
    figures: Verification


def bench(run: Run, split: str = "test", *, seed: int = 0, count: int = PAIRS) -> Bench:
    """How a run sees pairs of a split; the same arguments give every run of a dataset the same.

    Raises:
        GenLabError: the images are not on this machine, or the run cannot embed them.
    """
    return judged(run.name, lambda part: points_of(run, part), run.dataset, split, seed, count)


def raw_bench(dataset: str, split: str = "test", *, seed: int = 0, count: int = PAIRS) -> Bench:
    """The floor: the same pairs by the Euclidean distance of their pixels, in [0, 1]."""
    return judged(RAW, lambda part: pixels_of(dataset, part), dataset, split, seed, count)


def judged(
    name: str, points: Callable[[str], np.ndarray], dataset: str, split: str, seed: int, count: int
) -> Bench:
    """points: the rows of a split, (N, E)."""
    train_pairs, train_same = pairs_within(dataset, "train")
    train = verification(pair_distances(points("train"), train_pairs), train_same)
    pairs, same = pairs_within(dataset, split, count, seed)
    distances = pair_distances(points(split), pairs)
    figures = verification(distances, same)
    return Bench(name, pairs, same, distances, float(train.best_threshold), figures)


class Shown(NamedTuple):
    """The images of a split that the bench works on."""

    images: np.ndarray  # (N, H, W) uint8
    labels: np.ndarray  # (N,)
    classes: tuple[str, ...]


def shown(dataset: str, split: str) -> Shown:
    found = load_split(dataset, split)
    images, labels = found.images[:MOST_IMAGES], found.labels[:MOST_IMAGES]
    return Shown(images, labels, tuple(found.info.classes))


def points_of(run: Run, split: str) -> np.ndarray:
    """`embeddings` (N, E) float32, kept in memory while weights and images stay; not to be
    written to."""
    return _points(run.name, stamp(weights_path(run)), load_split(run.dataset, split))


@lru_cache(maxsize=16)  # at most 2.5 MB each, of E = 64
def _points(name: str, _stamp: tuple[int, int], split: ImageSplit) -> np.ndarray:
    points = embeddings(find_run(name), split.split)
    points.flags.writeable = False
    return points


def pixels_of(dataset: str, split: str) -> np.ndarray:
    """(N, P) float32 in [0, 1], of the same images; as points_of."""
    return _pixels(load_split(dataset, split))


@lru_cache(maxsize=4)  # 31 MB each, of 10,000 digits
def _pixels(split: ImageSplit) -> np.ndarray:
    pixels = raw_pixels(split)
    pixels.flags.writeable = False
    return pixels


# --- which pairs are looked at -------------------------------------------------------------------


def distinct(found: Bench) -> np.ndarray:
    """Numbers of the pairs, each of which is there once: a draw may repeat itself."""
    _, first = np.unique(np.sort(found.pairs, axis=1), axis=0, return_index=True)
    return np.sort(first)


def row_of_pairs(found: Bench, seed: int = 0, count: int = 20) -> np.ndarray:
    """Numbers of that many pairs drawn at random, half of them same, by rising distance."""
    rng, some = np.random.default_rng(seed), distinct(found)
    kinds = [some[found.same[some]], some[~found.same[some]]]
    row = np.concatenate([rng.permutation(kind)[: count // 2] for kind in kinds])
    return row[np.argsort(found.distances[row], kind="stable")]


def worst_accepts(found: Bench, count: int = 10) -> np.ndarray:
    """Numbers of the different pairs that are nearest, the nearest first: what a threshold accepts
    wrongly is those that it reaches."""
    some = distinct(found)
    some = some[~found.same[some]]
    return some[np.argsort(found.distances[some], kind="stable")[:count]]


def worst_rejects(found: Bench, count: int = 10) -> np.ndarray:
    """Numbers of the same pairs that are farthest, the farthest first."""
    some = distinct(found)
    some = some[found.same[some]]
    return some[np.argsort(-found.distances[some], kind="stable")[:count]]


class Rates(NamedTuple):
    """What a threshold does to pairs; shares from 0 to 1."""

    accuracy: float
    false_accepts: float  # of the different pairs
    false_rejects: float  # of the same pairs


def rates_at(found: Bench, threshold: float) -> Rates:
    accepted = found.distances <= threshold
    return Rates(
        float((accepted == found.same).mean()),
        float(accepted[~found.same].mean()),
        float((~accepted[found.same]).mean()),
    )


# --- the embedding as a plane --------------------------------------------------------------------


class Plane(NamedTuple):
    """Two axes through the embedding; itself where E is 2, a line where it is 1."""

    middle: np.ndarray  # (E,)
    axes: np.ndarray  # (E, 2)

    def place(self, points: np.ndarray) -> np.ndarray:
        """(..., E) to (..., 2) float32."""
        return ((points.astype(np.float64) - self.middle) @ self.axes).astype(np.float32)


def plane_of(points: np.ndarray) -> Plane:
    """The plane of the two principal components of points (N, E), each pointing to where its
    largest weight is positive."""
    E = points.shape[1]
    if E <= 2:
        return Plane(np.zeros(E), np.eye(E, 2))
    middle = points.mean(axis=0, dtype=np.float64)
    axes = widest((points - middle).astype(np.float32))  # float32: half the time
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    return Plane(middle, axes * signs)


def widest(centred: np.ndarray) -> np.ndarray:
    """The two directions (E, 2) along which points (N, E) about 0 vary most, the first most."""
    E = centred.shape[1]
    if E <= DENSE or not centred.any():
        _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        return vectors[:, ::-1][:, :2]
    from scipy.sparse.linalg import LinearOperator, eigsh  # a tenth of a second, for pixels alone

    # Lanczos needs no (E, E) matrix, whose eigenvectors take 15 s for E = 4096
    covariance = LinearOperator((E, E), lambda v: centred.T @ (centred @ v), dtype=np.float32)
    start = np.random.default_rng(0).standard_normal(E).astype(np.float32)
    values, vectors = eigsh(covariance, k=2, v0=start)
    return vectors[:, values.argsort()[::-1]]


def map_of(run: Run, split: str) -> np.ndarray:
    """Where a run puts the images of a split, (N, 2) float32; both splits on the same axes."""
    return plane_of(points_of(run, "train")).place(points_of(run, split))


def raw_map(dataset: str, split: str) -> np.ndarray:
    """The floor beside it: the same images by the principal components of their pixels."""
    return raw_plane(dataset).place(pixels_of(dataset, split))


@lru_cache(maxsize=4)
def raw_plane(dataset: str) -> Plane:
    return plane_of(pixels_of(dataset, "train"))


def film_places(film: Film) -> np.ndarray:
    """Where the film's images are in each frame, (F, M, 2) float32, on the axes of the last.

    Raises:
        GenLabError: it is the film of something else.
    """
    frames = film.frames.get("embedding", np.empty(0))
    if frames.ndim != 3 or not frames.size:
        raise GenLabError("This film shows no embedding; delete film.npz, or train the run again.")
    frames = np.nan_to_num(frames.astype(np.float32))
    return plane_of(frames[-1]).place(frames)


def home_of(dataset: str) -> str:
    """The split whose images the neighbours of a new picture are: of classes that no network has
    met in training, the test split."""
    return "test" if alone(load_split(dataset, "test")) else "train"


def map_classes(labels: np.ndarray, classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The classes that are there, as groups a map can colour: (N,) uint8 and their names; of more
    than MOST_NAMED those with most images, and the others together."""
    found, counts = np.unique(labels, return_counts=True)
    named = found
    if len(found) > MOST_NAMED:
        named = np.sort(found[np.argsort(-counts, kind="stable")[: MOST_NAMED - 1]])
    group = np.full(max(len(classes), int(found.max(initial=0)) + 1), len(named), np.uint8)
    group[named] = np.arange(len(named))
    names = tuple(classes[label] if label < len(classes) else str(label) for label in named)
    return group[labels], names if len(named) == len(found) else (*names, OTHERS)
