"""Losses that bring images of one class together and others apart, on all pairs of a batch.

- contrastive: Hadsell, Chopra & LeCun, Dimensionality Reduction by Learning an Invariant Mapping,
  2006, equation 4, with y = 1 for the same class.
- triplet: Schroff et al., FaceNet, 2015, arXiv:1503.03832, with distances that are not squared and
  the two ways of choosing triplets of Hermans et al., 2017, arXiv:1703.07737, section 2.
- cosine softmax: Wang et al., CosFace, 2018, arXiv:1801.09414, equation 4.

Shapes: B images, E embedding, K classes, C pairs. Distances are Euclidean.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

TINY = 1e-12  # of a squared distance: at 0 the root has no slope


class Pairs(NamedTuple):
    """All pairs of different images of a batch, each once."""

    distances: Tensor  # (C,)
    same: Tensor  # (C,) bool


def distances_between(embeddings: Tensor) -> Tensor:
    """(B, E) to the Euclidean distances (B, B); their slope is finite everywhere."""
    squares = embeddings.square().sum(1)
    apart = squares[:, None] + squares - 2.0 * embeddings @ embeddings.T
    return apart.clamp_min(TINY).sqrt()


def pairs_of(distances: Tensor, labels: Tensor) -> Pairs:
    """The pairs above the diagonal of distances (B, B) of images with labels (B,)."""
    first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
    return Pairs(distances[first, second], labels[first] == labels[second])


def contrastive(distances: Tensor, same: Tensor, margin: float) -> Tensor:
    """y d^2 / 2 + (1 - y) max(0, m - d)^2 / 2 of each pair, (C,) to (C,)."""
    return 0.5 * torch.where(same, distances, (margin - distances).clamp_min(0.0)).square()


def balanced_mean(losses: Tensor, same: Tensor, *, hardest: float = 1.0) -> Tensor:
    """The mean over same pairs and that over different ones, halved sum, of losses (C,); as if
    there were as many of each. Of a kind that is missing the mean is 0.

    Args:
        hardest: the share of each kind, of the highest losses, that counts.
    """
    parts = (losses[same], losses[~same])
    return 0.5 * sum(mean_of_hardest(part, hardest) for part in parts)


def mean_of_hardest(losses: Tensor, share: float) -> Tensor:
    if share < 1.0 and len(losses):
        losses = losses.topk(max(1, round(share * len(losses)))).values
    return losses.sum() / max(len(losses), 1)


def triplet(distances: Tensor, labels: Tensor, margin: float, *, hard: bool) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + m) of triplets; their mean, 0-d.

    Args:
        distances: (B, B).
        labels: (B,).
        hard: each anchor with its furthest positive and its nearest negative ("batch hard");
            else all triplets whose loss is above 0 ("batch all").
    """
    alike = labels[:, None] == labels
    positive, negative = alike.clone().fill_diagonal_(False), ~alike
    if hard:
        usable = positive.any(1) & negative.any(1)
        far = distances.masked_fill(~positive, -torch.inf).amax(1)[usable]
        near = distances.masked_fill(~negative, torch.inf).amin(1)[usable]
        losses = (far - near + margin).clamp_min(0.0)
        return losses.sum() / max(len(losses), 1)
    anchor, mate = positive.nonzero(as_tuple=True)
    gaps = distances[anchor, mate][:, None] - distances[anchor] + margin  # (pairs, B)
    losses = gaps.clamp_min(0.0) * negative[anchor]
    return losses.sum() / (losses > 0.0).sum().clamp_min(1)


def cosine_softmax(
    embeddings: Tensor, weights: Tensor, labels: Tensor, *, margin: float, scale: float
) -> Tensor:
    """Cross-entropy of scale (cos - margin [own class]) for each image, (B,) nats.

    Args:
        embeddings: (B, E); weights: (K, E), one for each class; of any length.
        labels: (B,) int64.
    """
    cosines = normalize(embeddings) @ normalize(weights).T
    own = torch.zeros_like(cosines).scatter_(1, labels[:, None], margin)
    return cross_entropy(scale * (cosines - own), labels, reduction="none")


def error_of_pairs(distances: Tensor, same: Tensor) -> Tensor:
    """The equal error rate of pairs (C,), 0-d: at the threshold where the share of the different
    pairs below it is nearest to that of the same pairs above it; their mean. 0.5, as of guessing,
    where a kind is missing."""
    order = distances.argsort()
    ranked = same[order]
    accepted, wrong = ranked.cumsum(0), (~ranked).cumsum(0)
    if not len(same) or not accepted[-1] or not wrong[-1]:
        return torch.tensor(0.5, device=distances.device)
    rejected, let_in = 1.0 - accepted / accepted[-1], wrong / wrong[-1]
    best = (rejected - let_in).abs().argmin()
    return 0.5 * (rejected[best] + let_in[best])
