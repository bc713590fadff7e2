"""Recognise GenLab's VAE or CVAE in foreign tensors, whatever their layers are called.

What counts is how the shapes chain: P + K inputs to H units, from there two heads of Z (or one of
2Z); Z + K inputs to H units, from there P pixels. Names decide where shapes leave a choice.
Shapes: P = 784 pixels, H hidden units, Z latent dimensions, K = 10 label inputs of a CVAE, else 0.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from genlab.errors import GenLabError
from genlab.runs.foreign_read import Tensors
from genlab.runs.foreign_scan import plain

PIXELS, CLASSES = 28 * 28, 10  # of every dataset the pages can show
HINTS = {
    "encoder": re.compile(r"enc|recog|infer|fc1$"),
    "heads": re.compile(r"enc|latent|head"),
    "mu": re.compile(r"mu|mean|loc|fc_?21|enc_?21"),
    "logvar": re.compile(r"var|lv|sig|std|scale|fc_?22|enc_?22"),
    "decoder": re.compile(r"dec|gen|fc3$"),
    "output": re.compile(r"dec|gen|out|fc4$"),
}
LOG_STD = re.compile(r"log_?(std|sigma|sig|scale|sd)(?!ma|_?(2|sq))")
NOT_LOG = re.compile(r"(?<!log)(?<!log_)(std|sigma|scale)")


@dataclass(frozen=True)
class Linear:
    name: str  # of the layer, without .weight
    weight: np.ndarray  # (out, in)
    bias: np.ndarray  # (out,), zeros where the file has none
    biased: bool = True

    @property
    def inputs(self) -> int:
        return self.weight.shape[1]

    @property
    def outputs(self) -> int:
        return self.weight.shape[0]


@dataclass(frozen=True)
class Fit:
    """Foreign tensors as a model of GenLab's."""

    family: str  # "vae" or "cvae"
    model: dict[str, int]  # the fields of the family's config
    tensors: dict[str, np.ndarray]  # under GenLab's names, as `runs/models.py` loads them
    layers: dict[str, str]  # role to the layer's name in the file
    assumptions: tuple[str, ...]  # what the file does not say, a sentence each
    undecided: tuple[str, ...]  # the keyword arguments of `fit` that the file leaves open


def fit(
    tensors: Tensors,
    *,
    swap_heads: bool = False,
    label_first_in_encoder: bool = False,
    label_first_in_decoder: bool = False,
) -> Fit | None:
    """The tensors as a VAE or CVAE, or None where they are not one.

    Args:
        swap_heads: read the head taken for mu as logvar, and the other way round.
        label_first_in_encoder: the file's one-hot label comes before the pixels, not after.
        label_first_in_decoder: likewise before z.

    Raises:
        GenLabError: the layers fit, but there are NaN or infinite numbers in them.
    """
    layers = linears_in(tensors.arrays)
    used = {f"{layer.name}.{kind}".lstrip(".") for layer in layers for kind in ("weight", "bias")}
    rest = [name for name in tensors.arrays if name not in used]
    roles = assign_roles(layers)
    if roles is None or any(tensors.arrays[name].size > 1 for name in rest):
        return None
    check_finite(tensors, used)
    K = roles["encoder"].inputs - PIXELS
    heads, notes = join_heads(roles, swap_heads)
    encoder, decoder = roles["encoder"], roles["decoder"]
    hidden = max(encoder.outputs, decoder.outputs)
    arrays = {
        "encoder.0.weight": widen(label_last(encoder.weight, K, label_first_in_encoder), hidden, 0),
        "encoder.0.bias": widen(encoder.bias, hidden, 0),
        "encoder.2.weight": widen(heads[0], hidden, 1),
        "encoder.2.bias": heads[1],
        "decoder.0.weight": widen(label_last(decoder.weight, K, label_first_in_decoder), hidden, 0),
        "decoder.0.bias": widen(decoder.bias, hidden, 0),
        "decoder.2.weight": widen(roles["output"].weight, hidden, 1),
        "decoder.2.bias": roles["output"].bias,
    }
    notes.insert(0, "ReLU after each hidden layer, and a sigmoid after the last layer.")
    undecided = [] if "mu" in roles and heads_named(roles) else ["swap_heads"]
    if K:
        undecided += ["label_first_in_encoder", "label_first_in_decoder"]
        for what, first in (("pixels", label_first_in_encoder), ("z", label_first_in_decoder)):
            notes.append(f"The one-hot label comes {'before' if first else 'after'} the {what}.")
    if encoder.outputs != decoder.outputs:
        notes.append(
            f"The encoder has {encoder.outputs} hidden units and the decoder {decoder.outputs}; "
            "the narrower side was filled with units that stay at 0, which changes no output."
        )
    if bare := [layer.name for layer in roles.values() if not layer.biased]:
        notes.append(f"No bias in {', '.join(map(plain, bare))}: it is 0.")
    if rest:
        notes.append(f"Left out the single numbers {', '.join(plain(name) for name in rest[:8])}.")
    model = {"pixels": PIXELS, "hidden": hidden, "latent_dim": decoder.inputs - K}
    return Fit(
        family="cvae" if K else "vae",
        model=model | ({"classes": K} if K else {}),
        tensors={name: np.ascontiguousarray(array) for name, array in arrays.items()},
        layers={role: plain(layer.name) for role, layer in roles.items()},
        assumptions=tuple(notes),
        undecided=tuple(undecided),
    )


