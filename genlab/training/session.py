"""From a config to a stream of records: data made resident, model built, step chosen."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from genlab.data.catalogue import DATASETS
from genlab.data.images import ImageSplit, load_split
from genlab.errors import GenLabError
from genlab.training.config import TrainConfig
from genlab.training.device import pick_device
from genlab.training.loop import (
    FIRST,
    EpochRecord,
    Position,
    Step,
    StepRecord,
    TrainingData,
    split_data,
    total_steps,
    train,
)
from genlab.training.process_group import ALONE, Shard, together
from genlab.training.recipes import FAMILIES, RunConfig, build_model


@dataclass(frozen=True)
class Session:
    """A training that is ready to run."""

    config: TrainConfig
    step: Step
    data: TrainingData
    origin: str  # which training images are in use
    device: torch.device

    def records(
        self, start: Position = FIRST, *, report_every: int = 20
    ) -> Iterator[StepRecord | EpochRecord]:
        """Train from `start` on; the model and the step hold the state that belongs to it."""
        return train(self.step, self.data, self.config, start=start, report_every=report_every)


def prepare(config: RunConfig, *, data_root: str | None = None, shard: Shard = ALONE) -> Session:
    """Load the training images, keep them on the device and build the model there.

    Raises:
        GenLabError: the images are not here, or do not fit the model.
    """
    device = pick_device()
    images = load_split(config.dataset, "train", root=data_root)
    check_fit(images, config)
    data = resident(images, config.training, device)
    model = build_model(config).to(device)
    steps = total_steps(len(data.images), config.training)
    step = FAMILIES[config.family].step(model, config.training, steps, shard)
    if hasattr(step, "watch"):  # it films images, of those held out
        step.watch(data)
    return Session(config.training, step, data, images.origin, device)


def check_fit(images: ImageSplit, config: RunConfig) -> None:
    """Refuse images that the model does not take."""
    identities = getattr(config.model, "identities", None)
    if identities is None and images.info.name not in DATASETS:
        raise GenLabError(
            f"{images.info.title} is for networks that tell pairs apart; a {config.family} takes "
            f"{', '.join(DATASETS)}."
        )
    found, H, W = images.images[0].size, *images.images.shape[1:]
    if found != config.model.pixels:
        raise GenLabError(
            f"The model takes {config.model.pixels} pixels but {images.info.title} has {found} "
            f"({H} x {W}); set pixels={found}, or choose a recipe for these images."
        )
    if identities is not None and images.labels.max() >= identities:
        raise GenLabError(
            f"The model knows {identities} classes but {images.info.title} has "
            f"{images.labels.max() + 1}; choose a recipe for these images."
        )


def prepare_together(config: RunConfig, *, data_root: str | None, shard: Shard) -> Session:
    """`prepare` in every process of the group.

    Raises:
        GenLabError: it failed in one of them, or they found different images.
    """
    session = together(shard, lambda: prepare(config, data_root=data_root, shard=shard))
    labels = zlib.crc32(session.data.labels.cpu().numpy())  # stands for the images, in order
    found = shard.gather((labels, session.origin))
    for other, origin in found:
        if other != found[0][0]:
            raise GenLabError(
                f"The processes found different images ({found[0][1]}; {origin}); "
                "give every machine the same."
            )
    return session


def resident(split: ImageSplit, config: TrainConfig, device: torch.device) -> TrainingData:
    images = torch.from_numpy(split.images.copy()).flatten(1).to(device)  # (N, P) uint8
    labels = torch.from_numpy(split.labels.astype(np.int64)).to(device)
    return split_data(images, labels, config, by_class=split.info.of_people)
