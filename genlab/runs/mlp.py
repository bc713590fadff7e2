"""A run's weights at work in numpy: what pages and import need without waiting for torch.

Shapes: B images, P pixels, K label inputs (0 for a VAE), H hidden units, Z latent dimensions.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from genlab.errors import GenLabError

Tensors = Mapping[str, np.ndarray]  # under GenLab's names: encoder.0.weight, encoder.0.bias, ...


class MLPOutput(NamedTuple):
    firing: np.ndarray  # (H,) share of the B rows on which a unit of the last hidden layer is on
    output: np.ndarray  # (B, out)


def mlp(tensors: Tensors, part: str, x: np.ndarray, one_hot: np.ndarray | None) -> MLPOutput:
    """The "encoder" or "decoder": linear layers with ReLU between them.

    Args:
        x: (B, D) float32.
        one_hot: (B, K) labels, joined after x; None for a VAE.
    """
    h = x if one_hot is None else np.concatenate([x, one_hot], axis=1)
    firing = np.ones(h.shape[1])
    layers = layer_names(tensors, part)
    for layer in layers:
        h = h @ tensors[f"{layer}.weight"].T + tensors[f"{layer}.bias"]
        if layer != layers[-1]:
            h = np.maximum(h, 0)
            firing = (h > 0).mean(axis=0)
    return MLPOutput(firing, h)


def layer_names(tensors: Tensors, part: str) -> list[str]:
    """["encoder.0", "encoder.2", ...]: the layers of a Sequential, in order."""
    numbers = {key.split(".")[1] for key in tensors if key.startswith(f"{part}.")}
    return [f"{part}.{n}" for n in sorted(int(n) for n in numbers if n.isdecimal())]


def check_layers(tensors: Tensors, P: int, K: int, name: str) -> None:
    """Refuse weights whose layers do not chain from P pixels to 2Z numbers, and from Z to P."""
    width, Z2 = P + K, 0
    for part in ("encoder", "decoder"):
        for layer in layer_names(tensors, part):
            weight, bias = tensors.get(f"{layer}.weight"), tensors.get(f"{layer}.bias")
            fits = weight is not None and bias is not None and weight.ndim == 2
            if not fits or weight.shape[1] != width or bias.shape != weight.shape[:1]:
                raise GenLabError(
                    f"Layer {layer} of {name} does not fit the layer before it; "
                    "import the file again."
                )
            width = len(weight)
        if part == "encoder":
            Z2, width = width, width // 2 + K
    if Z2 % 2 or width != P or not all(layer_names(tensors, p) for p in ("encoder", "decoder")):
        raise GenLabError(
            f"The weights of {name} are not an encoder and a decoder of {P} pixels; "
            "import the file again."
        )


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logits))


def bernoulli_nll(logits: np.ndarray, x: np.ndarray) -> np.ndarray:
    """-log p(x|z) of pixels in [0, 1] under Bernoulli logits: (B, P) twice to (B,) nats."""
    nll = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - x * logits
    return nll.sum(axis=1, dtype=np.float64)


def gaussian_kl(mu: np.ndarray, logvar: np.ndarray) -> np.ndarray:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each latent dimension: (B, Z) twice to (B, Z) nats."""
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar)


def mean_image_nll(x: np.ndarray) -> float:
    """Mean NLL of always predicting the mean of images x (B, P), nats per image."""
    mean = x.mean(axis=0, dtype=np.float64).clip(1e-6, 1 - 1e-6)
    return float(-(x @ np.log(mean) + (1 - x) @ np.log1p(-mean)).mean())
