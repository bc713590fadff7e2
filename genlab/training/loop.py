"""The one training loop: a generator of small records, for every family.

To stop is to stop asking. All randomness of an epoch (the order of the images, the noise) comes
from the seed and the epoch's number, so that a run continued from the end of any epoch goes on
exactly as if it had not been interrupted.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from genlab.training.config import TrainConfig


class Step(Protocol):
    """What differs between families: a model, its optimisers, and one update."""

    model: nn.Module
    best_by: str

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]: ...

    def evaluate(self, images: Tensor, labels: Tensor, seed: int) -> dict[str, float]: ...


@dataclass(frozen=True)
class TrainingData:
    """A dataset that lives on the device: a batch is an index into it."""

    images: Tensor  # (N, P) uint8, trained on
    labels: Tensor  # (N,) int64
    validation_images: Tensor  # (M, P) uint8, held out
    validation_labels: Tensor  # (M,) int64


@dataclass(frozen=True)
class StepRecord:
    epoch: int  # from 1
    step: int  # updates made so far, from 1
    steps: int  # updates of the whole run
    losses: dict[str, float]  # means over the batches since the last StepRecord


@dataclass(frozen=True)
class EpochRecord:
    epoch: int  # from 1
    step: int
    train: dict[str, float]  # means over the epoch's batches, while the weights were moving
    validation: dict[str, float]  # of the weights at the end of the epoch
    seconds: float  # of training alone


def split_data(images: Tensor, labels: Tensor, config: TrainConfig) -> TrainingData:
    """Hold out `validation_share` of images (N, P), chosen by the seed."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(config.seed))
    held = round(len(images) * config.validation_share)
    if not 0 < held < len(images):
        raise ValueError(
            f"{len(images)} images with validation_share {config.validation_share} leave "
            f"{len(images) - held} to train on; give more images."
        )
    kept, held_out = order[held:].to(images.device), order[:held].to(images.device)
    return TrainingData(images[kept], labels[kept], images[held_out], labels[held_out])


def total_steps(images: int, config: TrainConfig) -> int:
    return config.epochs * -(-images // config.batch_size)


def train(
    step: Step,
    data: TrainingData,
    config: TrainConfig,
    *,
    first_epoch: int = 1,
    report_every: int = 20,
) -> Iterator[StepRecord | EpochRecord]:
    """Train from `first_epoch` to the last; yield as it goes."""
    device, N = data.images.device, len(data.images)
    steps = total_steps(N, config)
    count = (first_epoch - 1) * (steps // config.epochs)
    for epoch in range(first_epoch, config.epochs + 1):
        seed = config.seed * 1_000_003 + epoch
        order = torch.randperm(N, generator=torch.Generator().manual_seed(seed)).to(device)
        noise = torch.Generator(device).manual_seed(seed)
        step.model.train()
        recent, whole, started, idle = [], [], time.perf_counter(), 0.0
        for batch in order.split(config.batch_size):
            losses = step(
                data.images.index_select(0, batch), data.labels.index_select(0, batch), noise
            )
            recent.append(losses)
            count += 1
            if len(recent) == report_every:
                whole.append((len(recent), means(recent)))
                recent = []
                paused = time.perf_counter()
                yield StepRecord(epoch, count, steps, whole[-1][1])
                idle += time.perf_counter() - paused
        if recent:
            whole.append((len(recent), means(recent)))
        seconds = time.perf_counter() - started - idle
        step.model.eval()
        validation = step.evaluate(data.validation_images, data.validation_labels, config.seed)
        yield EpochRecord(epoch, count, weighted_means(whole), validation, seconds)


def means(losses: list[dict[str, Tensor]]) -> dict[str, float]:
    return {name: torch.stack([part[name] for part in losses]).mean().item() for name in losses[0]}


def weighted_means(parts: list[tuple[int, dict[str, float]]]) -> dict[str, float]:
    total = sum(count for count, _ in parts)
    return {
        name: sum(count * values[name] for count, values in parts) / total for name in parts[0][1]
    }
