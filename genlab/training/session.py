"""From a config to a stream of records: data made resident, model built, step chosen."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

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


def prepare(
    config: RunConfig,
    *,
    weights: Mapping[str, Tensor] | None = None,
    data_root: str | None = None,
    shard: Shard = ALONE,
) -> Session:
    """Load the training images, keep them on the device and build the model there.

    Args:
        weights: what it begins with, by the tensors' names: those of run config.start.

    Raises:
        GenLabError: the images are not here, they do not fit the model, or the weights do not.
    """
    device = pick_device()
    images = load_split(config.dataset, "train", root=data_root)
    check_fit(images, config)
    data = resident(images, config.training, device)
    model = build_model(config)
    if weights:
        begin_with(model, weights, config.start)
    model.to(device)
    steps = total_steps(len(data.images), config.training)
    step = FAMILIES[config.family].step(model, config.training, steps, shard)
    if hasattr(step, "watch"):  # it films images, of those held out
        step.watch(data)
    return Session(config.training, step, data, images.origin, device)


def begin_with(model: nn.Module, weights: Mapping[str, Tensor], name: str) -> None:
    """Take over the tensors that have the name and the shape of one of the model's; the others
    stay as they were drawn.

    Raises:
        GenLabError: those are less than half of the model's weights.
    """
    own = model.state_dict()
    fitting = {key: tensor for key, tensor in weights.items() if fits(tensor, own.get(key))}
    sizes = {key: parameter.numel() for key, parameter in model.named_parameters()}
    taken, total = sum(size for key, size in sizes.items() if key in fitting), sum(sizes.values())
    if 2 * taken < total:
        raise GenLabError(
            f'Only {taken:,} of this model\'s {total:,} weights are found in "{name}", by name and '
            "shape; start from a run with like settings of the network."
        )
    model.load_state_dict(own | fitting)


def fits(tensor: Tensor, place: Tensor | None) -> bool:
    return place is not None and tensor.shape == place.shape


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


def prepare_together(
    config: RunConfig,
    *,
    weights: Mapping[str, Tensor] | None = None,
    data_root: str | None,
    shard: Shard,
) -> Session:
    """`prepare` in every process of the group.

    Raises:
        GenLabError: it failed in one of them, or they found different images.
    """
    session = together(
        shard, lambda: prepare(config, weights=weights, data_root=data_root, shard=shard)
    )
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
