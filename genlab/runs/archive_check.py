"""What the files of a run that somebody brings must look like. Nothing of theirs is kept as it
came: each check returns the content written anew."""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from genlab.data.catalogue import DATASETS, find_dataset
from genlab.errors import GenLabError
from genlab.runs.families import family_of
from genlab.runs.folder import check_name
from genlab.runs.foreign_read import damaged
from genlab.runs.foreign_scan import plain
from genlab.training.config import TrainConfig

MAX_WEIGHTS = 128 * 2**20  # bytes as float32
MAX_HEADER = 2**20
LARGEST = 1e300  # a number of JSON may be NaN, infinite, or a whole one that no float can hold
MAX_EPOCHS = 100_000
LONGEST_TEXT, MOST_ITEMS = 400, 40  # of what a config says about where a run came from
MADE = {  # what pages and the card read of the block "made"
    "date": str,
    "data": str,
    "best_epoch": int,
    "epochs_done": int,
    "stopped_early": bool,
    "torch": str,
    "machine": str,
}
IMPORTED = {"date": str, "file": str, "container": str, "assumptions": list, "notes": list}


@dataclass(frozen=True)
class Expected:
    """What a config asks of the files beside it."""

    shapes: dict[str, tuple[int, ...]]  # of the weights
    images: int  # in the test split, each a point of every map
    counters: frozenset[str] = frozenset()  # of the weights: whole numbers, not float32
    noise: int = 0  # numbers of noise of a GAN, which brings a film; 0 of other families
    embedding: int = 0  # numbers that stand for an image on a Siamese network's film; or 0

    @property
    def most_bytes(self) -> int:
        """The most that model.safetensors may take."""
        numbers = sum(map(math.prod, self.shapes.values()))
        return 4 * numbers + 8 * len(self.counters) + MAX_HEADER


def check_config(content: bytes, shown: str) -> tuple[dict[str, Any], Expected]:
    """A config that trains and loads here, and what its weights look like.

    Raises:
        GenLabError: it is not one, or asks for too large a model.
    """
    from genlab.training.recipes import FAMILIES, config_from_dict  # torch loads with this

    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise GenLabError(
            f"The config.json in {shown} cannot be read; zip the folder of the run again."
        ) from error
    parts = ("family", "dataset", "model", "training")
    kinds = (str, str, dict, dict)
    if not isinstance(found, dict) or not all(
        isinstance(found.get(part), kind) for part, kind in zip(parts, kinds, strict=True)
    ):
        raise GenLabError(
            f"The config.json in {shown} is not that of a GenLab run; choose model.safetensors "
            "alone to import its weights."
        )
    try:
        if found["family"] in FAMILIES:
            check_types(FAMILIES[found["family"]].config, found["model"])
            check_types(TrainConfig, found["training"])
        start = {"start": start_of(found)}
        config = config_from_dict({part: found[part] for part in parts} | start)
        images = find_dataset(config.dataset).test_count
        if config.dataset not in DATASETS and not family_of(config.family).verifies:
            raise GenLabError(f"{config.dataset} is for networks that tell pairs apart.")
    except GenLabError as error:
        raise GenLabError(
            f"The config.json in {shown} describes no run of this GenLab: {plain(str(error), 160)}"
        ) from error
    tensors = tensors_of(config, shown)
    expected = Expected(
        {name: tuple(tensor.shape) for name, tensor in tensors.items()},
        images,
        frozenset(name for name, tensor in tensors.items() if not tensor.is_floating_point()),
        getattr(config.model, "latent_dim", 0) if family_of(config.family).has_film else 0,
        getattr(config.model, "embedding_dim", 0),
    )
    if expected.most_bytes > MAX_WEIGHTS + MAX_HEADER:
        raise GenLabError(
            f"The config.json in {shown} describes a model of {expected.most_bytes >> 20:,} MB; "
            f"import takes up to {MAX_WEIGHTS >> 20} MB."
        )
    saved = config.to_dict()
    for block, fields in (("made", MADE), ("imported", IMPORTED)):
        if kept := check_block(found.get(block), fields):
            saved[block] = kept
    return saved, expected


def start_of(config: dict[str, Any]) -> str:
    """The name of the run that a training began with, which need not be here; "" where it is none
    that a run can have."""
    try:
        return check_name(config.get("start"))
    except (GenLabError, TypeError):
        return ""


