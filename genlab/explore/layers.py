"""Look inside any network by its weights: its layers, how their numbers are spread, and which of
its ReLU units are dead as far as that is cheap to tell. No torch in here.

A unit of a convolution is a channel.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genlab.errors import GenLabError
from genlab.explore.gan_layers import forward
from genlab.explore.samples import layers_of_generator, some_noise
from genlab.explore.xray import TensorFigures, tensor_figures
from genlab.runs.folder import Run, load_tensors

NEVER = 1e-4  # share of the time below which a channel counts as dead
NO_WEIGHTS = ("num_batches_tracked", "_u", "_v")  # counters, and what finds a singular value
NOT_TRAINED = ("running_mean", "running_var")  # measured while training
SPECTRAL = ".parametrizations.weight"  # what torch puts into the names of a normalised layer


@dataclass(frozen=True)
class Layer:
    name: str  # "generator.0"
    kind: str  # in words
    shape: tuple[int, ...]  # of its weight
    parameters: int


@dataclass(frozen=True)
class Silence:
    """The ReLU units of one part of a network."""

    part: str  # in words
    units: int
    dead: int
    how: str  # it was told


@dataclass(frozen=True)
class LayerXRay:
    layers: tuple[Layer, ...]
    tensors: tuple[TensorFigures, ...]  # of more than one number
    silences: tuple[Silence, ...]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def not_finite(self) -> int:
        return sum(tensor.not_finite for tensor in self.tensors)


def layer_xray(run: Run) -> LayerXRay:
    """The X-ray of a network of any family.

    Raises:
        GenLabError: the weights are not here, or cannot be read.
    """
    tensors = load_tensors(run)
    if not tensors:
        raise GenLabError(f"model.safetensors of {run.name} is empty; import the file again.")
    return LayerXRay(
        layers=tuple(layers_of(tensors)),
        tensors=tuple(
            tensor_figures(plain_name(name), array)
            for name, array in sorted(tensors.items(), key=lambda item: numbered(item[0]))
            if array.size > 1 and name.rpartition(".")[2] not in NO_WEIGHTS
        ),
        silences=tuple(silences(run, tensors)),
    )


def plain_name(name: str) -> str:
    return name.replace(SPECTRAL, "").replace(".original", ".weight")


def layers_of(tensors: Mapping[str, np.ndarray]) -> list[Layer]:
    """The layers in the order of their numbers: the tensors of one name but for its last word."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    for name, array in sorted(tensors.items(), key=lambda item: numbered(item[0])):
        layer, _, word = plain_name(name).rpartition(".")
        if word not in NO_WEIGHTS:
            groups.setdefault(layer or word, {})[word] = array
    found = []
    for layer, parts in groups.items():
        weight = parts.get("weight", next(iter(parts.values())))
        trained = [array for word, array in parts.items() if word not in NOT_TRAINED]
        found.append(
            Layer(layer, kind_of(layer, parts), weight.shape, sum(a.size for a in trained))
        )
    return found


def numbered(name: str) -> list[tuple[int, str]]:
    """A key by which "body.3" comes before "body.10"."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in name.split(".")]


def kind_of(layer: str, parts: Mapping[str, np.ndarray]) -> str:
    weight = parts.get("weight")
    if "running_var" in parts:
        return "batch normalisation"
    if weight is None or weight.ndim not in (2, 4):
        return "other"
    if weight.ndim == 2:
        return "linear"
    bias = parts.get("bias")
    transposed = bias is not None and len(bias) == weight.shape[1] != weight.shape[0]
    return "transposed convolution" if transposed else "convolution"


# --- units that are off --------------------------------------------------------------------------


def silences(run: Run, tensors: Mapping[str, np.ndarray]) -> list[Silence]:
    """Dead units where that is told in a moment. A leaky ReLU is never at rest, so that it has
    none: those of the discriminators, and of two of the four generators."""
    with np.errstate(all="ignore"):
        if run.family in ("classifier", "siamese"):
            return [behind_normalisation(tensors)]
        if run.family == "gan":
            found = on_noise(run, tensors)
            return [found] if found.units else []
    return []


def behind_normalisation(tensors: Mapping[str, np.ndarray]) -> Silence:
    """Channels that a batch normalisation keeps below 0: over the images they have the mean beta
    and the standard deviation |gamma|, so as a Gaussian they are on for Phi(beta / |gamma|)."""
    norms = [n.removesuffix(".running_var") for n in tensors if n.endswith(".running_var")]
    beta = np.concatenate([np.empty(0), *(tensors[f"{name}.bias"] for name in norms)])
    gamma = np.concatenate([np.empty(0), *(tensors[f"{name}.weight"] for name in norms)])
    dead = sum(share_on(b, abs(g)) < NEVER for b, g in zip(beta, gamma, strict=True))
    return Silence("convolutions", len(beta), int(dead), "by their batch normalisation")


def share_on(mean: float, std: float) -> float:
    """How often a Gaussian is above 0."""
    if not std > 0.0:
        return float(mean > 0.0)
    return 0.5 * math.erfc(-float(mean) / (float(std) * math.sqrt(2.0)))


def on_noise(run: Run, tensors: Mapping[str, np.ndarray]) -> Silence:
    """Units of the generator, channels where it convolves, that no noise turns on."""
    layers = layers_of_generator(run, tensors)
    x, units, dead = some_noise(run), 0, 0
    for layer in layers:
        x = forward(layer, x.reshape(len(x), *layer.takes))
        if layer.kind == "leaky" and layer.slope == 0.0:
            on = (x > 0.0).reshape(len(x), layer.takes[0], -1).any(axis=(0, 2))
            units, dead = units + len(on), dead + int((~on).sum())
    return Silence("generator", units, dead, f"on {len(x)} noises")
