"""Floors of a dataset: what trivial predictors score, and what no model can beat.

No score stands alone: each is shown beside these. All are means over the test images, pixels x in
[0, 1], sums over the P = 784 pixels, nats where logarithms are taken.

- entropy: sum of -x log x - (1-x) log(1-x), with 0 log 0 = 0. The Bernoulli reconstruction term
  -x log p - (1-x) log(1-p) is least at p = x, so no model's can go below.
- mean image: the training images' mean as the prediction for every image.
- PCA-K: projection on the K leading principal axes of the training images, about their mean.
  No linear code of K numbers reconstructs the training images better.
- pairs: verification by Euclidean distance of raw pixels.

They follow from two moment matrices, so one pass over the images is enough.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np

from genlab.data.catalogue import SPLITS
from genlab.data.images import ImageSplit, count_images, find_split, load_split, stamp
from genlab.data.pairs import balanced_pairs
from genlab.data.verification import equal_error_rate, roc_auc
from genlab.places import cache_dir

PCA_SIZES = (16, 20, 64, 256)
PAIR_COUNT, PAIR_SEED = 20_000, 0
# A pixel black in all training images is not taken to be black for ever: log 0 would be infinite.
MEAN_CLIP = 1e-6
DEFINITION = 1  # raise when a figure's meaning changes, so that cached ones are left behind

_one_at_a_time = Lock()


@dataclass(frozen=True, kw_only=True)
class Floors:
    """Floors on the test images of one dataset; see the module for each definition."""

    entropy: float  # nats per image
    mean_image_nll: float  # nats per image, of the train mean image
    mean_image_sse: float  # summed squared error per image, of the train mean image
    pca16_sse: float
    pca20_sse: float
    pca64_sse: float
    pca256_sse: float
    pair_auc: float
    pair_eer: float
    train_origin: str  # which images they were computed from, for people
    test_origin: str


def floors(name: str, root: str | Path | None = None) -> Floors:
    """Floors of the images that load_split(name, ..., root) gives.

    Seconds the first time; then read from the cache folder, where they are kept by the content
    of the four files, so those of the bundled part and of the full data do not mix.

    Raises:
        GenLabError: as load_split.
    """
    files = [find_split(name, split, root) for split in SPLITS]
    paths = tuple(path for found in files for path in (found.images, found.labels))
    with _one_at_a_time:  # thirty visitors at once need one computation
        kept = _floors_of(_content_key(paths, tuple(map(stamp, paths))), name, root)
    # The same content may have come from another place when it was kept.
    train_origin, test_origin = (found.origin(count_images(found)) for found in files)
    return replace(kept, train_origin=train_origin, test_origin=test_origin)


def compute_floors(train: ImageSplit, test: ImageSplit) -> Floors:
    """Floors of the test images, with the mean and the axes of the training images."""
    mean, covariance = _moments(train.images)
    test_mean, test_covariance = _moments(test.images)
    p = mean.clip(MEAN_CLIP, 1.0 - MEAN_CLIP)
    nll = -(test_mean * np.log(p) + (1.0 - test_mean) * np.log1p(-p)).sum()

    # Second moment of the test images about the train mean: what there is to explain.
    spread = test_covariance + np.outer(test_mean - mean, test_mean - mean)
    axes = np.linalg.eigh(covariance).eigenvectors[:, ::-1]  # (P, P), the leading first
    explained = np.cumsum(((spread @ axes) * axes).sum(axis=0))
    pca = {f"pca{size}_sse": float(np.trace(spread) - explained[size - 1]) for size in PCA_SIZES}

    pairs, same = balanced_pairs(test.labels, PAIR_COUNT, PAIR_SEED)
    distances = _pair_distances(test.images, pairs)
    return Floors(
        entropy=float(pixel_entropy(test.images).mean()),
        mean_image_nll=float(nll),
        mean_image_sse=float(np.trace(spread)),
        **pca,
        pair_auc=roc_auc(distances, same),
        pair_eer=equal_error_rate(distances, same),
        train_origin=train.origin,
        test_origin=test.origin,
    )


def pixel_entropy(images: np.ndarray) -> np.ndarray:
    """Entropy of the pixels of each image, taken as Bernoulli means.

    (N, ...) uint8, of which 255 is 1, to (N,) nats per image.
    """
    if images.dtype != np.uint8:
        raise ValueError(f"images are {images.dtype}; give the uint8 values 0 to 255.")
    x = np.arange(1, 255) / 255.0
    of_value = np.zeros(256)  # 0 log 0 = 0 at both ends
    of_value[1:-1] = -x * np.log(x) - (1.0 - x) * np.log1p(-x)
    return np.array([of_value[image].sum() for image in images])


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (P,) and covariance (P, P, divided by N) of images / 255, in float64.

    256 rows at a time: their sums of products of 0..255 stay below 2**24, so float32 holds each
    exactly and its fast matrix product loses nothing.
    """
    rows = images.reshape(len(images), -1)
    total = rows.sum(axis=0, dtype=np.int64)
    products = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), 256):
        block = rows[start : start + 256].astype(np.float32)
        products += block.T @ block
    mean = total / (255.0 * len(rows))
    return mean, products / (255.0**2 * len(rows)) - np.outer(mean, mean)


def _pair_distances(images: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Euclidean distances (C,) of raw pixels in [0, 1]."""
    rows = images.reshape(len(images), -1)
    squares = np.empty(len(pairs))
    for start in range(0, len(pairs), 1000):
        block = slice(start, start + 1000)
        apart = rows[pairs[block, 0]].astype(np.int32) - rows[pairs[block, 1]]
        squares[block] = np.square(apart).sum(axis=1)
    return np.sqrt(squares) / 255.0


@lru_cache(maxsize=8)
def _floors_of(key: str, name: str, root: str | Path | None) -> Floors:
    kept = _read_kept(key)
    if kept is None:
        kept = compute_floors(*(load_split(name, split, root) for split in SPLITS))
        _keep(key, kept)
    return kept


@lru_cache(maxsize=8)
def _content_key(paths: tuple[Path, ...], _stamps: tuple[tuple[int, int], ...]) -> str:
    digest = hashlib.blake2b(f"floors {DEFINITION}".encode(), digest_size=16)
    for path in paths:
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def _kept_at(key: str) -> Path:
    return cache_dir() / "floors" / f"{key}.json"


def _read_kept(key: str) -> Floors | None:
    """The cached floors; None where there are none, or none that can be understood."""
    try:
        values = json.loads(_kept_at(key).read_text(encoding="utf-8"))
        return Floors(**{field.name: field.type(values[field.name]) for field in fields(Floors)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(key: str, kept: Floors) -> None:
    """Write the cache file whole or not at all; a folder that takes no files is no error."""
    path = _kept_at(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(kept), file, indent=1)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