def linears_in(arrays: dict[str, np.ndarray]) -> list[Linear]:
    """The fully connected layers, in the file's order."""
    layers = []
    for name, weight in arrays.items():
        if weight.ndim != 2 or name.split(".")[-1] != "weight" or 0 in weight.shape:
            continue
        base = name[: -len(".weight")]
        bias = arrays.get(f"{base}.bias".lstrip("."))
        if bias is None:
            layers.append(Linear(base, weight, np.zeros(len(weight), np.float32), biased=False))
        elif bias.shape == (len(weight),):
            layers.append(Linear(base, weight, bias))
    return layers


def assign_roles(layers: list[Linear]) -> dict[str, Linear] | None:
    """Which layer does what: of several ways the one its names speak for, then the first."""
    ways = list(possible_roles(layers))
    return max(ways, key=named_so, default=None)  # max keeps the first of equals


def possible_roles(layers: list[Linear]) -> Iterator[dict[str, Linear]]:
    """All ways to chain 4 or 5 layers into a VAE or CVAE, the file's order first."""
    names = {
        4: ("encoder", "heads", "decoder", "output"),
        5: ("encoder", "mu", "logvar", "decoder", "output"),
    }.get(len(layers))
    for order in permutations(layers) if names else ():
        roles = dict(zip(names, order, strict=True))
        K = roles["encoder"].inputs - PIXELS
        Z = roles["decoder"].inputs - K
        heads = [(roles[name].outputs, roles[name].inputs) for name in names[1:-2]]
        H = roles["encoder"].outputs
        if (
            K in (0, CLASSES)
            and Z > 0
            and heads == ([(2 * Z, H)] if len(heads) == 1 else [(Z, H), (Z, H)])
            and roles["output"].inputs == roles["decoder"].outputs
            and roles["output"].outputs == PIXELS
        ):
            yield roles


def named_so(roles: dict[str, Linear]) -> int:
    """How many of the layers have a name that speaks for their role."""
    return sum(bool(HINTS[role].search(layer.name.lower())) for role, layer in roles.items())


def heads_named(roles: dict[str, Linear]) -> bool:
    """Whether the names tell mu from logvar."""
    mu, logvar = roles["mu"].name.lower(), roles["logvar"].name.lower()
    told = [bool(HINTS[role].search(name)) for role in ("mu", "logvar") for name in (mu, logvar)]
    return told[0] > told[1] or told[3] > told[2]


def join_heads(
    roles: dict[str, Linear], swap: bool
) -> tuple[tuple[np.ndarray, np.ndarray], list[str]]:
    """Weight (2Z, H) and bias (2Z,) of both heads, mu first, and what was assumed of them."""
    if "heads" in roles:
        weight, bias = roles["heads"].weight, roles["heads"].bias
        if swap:
            half = len(bias) // 2
            weight, bias = np.roll(weight, half, axis=0), np.roll(bias, half)
        which = "second half is mu, the first" if swap else "first half is mu, the second"
        name = plain(roles["heads"].name)
        return (weight, bias), [f"Of the outputs of {name} the {which} logvar."]
    mu, logvar = roles["mu"], roles["logvar"]
    if swap:
        mu, logvar = logvar, mu
    notes = []
    if not heads_named(roles):
        notes.append(f"{plain(mu.name)} is the mean mu and {plain(logvar.name)} is logvar.")
    scale = 1.0
    if LOG_STD.search(logvar.name.lower()):
        scale = 2.0  # log var = 2 log std
        notes.append(f"{plain(logvar.name)} gives log std; doubled, it is logvar.")
    elif NOT_LOG.search(logvar.name.lower()):
        notes.append(f"{plain(logvar.name)} gives logvar, though its name says otherwise.")
    weight = np.concatenate([mu.weight, scale * logvar.weight]).astype(np.float32)
    return (weight, np.concatenate([mu.bias, scale * logvar.bias]).astype(np.float32)), notes


def label_last(weight: np.ndarray, K: int, label_first: bool) -> np.ndarray:
    """The columns in GenLab's order: values, then the K of the label."""
    return np.roll(weight, -K, axis=1) if label_first else weight


def widen(array: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Zeros appended along one axis: hidden units that are always 0 and reach nothing."""
    padding = [(0, 0)] * array.ndim
    padding[axis] = (0, size - array.shape[axis])
    return np.pad(array, padding)


def check_finite(tensors: Tensors, names: set[str]) -> None:
    for name in sorted(names & set(tensors.arrays)):
        bad = int((~np.isfinite(tensors.arrays[name])).sum())
        if bad:
            raise GenLabError(
                f"{bad:,} of the {tensors.arrays[name].size:,} numbers in {plain(name)} of "
                f"{tensors.source} are NaN or infinite: the training had diverged, or a number is "
                "too large for float32. Import a checkpoint from an earlier epoch."
            )
