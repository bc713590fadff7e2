"""A GAN's generator as a list of plain layers, read and run without torch.

Each architecture is written down once more, module by module, in the order of
`genlab.models.gan_networks`: the n-th word stands for the n-th module of its Sequential, whose
tensors are generator.n.weight, generator.n.bias and so on. A batch norm, which at rest is a scale
and a shift for each channel, is folded into the layer before it where that is linear.

Shapes: B images, Z latent dimensions, C H W channels, height and width, k the side of a kernel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genlab.errors import GenLabError

SIDE = 28  # of an image of the data
EPSILON = 1e-5  # that torch's batch norm adds to the variance
GENERATORS = {
    "mlp": "linear relu linear relu linear tanh view:1,28,28",
    "dcgan-course": "linear relu norm linear relu norm view:128,7,7 "
    "deconv:2,1 relu norm deconv:2,1 tanh",
    "dcgan-32": "view:Z,1,1 deconv:1,0 leaky:0.2 deconv:2,1 leaky:0.2 deconv:2,1 leaky:0.2 "
    "deconv:2,1 tanh",
    "dcgan-28": "linear view:256,7,7 norm leaky:0.2 deconv:2,1 norm leaky:0.2 "
    "deconv:2,1 norm leaky:0.2 conv:1,1 norm leaky:0.2 conv:1,1 tanh",
}


@dataclass(frozen=True)
class Layer:
    """One layer. What it takes and gives is (C, H, W); a flat vector is (C, 1, 1)."""

    kind: str  # linear, conv, deconv (transposed convolution), affine, leaky or tanh
    takes: tuple[int, int, int]
    gives: tuple[int, int, int]
    weight: np.ndarray | None = None  # as torch has it; of affine the scale, (C,)
    bias: np.ndarray | None = None  # (C,) of what it gives
    stride: int = 1
    padding: int = 0
    slope: float = 0.0  # of leaky, below 0; that of a ReLU is 0


def generator_layers(model: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> list[Layer]:
    """The generator that a run's pictures come from, in float32.

    Args:
        model: the run's config["model"].
        tensors: the run's weights, as `runs.folder.load_tensors` reads them.

    Raises:
        GenLabError: the weights are not those of the architecture that the config names.
    """
    name, Z = model["architecture"], model["latent_dim"]
    if name not in GENERATORS:
        raise GenLabError(f"architecture is {name!r}; choose one of {', '.join(GENERATORS)}.")
    prefix = "averaged" if model["averaging"] else "generator"
    layers: list[Layer] = []
    shape = (Z, 1, 1)
    try:
        for place, word in enumerate(GENERATORS[name].split()):
            kind, _, numbers = word.partition(":")
            if kind == "view":
                shape = tuple(Z if part == "Z" else int(part) for part in numbers.split(","))
                if layers:
                    layers[-1] = replace(layers[-1], gives=shape)
                continue
            own = {
                key.rpartition(".")[2]: value.astype(np.float32)
                for key, value in tensors.items()
                if key.startswith(f"{prefix}.{place}.")
            }
            layer = read_layer(kind, numbers, own, shape)
            if layer.kind == "affine" and layers and layers[-1].weight is not None:
                layers[-1] = folded(layers[-1], layer)
            else:
                layers.append(layer)
            shape = layers[-1].gives
    except (KeyError, ValueError) as error:
        raise GenLabError(
            f"The weights do not fit the generator of {name} ({error}); import them again."
        ) from error
    return layers


def read_layer(
    kind: str, numbers: str, own: Mapping[str, np.ndarray], shape: tuple[int, int, int]
) -> Layer:
    """One module of torch, with its tensors, as it stands where images have the given shape."""
    C, H, W = shape
    if kind in ("relu", "leaky"):
        return Layer("leaky", shape, shape, slope=float(numbers or 0.0))
    if kind == "tanh":
        return Layer("tanh", shape, shape)
    if kind == "norm":
        scale = own["weight"] / np.sqrt(own["running_var"] + EPSILON)
        return Layer("affine", shape, shape, scale, own["bias"] - scale * own["running_mean"])
    weight, bias = own["weight"], own["bias"]
    if kind == "linear":
        if weight.shape[1] != C * H * W:
            raise ValueError(f"a layer takes {weight.shape[1]} numbers but gets {C * H * W}")
        return Layer("linear", (C * H * W, 1, 1), (len(weight), 1, 1), weight, bias)
    stride, padding = (int(part) for part in numbers.split(","))
    if weight.shape[kind == "conv"] != C:
        raise ValueError(f"a layer takes {weight.shape[kind == 'conv']} channels but gets {C}")
    k = weight.shape[2]
    if kind == "conv":
        sides = ((side + 2 * padding - k) // stride + 1 for side in (H, W))
    else:
        sides = ((side - 1) * stride - 2 * padding + k for side in (H, W))
        if (H, W, padding) == (1, 1, 0):  # of one pixel: every output is a sum of the channels
            flat, repeated = weight.reshape(C, -1).T, np.repeat(bias, k * k)
            return Layer("linear", shape, (len(bias), k, k), flat, repeated)
    return Layer(kind, shape, (len(bias), *sides), weight, bias, stride, padding)


def folded(layer: Layer, affine: Layer) -> Layer:
    """The linear layer and the affine one after it, in one."""
    scale, shift = affine.weight, affine.bias
    if layer.kind == "linear":  # a channel may stand for many of its outputs
        scale, shift = (
            np.repeat(values, layer.bias.size // values.size) for values in (scale, shift)
        )
    outputs = 1 if layer.kind == "deconv" else 0  # the axis of the weight
    across = [-1 if axis == outputs else 1 for axis in range(layer.weight.ndim)]
    return replace(
        layer, weight=layer.weight * scale.reshape(across), bias=layer.bias * scale + shift
    )


def generate(layers: Sequence[Layer], z: np.ndarray) -> np.ndarray:
    """Noise (B, Z) to images (B, 784) float32 in [0, 1], as `GAN.generate` gives them."""
    x = np.asarray(z, np.float32).reshape(len(z), *layers[0].takes)
    for layer in layers:
        x = forward(layer, x.reshape(len(z), *layer.takes))
    x = x.reshape(len(z), *layers[-1].gives)
    margin = (x.shape[-1] - SIDE) // 2
    inner = x[:, 0, margin : margin + SIDE, margin : margin + SIDE]
    return ((inner + 1.0) / 2.0).reshape(len(z), -1)


def forward(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Images (B, *takes) to what the layer makes of them, (B, C', H', W') or (B, C')."""
    if layer.kind == "leaky":
        return np.where(x > 0.0, x, np.float32(layer.slope) * x)
    if layer.kind == "tanh":
        return np.tanh(x)
    if layer.kind == "linear":
        return x.reshape(len(x), -1) @ layer.weight.T + layer.bias
    across = (1, -1, 1, 1)
    if layer.kind == "affine":
        return x * layer.weight.reshape(across) + layer.bias.reshape(across)
    sums = (convolved if layer.kind == "conv" else spread)(layer, x)
    return sums + layer.bias.reshape(across)


def convolved(layer: Layer, x: np.ndarray) -> np.ndarray:
    k, p, s = layer.weight.shape[2], layer.padding, layer.stride
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))[:, :, ::s, ::s]
    return np.tensordot(windows, layer.weight, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def spread(layer: Layer, x: np.ndarray) -> np.ndarray:
    """A transposed convolution: every pixel adds its multiple of the kernel to the output."""
    k, p, s = layer.weight.shape[2], layer.padding, layer.stride
    B, _, H, W = x.shape
    parts = np.tensordot(x, layer.weight, axes=((1,), (0,)))  # (B, H, W, C', k, k)
    out = np.zeros((B, layer.weight.shape[1], (H - 1) * s + k, (W - 1) * s + k), np.float32)
    for i in range(k):
        for j in range(k):
            rows, columns = slice(i, i + s * H, s), slice(j, j + s * W, s)
            out[:, :, rows, columns] += parts[..., i, j].transpose(0, 3, 1, 2)
    return out[:, :, p : out.shape[2] - p, p : out.shape[3] - p]
