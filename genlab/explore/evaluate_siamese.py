"""Every figure of a Siamese network, computed from its weights and the images.

Pairs are those of `pairs_within`: of LFW the published ones of View 1, else 10,000 drawn with seed
0. The threshold is the most accurate one on pairs of training images; nothing is chosen by test
images. Each figure has the same of raw pixels beside it: same pairs, same rule.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from genlab.data.images import ImageSplit, load_split
from genlab.explore.layers import layers_of
from genlab.explore.neighbours import nearest, vote
from genlab.explore.pair_intervals import RESAMPLES, SEED, bootstrap
from genlab.explore.siamese import (
    MOST_IMAGES,
    accuracy_interval,
    compute_embeddings,
    keep_embeddings,
    pair_distances,
    pairs_within,
    verification,
)
from genlab.runs.folder import Run, load_tensors, write_summary

NEIGHBOURS = 5  # of the vote among training images
PUBLISHED_PAIRS = ("lfw",)  # each counts once; drawn pairs of few images repeat themselves


class Hits(NamedTuple):
    right: int
    count: int

    @property
    def share(self) -> float:
        return self.right / self.count


def evaluate_siamese(
    run: Run, *, keep: bool = False, say: Callable[[str], None] = lambda what: None
) -> dict[str, Any]:
    """Pair accuracy, AUC, EER and nearest-neighbour accuracy on the test images, with 95 %
    intervals (NAME_interval) and floors.

    Intervals of shares are Wilson's, those of AUC and EER bootstrap over images, of faces over
    people; so is that of the accuracy of face pairs that are drawn. Arguments and errors as
    genlab.explore.evaluate.evaluate.
    """
    train, test = (load_split(run.dataset, split) for split in ("train", "test"))
    say("Embedding the images")
    points = {split: compute_embeddings(run, split) for split in ("train", "test")}
    say("Telling pairs apart")
    figures, threshold = pair_figures(points, run.dataset)
    say("Nearest neighbours")
    hits = knn_hits(points, train, test)
    say("Floors: the same by raw pixels")
    pixels = {split.split: raw_pixels(split) for split in (train, test)}
    raw, raw_threshold = pair_figures(pixels, run.dataset, intervals=False)
    result: dict[str, Any] = {
        "name": run.name,
        "family": run.family,
        "dataset": run.dataset,
        "data": f"{test.origin}; threshold by pairs of {first_of(train)}",
        "parameters": sum(layer.parameters for layer in layers_of(load_tensors(run))),
        "pair_threshold": threshold,
        **figures,
        "knn_accuracy_test": hits.share,
        "knn_accuracy_test_interval": list(accuracy_interval(*hits)),
        "knn_rule": knn_rule(test),
        "pairs": len(pairs_within(run.dataset, "test")[0]),
        "bootstrap": {
            "over": "people" if test.info.of_people else "images",
            "resamples": RESAMPLES,
            "seed": SEED,
        },
        "floors": {
            "raw_pair_accuracy": raw["pair_accuracy_test"],
            "raw_pair_threshold": raw_threshold,
            "raw_pair_auc": raw["pair_auc_test"],
            "raw_pair_eer": raw["pair_eer_test"],
            "raw_knn": knn_hits(pixels, train, test).share,
        },
    }
    if keep:
        write_summary(run, result)
        keep_embeddings(run)
    return result


def first_of(train: ImageSplit) -> str:
    few = len(train.images) > MOST_IMAGES
    return f"the first {MOST_IMAGES:,} of {train.origin}" if few else train.origin


def pair_figures(
    points: dict[str, np.ndarray], dataset: str, *, intervals: bool = True
) -> tuple[dict[str, Any], float]:
    """Figures of the test pairs by the points (N, E) of both splits, and the threshold."""
    pairs, same = pairs_within(dataset, "train")
    threshold = verification(pair_distances(points["train"], pairs), same).best_threshold
    pairs, same = pairs_within(dataset, "test")
    distances = pair_distances(points["test"], pairs)
    found = verification(distances, same)
    hits = int(((distances <= threshold) == same).sum())
    figures: dict[str, Any] = {
        "pair_accuracy_test": hits / len(same),
        "pair_auc_test": found.auc,
        "pair_eer_test": found.eer,
    }
    if not intervals:
        return figures, threshold
    test = load_split(dataset, "test")
    units = test.labels[pairs].astype(np.int64) if test.info.of_people else pairs
    _, units = np.unique(units, return_inverse=True)  # from 0, none left out
    drawn = bootstrap(distances, same, units.reshape(pairs.shape), threshold)
    repeated = test.info.of_people and dataset not in PUBLISHED_PAIRS
    of_accuracy = drawn["accuracy"] if repeated else accuracy_interval(hits, len(same))
    figures["pair_accuracy_test_interval"] = list(of_accuracy)
    figures["pair_auc_test_interval"] = list(drawn["auc"])
    figures["pair_eer_test_interval"] = list(drawn["eer"])
    return figures, threshold


def raw_pixels(split: ImageSplit) -> np.ndarray:
    """(N, P) float32 in [0, 1], of the split's first MOST_IMAGES images."""
    images = split.images[:MOST_IMAGES]
    return images.reshape(len(images), -1).astype(np.float32) / 255.0


def knn_rule(test: ImageSplit) -> str:
    if alone(test):
        return "nearest other test image of those with another one of their class"
    return f"vote of the {NEIGHBOURS} nearest of the first {MOST_IMAGES:,} training images"


def alone(test: ImageSplit) -> bool:
    """Whether the test classes are not those of training, so that test images ask one another."""
    return test.info.of_people or test.info.name == "mnist-unseen"


def knn_hits(points: dict[str, np.ndarray], train: ImageSplit, test: ImageSplit) -> Hits:
    """Test images whose class their neighbours say: see knn_rule."""
    labels = test.labels[:MOST_IMAGES]
    if not alone(test):
        index, _ = nearest(points["train"], points["test"], NEIGHBOURS)
        return Hits(int((vote(train.labels[index]) == labels).sum()), len(labels))
    _, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    asking = np.flatnonzero(sizes[inverse] > 1)
    index, _ = nearest(points["test"], points["test"][asking], 2)
    others = np.where(index[:, 0] == asking, index[:, 1], index[:, 0])
    return Hits(int((labels[others] == labels[asking]).sum()), len(asking))
