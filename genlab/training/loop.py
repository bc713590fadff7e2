"""The one training loop: a generator of small records, for every family.

To stop is to stop asking. All randomness comes from the seed and from where the training stands
(the order of the images from the epoch, the noise from the step), so that a training that goes on
from any StepRecord's position does exactly what it would have done without the interruption.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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

    def pictures(self, images: Tensor, labels: Tensor, seed: int) -> Tensor: ...

    def state_dict(self) -> dict: ...

    def load_state_dict(self, state: dict) -> None: ...


@dataclass(frozen=True)
class TrainingData:
    """A dataset that lives on the device: a batch is an index into it."""

    images: Tensor  # (N, P) uint8, trained on
    labels: Tensor  # (N,) int64
    validation_images: Tensor  # (M, P) uint8, held out
    validation_labels: Tensor  # (M,) int64


@dataclass(frozen=True)
class Position:
    """Where a training stands: with the weights and the step's state, enough to go on."""

    epoch: int = 1
    batch: int = 0  # batches of this epoch done
    totals: Mapping[str, float] = field(default_factory=dict)  # sums of the losses over those


FIRST = Position()


@dataclass(frozen=True)
class StepRecord:
    epoch: int  # from 1
    step: int  # updates made so far, from 1
    steps: int  # updates of the whole run
    losses: dict[str, float]  # means over the batches since the last StepRecord
    position: Position


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
    start: Position = FIRST,
    report_every: int = 20,
) -> Iterator[StepRecord | EpochRecord]:
    """Train from `start` to the last epoch; yield as it goes."""
    device, N = data.images.device, len(data.images)
    batches = -(-N // config.batch_size)
    noise = torch.Generator(device)
    for epoch in range(start.epoch, config.epochs + 1):
        position = start if epoch == start.epoch else Position(epoch)
        seed = config.seed * 1_000_003 + epoch
        order = torch.randperm(N, generator=torch.Generator().manual_seed(seed)).to(device)
        step.model.train()
        recent, started, idle = [], time.perf_counter(), 0.0
        for index, batch in enumerate(order.split(config.batch_size)):
            if index < position.batch:
                continue
            done = (epoch - 1) * batches + index + 1
            noise.manual_seed(config.seed * 1_000_000_007 + done)
            losses = step(
                data.images.index_select(0, batch), data.labels.index_select(0, batch), noise
            )
            recent.append(losses)
            if len(recent) == report_every or index == batches - 1:
                sums = {name: total([part[name] for part in recent]) for name in losses}
                position = Position(epoch, index + 1, added(position.totals, sums))
                now = {name: value / len(recent) for name, value in sums.items()}
                recent, paused = [], time.perf_counter()
                yield StepRecord(epoch, done, batches * config.epochs, now, position)
                idle += time.perf_counter() - paused
        seconds = time.perf_counter() - started - idle
        step.model.eval()
        validation = step.evaluate(data.validation_images, data.validation_labels, config.seed)
        mean = {name: value / batches for name, value in position.totals.items()}
        yield EpochRecord(epoch, epoch * batches, mean, validation, seconds)


def total(values: list[Tensor]) -> float:
    return torch.stack(values).sum().item()


def added(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0.0) + value for name, value in other.items()}
