"""Recognise GenLab's own GANs and classifiers in a file that holds nothing but their weights.

Of these networks the names count: what GenLab exports comes back, and what anybody saved from the
same classes. A foreign GAN under other names is not taken apart.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genlab.runs.foreign_fit import check_finite
from genlab.runs.foreign_read import Tensors

PLAYERS = ("generator.", "discriminator.")  # what the names of a GAN of ours begin with
SPECTRAL = ".parametrizations.weight.original"
USUAL = "mnist"  # where nobody says which images a network saw


@dataclass(frozen=True)
class Network:
    """A file's tensors as a model of a family that is recognised by its names."""

    family: str
    model: dict[str, Any]  # the fields of the family's config
    tensors: dict[str, np.ndarray]  # as `runs/models.py` loads them
    assumptions: tuple[str, ...]  # what the file does not say, a sentence each


def fit_network(tensors: Tensors) -> Network | None:
    """The tensors as a GAN or a classifier of GenLab's; None where they are not one.

    Raises:
        GenLabError: they are, but there are NaN or infinite numbers in them.
    """
    names = tensors.arrays.keys()
    if not (all(any(n.startswith(p) for n in names) for p in PLAYERS) or "head.weight" in names):
        return None
    from genlab.training.recipes import FAMILIES  # torch loads with this

    for family, settings, assumptions in candidates(tensors.arrays):
        try:
            config = FAMILIES[family].config(**settings)
        except ValueError:
            continue
        wanted = state_of(FAMILIES[family].model, config)
        if wanted.keys() == names and all(fits(tensors.arrays[n], wanted[n]) for n in names):
            check_finite(tensors, set(names))
            kept = {name: as_wanted(tensors.arrays[name], wanted[name]) for name in names}
            return Network(family, asdict(config), kept, assumptions)
    return None


def candidates(
    arrays: dict[str, np.ndarray],
) -> Iterator[tuple[str, dict[str, Any], tuple[str, ...]]]:
    """Family, settings and assumptions of the models that the names and sizes may be of."""
    from genlab.models.gan_networks import ARCHITECTURES

    averaged = any(name.startswith("averaged.") for name in arrays)
    spectral = any(name.endswith(SPECTRAL) for name in arrays)
    for architecture in ARCHITECTURES:
        transposed = architecture == "dcgan-32"  # whose first layer is a transposed convolution
        first = arrays.get("generator.1.weight" if transposed else "generator.0.weight")
        if first is not None and first.ndim >= 2:
            yield (
                "gan",
                {
                    "architecture": architecture,
                    "latent_dim": first.shape[0 if transposed else 1],
                    "averaging": 0.999 if averaged else 0.0,
                    "normalisation": "spectral" if spectral else "none",
                },
                (
                    "Gaussian noise, and the non-saturating loss: the weights do not say.",
                    *(["The generator was averaged at 0.999."] if averaged else []),
                ),
            )
    body, head = arrays.get("body.0.weight"), arrays.get("head.weight")
    if body is not None and head is not None and body.ndim == 4 and head.ndim == 2:
        sizes = {"channels": len(body), "feature_dim": head.shape[1], "classes": len(head)}
        yield "classifier", sizes, ("Its classes are in the order of the dataset's labels.",)


def state_of(model_type: Any, config: Any) -> dict[str, Any]:
    """The names and shapes of a model's weights, without making any."""
    import torch

    with torch.device("meta"):
        return model_type(config).state_dict()


def fits(array: np.ndarray, wanted: Any) -> bool:
    """Whether the shapes agree; a single number may have come as a row of one."""
    return array.shape == tuple(wanted.shape) or (wanted.ndim == 0 and array.size == 1)


def as_wanted(array: np.ndarray, wanted: Any) -> np.ndarray:
    """The array in the wanted shape; counters of batch norms are whole numbers."""
    kind = np.float32 if wanted.is_floating_point() else np.int64
    return np.array(array, kind).reshape(tuple(wanted.shape))


def reason_of_names(names: list[str]) -> str | None:
    """What to say of a file whose names speak of a GAN that is not one of ours."""
    words = {part.lower() for name in names for part in name.split(".")}
    if words & {"generator", "discriminator", "netg", "netd"}:
        return (
            "its names speak of a GAN; of those GenLab takes its own four architectures under "
            "their own names, or the zip of a run."
        )
    return None


def dataset_of(dataset: str | None) -> tuple[str, list[str]]:
    """The dataset of a network, and what is assumed where nobody said."""
    if dataset is not None:
        return dataset, []
    return USUAL, ["Taken to be trained on MNIST; import it again with its dataset if it was not."]
