"""Linear probes on a GAN's discriminator, beside the same on one that has learned nothing.

The shares of labels are of the published training set: 10 % is 6,000 images, 600 of each class,
whether all of it or the bundled part is at hand. Shares that are larger than what is at hand are
left out.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genlab.data.images import ImageSplit
from genlab.explore.probe import (
    PENALTIES,
    Probe,
    accuracy,
    balanced_draw,
    fit_probe,
    guesses,
)
from genlab.explore.raw_probe import kept_or_made
from genlab.explore.sample_scores import confusion
from genlab.models.gan import GAN

SHARES = (1, 3, 10, 30, 100)  # percent of the training images
MAIN = 10  # the share whose figures stand for all
DRAWS = 5  # of each share up to MAIN; the larger ones have one
UNTRAINED = 2  # seeds of discriminators that were never trained
HALF_ABOVE = 1 << 30  # bytes of float32 features above which they are kept as float16
LARGEST_HALF = 6e4
BATCH = 250

Say = Callable[[str], None]
Features = Callable[[Tensor], Tensor]  # (B, P) in [0, 1] to (B, F)


def probe_figures(model: GAN, train: ImageSplit, test: ImageSplit, say: Say) -> dict[str, Any]:
    """The probe_ figures of a summary."""
    main = Space(model.features, train, test)
    say(f"Probing {main.train.shape[1]:,} features of the discriminator")
    by_share, probe = probe_shares(main, say)
    found = guesses(probe.layer, main.test.float()).numpy()
    classes = len(test.info.classes)
    say("The same on raw pixels")
    raw_by_share = kept_or_made(
        train, test, lambda: probe_shares(Space(lambda x: x, train, test), say)[0]
    )
    for share, figures in raw_by_share.items():
        by_share[share]["raw_test_accuracy"] = figures["test_accuracy"]
    untrained = []
    for seed in range(UNTRAINED):
        say(f"The same on an untrained discriminator, seed {seed}")
        untrained.append(probe_untrained(model, train, test, seed))
    of_main = by_share[str(MAIN)]
    return {
        "probe_test_accuracy": of_main["test_accuracy"],
        "probe_test_accuracy_std": of_main["test_accuracy_std"],
        "probe_train_accuracy": of_main["train_accuracy"],
        "probe_untrained_test_accuracy": float(np.mean(untrained)),
        "probe_raw_test_accuracy": raw_by_share[str(MAIN)]["test_accuracy"],
        "probe_confusion": confusion(test.labels, found, classes).tolist(),
        "probe_by_share": by_share,
        "probe_features": main.train.shape[1],
        "probe_loss": probe.loss,
        "probe_untrained_by_seed": untrained,
    }


class Space:
    """All features of both splits: (N, F), float32 or where they are many float16."""

    def __init__(self, features: Features, train: ImageSplit, test: ImageSplit) -> None:
        self.full_count, self.classes = train.info.train_count, len(train.info.classes)
        self.labels, self.test_labels = train.labels, whole(test.labels)
        self.train, self.test = extract(features, train.images), extract(features, test.images)

    def probe(self, rows: np.ndarray, penalties: tuple[float, ...]) -> tuple[Probe, float]:
        """A probe on some rows, and its accuracy on the test images."""
        probe = fit_probe(self.train[rows], whole(self.labels[rows]), self.classes, penalties)
        return probe, accuracy(probe.layer, self.test, self.test_labels)


def probe_shares(space: Space, say: Say) -> tuple[dict[str, dict[str, Any]], Probe]:
    """Figures by share of the labels, in percent, and the first probe of the MAIN share.

    The penalty is chosen on the first draw of each share up to MAIN; the larger ones keep that of
    MAIN.
    """
    by_share, main = {}, None
    for share in SHARES:
        per_class = space.full_count * share // 100 // space.classes
        everything = share == 100 and len(space.labels) == space.full_count
        if not everything and per_class > np.bincount(space.labels).min():
            continue
        found = []
        for seed in range(DRAWS if share <= MAIN else 1):
            say(f"  {share} % of the labels, draw {seed + 1}")
            rows = balanced_draw(space.labels, per_class, seed) if not everything else ...
            if share > MAIN:
                penalties = (main.penalty,)
            else:
                penalties = (found[0][0].penalty,) if found else PENALTIES
            found.append(space.probe(rows, penalties))
        if share == MAIN:
            main = found[0][0]
        tested = [score for _, score in found]
        by_share[str(share)] = {
            "images": per_class * space.classes,
            "draws": len(found),
            "test_accuracy": float(np.mean(tested)),
            "test_accuracy_std": float(np.std(tested, ddof=1)) if len(found) > 1 else None,
            "train_accuracy": float(np.mean([probe.train_accuracy for probe, _ in found])),
            "penalty": found[0][0].penalty,
        }
    return by_share, main


def probe_untrained(model: GAN, train: ImageSplit, test: ImageSplit, seed: int) -> float:
    """Test accuracy of the MAIN share's first draw on a discriminator with fresh weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = GAN(model.config).eval().requires_grad_(False)
    fresh.to(memory_format=torch.channels_last)
    per_class = train.info.train_count * MAIN // 100 // len(train.info.classes)
    rows = balanced_draw(train.labels, per_class, 0)
    probe = fit_probe(
        extract(fresh.features, train.images[rows]),
        whole(train.labels[rows]),
        len(train.info.classes),
    )
    return accuracy(probe.layer, extract(fresh.features, test.images), whole(test.labels))


@torch.no_grad()
def extract(features: Features, images: np.ndarray) -> Tensor:
    """Features (N, F) of images (N, 28, 28) uint8."""
    found = None
    for start in range(0, len(images), BATCH):
        rows = images[start : start + BATCH].astype(np.float32).reshape(-1, images[0].size)
        part = features(torch.from_numpy(rows).div_(255.0))
        if found is None:
            many = 4 * len(images) * part.shape[1] > HALF_ABOVE
            found = torch.empty(
                len(images), part.shape[1], dtype=torch.float16 if many else torch.float32
            )
        if found.dtype == torch.float16:
            part = part.clamp(-LARGEST_HALF, LARGEST_HALF)
        found[start : start + len(part)] = part
    return found


def whole(labels: np.ndarray) -> Tensor:
    return torch.from_numpy(labels.astype(np.int64))
