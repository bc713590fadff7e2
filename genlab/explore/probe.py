"""A linear probe: what frozen features know of the classes, told by one linear layer on them.

Alain & Bengio 2016, arXiv:1610.01644; on discriminators Radford, Metz & Chintala 2016,
arXiv:1511.06434, section 5. The layer minimises, over W and b,

    sum over rows of loss(x W + b, label) + (penalty / 2) |W|^2,

x being the features less their mean and divided by one number for all, so that the mean of |x|^2
is 1. Up to WIDE features the loss is the cross-entropy in nats, by L-BFGS. Beyond, where a layer
can tell the rows apart whatever the loss, it is half the squared error from the one-hot label,
whose minimum is exact and quickly had (genlab.explore.ridge). The penalty is chosen on a fifth of
the rows, held out; the layer is then fitted to all of them.
Shapes: N rows, F features, K classes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from genlab.explore.ridge import fit_ridge

WIDE = 2048
PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
HELD_OUT = 0.2  # of the rows, to choose the penalty on
STEPS = 200  # of L-BFGS at most
TOLERANCE = 1e-5  # the largest slope, of the mean over the rows, at which it has arrived
ROWS = 2000  # turned to float32 at a time


class Layer(NamedTuple):
    """The linear layer on features as they come: logits = features W + b."""

    W: Tensor  # (F, K) float32
    b: Tensor  # (K,)


@dataclass(frozen=True, eq=False)
class Probe:
    layer: Layer
    penalty: float
    loss: str  # "cross-entropy" or "squared error"
    train_accuracy: float


def balanced_draw(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Indices (K * per_class,) of as many rows of each class of labels (N,), drawn by the seed
    and shuffled.

    Raises:
        ValueError: a class has fewer.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for label in np.unique(labels):
        there = np.flatnonzero(labels == label)
        if len(there) < per_class:
            raise ValueError(f"class {label} has {len(there)} rows; draw no more than that.")
        drawn.append(rng.choice(there, per_class, replace=False))
    return rng.permutation(np.concatenate(drawn))


def fit_probe(
    features: Tensor, labels: Tensor, classes: int, penalties: tuple[float, ...] = PENALTIES
) -> Probe:
    """The probe of features (N, F), float16 or float32, in random order, labels (N,) int64.

    Of several penalties the best is chosen: on the last fifth of the rows, of equals the largest.
    """
    wide = features.shape[1] > WIDE
    fit, loss = (fit_ridge, "squared error") if wide else (fit_cross_entropy, "cross-entropy")
    mean, scale = centre(features)
    held_out = round(HELD_OUT * len(features)) if len(penalties) > 1 else 0
    targets = torch.nn.functional.one_hot(labels, classes).float()
    W, b, penalty = fit(features, mean, scale, targets, penalties, held_out)
    W = W / scale
    layer = Layer(W, b - mean @ W)
    return Probe(layer, penalty, loss, accuracy(layer, features, labels))


def centre(features: Tensor) -> tuple[Tensor, Tensor]:
    """The mean (F,) of features (N, F), and the root of the mean of |x - mean|^2."""
    N = len(features)
    mean = sum(rows.float().sum(0, dtype=torch.float64) for rows in features.split(ROWS)) / N
    mean = mean.float()
    spread = sum((rows.float() - mean).square().sum().double() for rows in features.split(ROWS))
    return mean, (spread / N).sqrt().float().clamp(min=1e-12)


def fit_cross_entropy(
    features: Tensor,
    mean: Tensor,
    scale: Tensor,
    targets: Tensor,
    penalties: tuple[float, ...],
    held_out: int,
) -> tuple[Tensor, Tensor, float]:
    """W (F, K) and b (K,) on centred and scaled features, and the penalty of them that does best
    on the last `held_out` rows; 0 of them for a single penalty."""
    x, kept = (features.float() - mean) / scale, len(features) - held_out
    labels = targets.argmax(1)
    found, start = {}, (torch.zeros(x.shape[1], targets.shape[1]), torch.zeros(targets.shape[1]))
    for penalty in sorted(penalties, reverse=True) if held_out else ():
        start = descend(x[:kept], labels[:kept], penalty, *start)  # from where the last one ended
        found[penalty] = accuracy(Layer(*start), x[kept:], labels[kept:])
    penalty = max(found, key=found.get) if held_out else penalties[0]
    return *descend(x, labels, penalty, *start), penalty


def descend(
    x: Tensor, labels: Tensor, penalty: float, W: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """The minimum of cross-entropy and penalty, by L-BFGS from W and b, which are left alone."""
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    solver = torch.optim.LBFGS(
        [W, b],
        max_iter=STEPS,
        tolerance_grad=TOLERANCE,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        solver.zero_grad()
        nll = cross_entropy(torch.addmm(b, x, W), labels)
        objective = nll + 0.5 * penalty / len(x) * W.square().sum()
        objective.backward()
        return objective

    solver.step(closure)
    return W.detach(), b.detach()


def guesses(layer: Layer, features: Tensor) -> Tensor:
    """The most likely class of each row of features (N, F): (N,) int64."""
    rows = features.split(ROWS)
    return torch.cat([torch.addmm(layer.b, part.float(), layer.W).argmax(1) for part in rows])


def accuracy(layer: Layer, features: Tensor, labels: Tensor) -> float:
    return (guesses(layer, features) == labels).float().mean().item()