def check_types(config_type: type, values: dict[str, Any]) -> None:
    """A config's numbers must be numbers and its words words, finite and of their kind."""
    for setting in dataclasses.fields(config_type):
        value, kind = values.get(setting.name, setting.default), type(setting.default)
        fits = type(value) is kind or (kind is float and type(value) is int)
        if not fits or (kind is float and not abs(value) < LARGEST):
            raise GenLabError(f"{setting.name} is {value!r}; it takes a {kind.__name__}.")


def tensors_of(config: Any, shown: str) -> dict[str, Any]:
    """The weights that a config asks for, as torch tensors without numbers in them."""
    import torch

    from genlab.training.recipes import FAMILIES

    info = find_dataset(config.dataset)
    if config.model.pixels != info.pixels:
        raise GenLabError(
            f"The model in {shown} has {config.model.pixels} pixels; the images of {info.title} "
            f"have {info.pixels}."
        )
    try:
        with torch.device("meta"):
            model = FAMILIES[config.family].model(config.model)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise GenLabError(
            f"The config.json in {shown} describes a model that cannot be built; zip the folder "
            "of the run again."
        ) from error
    return model.state_dict()


def check_block(found: Any, fields: dict[str, type]) -> dict[str, Any] | None:
    """The fields of "made" or "imported", tamed; None where one is missing or of another kind."""
    if not isinstance(found, dict):
        return None
    kept = {}
    for name, kind in fields.items():
        if type(found.get(name)) is not kind:
            return None
        kept[name] = tamed(found[name])
    return kept


def tamed(value: Any) -> Any:
    """Words without control characters and of bearable length; lists of such words."""
    if isinstance(value, list):
        return [tamed(item) for item in value[:MOST_ITEMS] if isinstance(item, str)]
    if isinstance(value, str):
        return "".join(c for c in value[:LONGEST_TEXT] if c.isprintable())
    return value if abs(value) < 2**53 else 0


def check_weights(content: bytes, expected: Expected, shown: str) -> dict[str, np.ndarray]:
    """The weights as the config asks for them, in float32; a run that ships may have float16.

    Raises:
        GenLabError: they are broken, of other shapes, or not all numbers.
    """
    if int.from_bytes(content[:8], "little") > len(content) - 8:
        raise damaged(f"model.safetensors in {shown}")
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise damaged(f"model.safetensors in {shown}") from error
    for name, shape in expected.shapes.items():
        if name not in tensors:
            raise unfit(f"lacks {name}", shown)
        found = tensors[name]
        if found.shape != shape:
            raise unfit(f"has {name} of shape {found.shape}, not {shape}", shown)
        kinds = ("int64",) if name in expected.counters else ("float32", "float16")
        if found.dtype not in kinds:
            raise unfit(f"has {name} as {found.dtype}, not {kinds[0]}", shown)
        if name in expected.counters and (found < 0).any():
            raise unfit(f"counts below 0 in {name}", shown)
        if bad := int(found.size - np.isfinite(found).sum()):
            raise GenLabError(
                f"{bad:,} numbers of {name} in {shown} are NaN or infinite, so the model is of no "
                "use; export an earlier checkpoint."
            )
    if more := set(tensors) - set(expected.shapes):
        raise unfit(f"has the unknown tensor {plain(min(more), 40)}", shown)
    return {
        name: np.array(tensors[name], np.int64 if name in expected.counters else np.float32)
        for name in expected.shapes
    }


def unfit(what: str, shown: str) -> GenLabError:
    return GenLabError(
        f"The model.safetensors in {shown} {what}, as its config.json asks; choose that file alone "
        "to have its architecture found out."
    )


def check_metrics(content: bytes) -> bytes | None:
    """metrics.jsonl with nothing but epochs, steps, seconds and losses; None if it is not that."""
    lines = content.splitlines()
    try:
        epochs = [json.loads(line) for line in lines[:MAX_EPOCHS]]
        kept = [check_epoch(epoch) for epoch in epochs]
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None
    names = {tuple(epoch[split]) for epoch in kept for split in ("train", "validation")}
    if len(names) > 2:  # the losses change on the way
        return None
    return "".join(json.dumps(epoch) + "\n" for epoch in kept).encode()


def check_epoch(found: Any) -> dict[str, Any]:
    """One line of metrics.jsonl.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is not one.
    """
    numbers = {name: number(found[name]) for name in ("epoch", "step", "seconds")}
    losses = {}
    for split in ("train", "validation"):
        values = found[split].items()
        if not 0 < len(values) <= 20 or not all(name.isidentifier() for name, _ in values):
            raise ValueError("not losses")
        losses[split] = {name[:40]: number(value) for name, value in values}
    return numbers | losses


def number(value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) < LARGEST:
        raise ValueError("not a number")
    return value
