"""Questions put to a Siamese network: where images lie, how far pairs are apart, and how well a
threshold on that distance tells pairs of one class from pairs of two.

Torch is loaded where images are embedded, and only there.
Shapes: N images, H x W pixels, E embedding, C pairs, T thresholds, U units that are drawn anew.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genlab.data.images import load_split
from genlab.data.pairs import balanced_pairs, load_pairs
from genlab.data.verification import ROC, equal_error_rate, roc, roc_auc
from genlab.errors import GenLabError
from genlab.runs.folder import Run, load_array, save_array

if TYPE_CHECKING:
    from torch import nn

MOST_IMAGES = 10_000  # of a split that are embedded: its first ones
PAIRS = 10_000
Z_95 = 1.959964  # of a Gaussian: 95 % lie as near to the middle


@dataclass(frozen=True)
class Verification:
    """How pairs are told apart, at every threshold that matters and in three figures."""

    thresholds: np.ndarray  # (T,) distances, rising; -inf first. A pair at most as far is accepted
    false_accepts: np.ndarray  # (T,) share of the different pairs that are accepted, rising
    false_rejects: np.ndarray  # (T,) share of the same pairs that are rejected, falling
    auc: float
    eer: float
    eer_threshold: float  # where the two shares meet
    best_threshold: float  # where most pairs are told rightly


def verification(distances: np.ndarray, same: np.ndarray) -> Verification:
    """The figures of pairs by their distances (C,) and whether they are the same (C,) bool.

    Raises:
        ValueError: as genlab.data.verification.roc.
    """
    found = roc(distances, same)
    rejects = 1.0 - found.true_accepts
    crossing = int((found.false_accepts >= rejects).argmax())
    return Verification(
        thresholds=found.thresholds,
        false_accepts=found.false_accepts,
        false_rejects=rejects,
        auc=roc_auc(distances, same),
        eer=equal_error_rate(distances, same),
        eer_threshold=float(found.thresholds[crossing]),
        best_threshold=best_threshold(found, same),
    )


def best_threshold(found: ROC, same: np.ndarray) -> float:
    """The threshold of the highest accuracy, in the middle between the distances next to it."""
    N, S = len(same), int(np.count_nonzero(same))
    wrong = found.false_accepts * (N - S) + (1.0 - found.true_accepts) * S
    best = int(wrong.argmin())
    around = found.thresholds[best : best + 2]
    if best == 0:  # accept nothing
        return float(np.nextafter(around[1], -np.inf))
    return float(around.mean())


def accuracy_interval(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` independent trials, after Wilson 1927."""
    if not 0 <= hits <= count or count < 1:
        raise ValueError(f"{hits} hits of {count} are no share.")
    share, z2 = hits / count, Z_95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == count else min(1.0, middle + half)


def pair_distances(embedding: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Euclidean distances (C,) float32 of pairs (C, 2) of rows of an embedding (N, E)."""
    distances = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), 10_000):
        part = pairs[start : start + 10_000]
        apart = embedding[part[:, 0]].astype(np.float32) - embedding[part[:, 1]]
        distances[start : start + 10_000] = np.sqrt(np.einsum("ce,ce->c", apart, apart))
    return distances


def pairs_within(
    dataset: str, split: str, count: int = PAIRS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """`load_pairs`, of the images that are embedded: the split's first MOST_IMAGES."""
    labels = load_split(dataset, split).labels
    if len(labels) <= MOST_IMAGES:
        return load_pairs(dataset, split, count, seed)
    return balanced_pairs(labels[:MOST_IMAGES], count, seed)


def embeddings(run: Run, split: str) -> np.ndarray:
    """(N, E) float32 of a split's first MOST_IMAGES images, rounded to float16 as they are kept
    beside the run; where they are not kept, they are computed, which loads torch.

    Raises:
        GenLabError: the images are not here, or do not fit the model.
    """
    count = min(len(load_split(run.dataset, split).labels), MOST_IMAGES)
    kept = load_array(run, f"embeddings/{split}")
    if kept is not None and kept.shape == (count, run.config["model"].get("embedding_dim")):
        return kept
    return compute_embeddings(run, split)


def compute_embeddings(run: Run, split: str) -> np.ndarray:
    """`embeddings` from the weights, whatever is kept."""
    import torch

    from genlab.runs.models import load_model

    images = load_split(run.dataset, split).images[:MOST_IMAGES]
    model = load_model(run).to(memory_format=torch.channels_last)  # twice as fast
    if images[0].size != model.config.pixels:
        raise GenLabError(
            f'"{run.name}" takes images of {model.config.height} x {model.config.width} but those '
            f"of {run.dataset} have {images.shape[1]} x {images.shape[2]}; mend its config."
        )
    return embed(model, images).astype(np.float16).astype(np.float32)


def keep_embeddings(run: Run) -> None:
    """Keep those of both splits beside the run, in float16."""
    for split in ("train", "test"):
        save_array(run, f"embeddings/{split}", compute_embeddings(run, split).astype(np.float16))


def embed(model: "nn.Module", images: np.ndarray) -> np.ndarray:
    """Images (N, H, W) uint8 to (N, E) float32, by a model in eval mode."""
    import torch

    with torch.inference_mode():
        parts = [
            model.embed(torch.from_numpy(images[i : i + 250].astype(np.float32)).flatten(1) / 255.0)
            for i in range(0, len(images), 250)
        ]
    return torch.cat(parts).numpy() if parts else np.empty((0, model.config.embedding_dim))
