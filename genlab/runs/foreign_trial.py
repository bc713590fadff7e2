"""Try a foreign model on test images, in numpy: settle what its file leaves open by its loss.

Shapes: B images, P pixels, Z latent dimensions, K label inputs (0 for a VAE).
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from genlab.data.catalogue import DATASETS
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.runs.foreign_fit import CLASSES, Fit, fit
from genlab.runs.foreign_read import Tensors as ForeignTensors
from genlab.runs.mlp import Tensors, bernoulli_nll, gaussian_kl, mean_image_nll, mlp

IMAGES = 500
CLEAR = 5.0  # nats by which another reading must win over the usual one


@dataclass(frozen=True)
class Trial:
    """A file tried on one dataset: how it is best read, and how well it does."""

    fit: Fit
    dataset: str
    neg_elbo: float  # nats per image, one z each; infinite where numbers overflow
    entropy: float  # of the pixels, nats per image: the floor
    mean_image: float  # nats per image of always predicting the mean image
    notes: tuple[str, ...]

    @property
    def excess(self) -> float:
        """The loss above the floor, in units of the mean image's: below 1 it has learnt."""
        return (self.neg_elbo - self.entropy) / (self.mean_image - self.entropy)


def settle(tensors: ForeignTensors, first: Fit, dataset: str | None) -> Trial:
    """The reading of the file with the lowest loss on test images, the usual one unless another
    wins clearly; on `dataset`, or on the one that suits it best where that is None.

    Raises:
        GenLabError: the images of `dataset` are not on this machine.
    """
    trials = {}
    for name in DATASETS:
        try:
            trials[name] = settle_on(tensors, first, name)
        except GenLabError:  # its images are not here
            if name == dataset:
                raise
    best = min(trials.values(), key=lambda trial: trial.excess)
    title = DATASETS[best.dataset].title
    chosen, notes = trials[dataset or best.dataset], []
    if dataset is None:
        notes.append(f"Taken to be trained on {title}: of the datasets here it does best on that.")
    losses = (
        f"Its loss on {DATASETS[chosen.dataset].title} is {chosen.neg_elbo:.1f} nats per image; "
        f"always predicting the mean image costs {chosen.mean_image:.1f}."
    )
    if best.excess < min(1.0, 0.5 * chosen.excess):
        mend = f"It does far better on {title}; import it again with that if it was trained on it."
        notes += [losses, mend]
    elif chosen.excess >= 1:
        notes += [losses, "It may want another dataset, pixel range or activation."]
    return replace(chosen, notes=(*chosen.notes, *notes))


def settle_on(tensors: ForeignTensors, first: Fit, dataset: str) -> Trial:
    x, labels = some_images(dataset)
    best, loss, notes = first, neg_elbo(first.tensors, x, labels), []
    usual = loss
    for choice in product((False, True), repeat=len(first.undecided)):
        other = fit(tensors, **dict(zip(first.undecided, choice, strict=True)))
        other_loss = neg_elbo(other.tensors, x, labels) if other else usual
        if other_loss < min(loss, usual - CLEAR):
            best, loss = other, other_loss
    if best is not first:
        notes.append(
            f"Not the usual order of labels or heads, but the one with the lower loss: {loss:.1f} "
            f"nats per image on {len(x)} test images of {DATASETS[dataset].title}, "
            f"against {usual:.1f}."
        )
    inside = x[(x > 0) & (x < 1)].astype(np.float64)
    entropy = -(inside * np.log(inside) + (1 - inside) * np.log1p(-inside)).sum() / len(x)
    return Trial(best, dataset, loss, float(entropy), mean_image_nll(x), tuple(notes))


def some_images(dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """The first test images (B, P) in [0, 1] and their labels as one-hot (B, K), float32."""
    split = load_split(dataset, "test")
    x = split.images[:IMAGES].reshape(-1, split.images[0].size).astype(np.float32) / 255.0
    return x, np.eye(CLASSES, dtype=np.float32)[split.labels[:IMAGES]]


def neg_elbo(weights: Tensors, x: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative ELBO in nats per image, one z each; infinite where numbers overflow."""
    K = weights["encoder.0.weight"].shape[1] - x.shape[1]
    one_hot = labels if K else None
    with np.errstate(over="ignore", invalid="ignore"):
        mu, logvar = np.split(mlp(weights, "encoder", x, one_hot).output, 2, axis=1)
        eps = np.random.default_rng(0).standard_normal(mu.shape, dtype=np.float32)
        z = mu + np.exp(0.5 * logvar) * eps
        recon_nll = bernoulli_nll(mlp(weights, "decoder", z, one_hot).output, x)
        loss = float((recon_nll + gaussian_kl(mu, logvar).sum(axis=1)).mean())
    return loss if np.isfinite(loss) else float("inf")
