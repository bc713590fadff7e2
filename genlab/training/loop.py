"""The one training loop: a generator of small records, for every family.

To stop is to stop asking. All randomness comes from the seed and from where the training stands
(the order of the images from the epoch, the noise from the step), so that a training that goes on
from any StepRecord's position does exactly what it would have done without the interruption.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from genlab.training.config import TrainConfig


class Step(Protocol):
    """What differs between families: a model, its optimisers, and one update."""

    model: nn.Module
    best_by: str  # the validation figure whose lowest epoch is kept; "" keeps the last
    frames_at: tuple[int, ...] | None  # updates with a frame of the film, beside 0 and every epoch

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]: ...

    def evaluate(self, images: Tensor, labels: Tensor, seed: int) -> dict[str, float]: ...

    def pictures(self, images: Tensor, labels: Tensor, seed: int) -> Tensor: ...

    def state_dict(self) -> dict: ...

    def load_state_dict(self, state: dict) -> None: ...


class OrderedStep(Step, Protocol):
    """A step that says in which order the images of an epoch come; else it is any. It may fill
    the last batch up with images that have come already."""

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor: ...


class FilmedStep(Step, Protocol):
    """A step that shows the same inputs over and over while the model learns."""

    def frame(self) -> dict[str, np.ndarray]: ...

    def fixed(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class TrainingData:
    """A dataset that lives on the device: a batch is an index into it."""

    images: Tensor  # (N, P) uint8, trained on
    labels: Tensor  # (N,) int64
    validation_images: Tensor  # (M, P) uint8, held out
    validation_labels: Tensor  # (M,) int64
    validation_rows: Tensor  # (M,) int64, where they stood among all


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
    images_seen: int  # repeats counted
    losses: dict[str, float]  # means over the batches since the last StepRecord
    trace: dict[str, list[float]]  # the loss of each of those batches
    position: Position


@dataclass(frozen=True)
class EpochRecord:
    epoch: int  # from 1
    step: int
    images_seen: int
    train: dict[str, float]  # means over the epoch's batches, while the weights were moving
    validation: dict[str, float]  # of the weights at the end of the epoch
    seconds: float  # of training alone


def split_data(
    images: Tensor, labels: Tensor, config: TrainConfig, *, by_class: bool = False
) -> TrainingData:
    """Hold out `validation_share` of images (N, P), chosen by the seed.

    Args:
        by_class: hold out that share of the classes, with all their images.
    """
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(config.seed))
    held = round(len(images) * config.validation_share)
    if by_class:
        order, held = classes_first(order, labels.cpu(), config)
    if not 0 < held < len(images):
        raise ValueError(
            f"{len(images)} images with validation_share {config.validation_share} leave "
            f"{len(images) - held} to train on; give more images."
        )
    kept, held_out = order[held:].to(images.device), order[:held].to(images.device)
    return TrainingData(images[kept], labels[kept], images[held_out], labels[held_out], held_out)


def classes_first(order: Tensor, labels: Tensor, config: TrainConfig) -> tuple[Tensor, int]:
    """The order with the images of some classes first, and how many they are."""
    classes = labels.unique()
    drawn = torch.randperm(len(classes), generator=torch.Generator().manual_seed(config.seed))
    chosen = classes[drawn[: round(len(classes) * config.validation_share)]]
    inside = torch.isin(labels[order], chosen)
    return torch.cat([order[inside], order[~inside]]), int(inside.sum())


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
    device, N, B = data.images.device, len(data.images), config.batch_size
    frames_at = frozenset(step.frames_at or ())
    batches = -(-N // B)
    noise = torch.Generator(device)
    arrange = getattr(step, "order", any_order)
    for epoch in range(start.epoch, config.epochs + 1):
        position = start if epoch == start.epoch else Position(epoch)
        seed = config.seed * 1_000_003 + epoch
        order = arrange(data.labels, torch.Generator().manual_seed(seed)).to(device)
        step.model.train()
        recent, started, idle = [], time.perf_counter(), 0.0
        for index, batch in enumerate(order.split(B)):
            if index < position.batch:
                continue
            done = (epoch - 1) * batches + index + 1
            noise.manual_seed(config.seed * 1_000_000_007 + done)
            losses = step(
                data.images.index_select(0, batch), data.labels.index_select(0, batch), noise
            )
            recent.append(losses)
            last = index == batches - 1
            if len(recent) == report_every or last or done in frames_at:
                trace = on_the_host(recent)
                sums = {name: sum(values) for name, values in trace.items()}
                position = Position(epoch, index + 1, added(position.totals, sums))
                now = {name: value / len(recent) for name, value in sums.items()}
                seen = (epoch - 1) * N + min((index + 1) * B, N)
                recent, paused = [], time.perf_counter()
                yield StepRecord(epoch, done, batches * config.epochs, seen, now, trace, position)
                idle += time.perf_counter() - paused
        seconds = time.perf_counter() - started - idle
        step.model.eval()
        validation = step.evaluate(data.validation_images, data.validation_labels, config.seed)
        mean = {name: value / batches for name, value in position.totals.items()}
        yield EpochRecord(epoch, epoch * batches, epoch * N, mean, validation, seconds)


def any_order(labels: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randperm(len(labels), generator=generator)


def on_the_host(recent: list[dict[str, Tensor]]) -> dict[str, list[float]]:
    """The losses of some batches, by name, fetched from the device in one piece."""
    columns = torch.stack([torch.stack(list(losses.values())) for losses in recent]).T.tolist()
    return dict(zip(recent[0], columns, strict=True))


def added(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0.0) + value for name, value in other.items()}
