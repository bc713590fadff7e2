"""Every figure of a classifier, computed from its weights and the test images."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from genlab.data.images import ImageSplit, load_split
from genlab.explore.neighbours import vote
from genlab.explore.sample_scores import confusion
from genlab.runs.folder import Run, write_summary
from genlab.runs.models import load_model

NEIGHBOURS = 3  # of the vote among training images
BLOCK = 5000  # of those, compared at a time


def evaluate_classifier(
    run: Run, *, keep: bool = False, say: Callable[[str], None] = lambda what: None
) -> dict[str, Any]:
    """Accuracy, mean negative log-likelihood in nats and confusion on the test images.

    Arguments and errors as genlab.explore.evaluate.evaluate.
    """
    train, test = (load_split(run.dataset, split) for split in ("train", "test"))
    model, classes = load_model(run), len(test.info.classes)
    say("Classifying the test images")
    logits = class_logits(model, test.images)
    labels = torch.from_numpy(test.labels.astype(np.int64))
    guess = logits.argmax(1).numpy()
    say("Floor: the three nearest training images")
    result: dict[str, Any] = {
        "name": run.name,
        "family": run.family,
        "dataset": run.dataset,
        "data": test.origin,
        "parameters": sum(p.numel() for p in model.parameters()),
        "test_accuracy": float((guess == test.labels).mean()),
        "test_nll": cross_entropy(logits, labels).item(),
        "confusion": confusion(test.labels, guess, classes).tolist(),
        "floors": {
            "chance": 1 / classes,
            "raw_3nn": vote_accuracy(train, test),
            "raw_3nn_data": train.origin,
        },
    }
    if keep:
        write_summary(run, result)
    return result


@torch.no_grad()
def class_logits(model: torch.nn.Module, images: np.ndarray) -> torch.Tensor:
    """Logits (N, K) of images (N, 28, 28) uint8."""
    x = torch.from_numpy(images.astype(np.float32)).flatten(1).div_(255.0)
    return torch.cat([model(rows) for rows in x.split(500)])


def vote_accuracy(train: ImageSplit, test: ImageSplit, neighbours: int = NEIGHBOURS) -> float:
    """Accuracy on test of the vote of the nearest training images, by Euclidean distance of raw
    pixels; where no class has more votes than another, the one with the nearest image wins."""
    voters = train.labels[nearest(test.images, train.images, neighbours)]  # (N, k)
    return float((vote(voters) == test.labels).mean())


def nearest(images: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
    """Indices (N, count) of the nearest of others (M, 28, 28) to images (N, 28, 28), in order."""
    asked, rows = (flat.reshape(len(flat), -1) for flat in (images, others))
    queries = torch.from_numpy(asked.astype(np.float32))
    best = torch.full((len(asked), count), torch.inf)
    index = torch.zeros((len(asked), count), dtype=torch.int64)
    for start in range(0, len(rows), BLOCK):
        block = torch.from_numpy(rows[start : start + BLOCK].astype(np.float32))
        # |x|^2 of the query is left out: it orders nothing
        apart = torch.addmm(block.square().sum(1), queries, block.T, alpha=-2.0)
        found = apart.topk(min(count, len(block)), dim=1, largest=False)
        both = torch.cat([best, found.values], 1), torch.cat([index, found.indices + start], 1)
        best, order = both[0].topk(count, dim=1, largest=False)
        index = both[1].gather(1, order)
    return index.numpy()
