"""Say of foreign tensors that are not a VAE or CVAE of ours what they are, and what is missing."""

from dataclasses import dataclass

import numpy as np

from genlab.runs.foreign_fit import CLASSES, PIXELS, Linear, assign_roles, linears_in
from genlab.runs.foreign_networks import reason_of_names
from genlab.runs.foreign_read import Tensors
from genlab.runs.foreign_scan import plain

LAYOUTS = {
    "VAE with layers fc1, fc21, fc22, fc3, fc4": ("fc1", ("fc21", "fc22"), "fc3", "fc4"),
    "GenLab's VAE": ("encoder.0", ("encoder.2",), "decoder.0", "decoder.2"),
}
KINDS = {  # how a tensor's name or axes give its layer away
    "normalisation": ("running_mean",),
    "recurrent": ("weight_ih", "weight_hh"),
    "attention": ("in_proj_weight", "q_proj", "attn"),
    "weight-normalised": ("weight_g", "weight_v", "parametrizations"),
}


@dataclass(frozen=True)
class TensorRow:
    name: str  # as in the file, made harmless
    shape: tuple[int, ...]
    dtype: str  # in the file
    parameters: int
    finite: bool


@dataclass(frozen=True)
class Misfit:
    """The X-ray of a file that GenLab can read but not use."""

    source: str
    container: str
    reasons: tuple[str, ...]  # a sentence each, the weightiest first
    nearest: str  # the known architecture that shares most with it
    missing: tuple[tuple[str, tuple[int, ...]], ...]  # of the nearest: name, shape
    extra: tuple[str, ...]  # names the nearest does not have
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]  # name, found, expected
    tensors: tuple[TensorRow, ...]
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        return f"{self.source} is readable but is not a VAE that GenLab can hold: {self.reasons[0]}"

    def as_text(self) -> str:
        """The whole report for a terminal."""
        lines = [self.summary, *self.reasons[1:], f"Nearest: {self.nearest}."]
        lines += [f"  missing   {name} {size(shape)}" for name, shape in self.missing]
        lines += [f"  reshaped  {n} is {size(a)}, wanted {size(b)}" for n, a, b in self.reshaped]
        lines += [f"  extra     {name}" for name in self.extra]
        lines.append(f"Tensors ({self.container}):")
        width = max(len(row.name) for row in self.tensors)
        for row in self.tensors:
            bad = "" if row.finite else "  NaN or infinite"
            lines.append(
                f"  {row.name:{width}}  {size(row.shape):>16}  {row.dtype:>9}"
                f"  {row.parameters:>12,}{bad}"
            )
        return "\n".join([*lines, *self.notes])


def size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def misfit(tensors: Tensors) -> Misfit:
    arrays = tensors.arrays
    layers = linears_in(arrays)
    nearest, expected = nearest_layout(arrays, layers)
    return Misfit(
        source=tensors.source,
        container=tensors.container,
        reasons=tuple(reasons(arrays, layers)),
        nearest=nearest,
        missing=tuple((n, shape) for n, shape in expected.items() if n not in arrays),
        extra=tuple(plain(n) for n in arrays if n not in expected),
        reshaped=tuple(
            (n, arrays[n].shape, shape)
            for n, shape in expected.items()
            if n in arrays and arrays[n].shape != shape
        ),
        tensors=tuple(
            TensorRow(plain(n), a.shape, tensors.dtypes[n], a.size, bool(np.isfinite(a).all()))
            for n, a in arrays.items()
        ),
        notes=tensors.notes,
    )


def nearest_layout(
    arrays: dict[str, np.ndarray], layers: list[Linear]
) -> tuple[str, dict[str, tuple[int, ...]]]:
    """The known layout that shares most names, then shapes; its expected tensors by name."""
    best, best_score, found = "", (-1, -1), {}
    shapes = [array.shape for array in arrays.values()]
    for title, (encoder, heads, decoder, output) in LAYOUTS.items():
        K, H, Z = guess_widths(layers, encoder, heads, decoder)
        rows = {encoder: (H, PIXELS + K), decoder: (H, Z + K), output: (PIXELS, H)}
        rows |= {head: (2 * Z // len(heads), H) for head in heads}
        expected: dict[str, tuple[int, ...]] = {}
        for name in (encoder, *heads, decoder, output):
            expected |= {f"{name}.weight": rows[name], f"{name}.bias": rows[name][:1]}
        score = (len(set(expected) & set(arrays)), sum(s in shapes for s in expected.values()))
        if score > best_score:
            title = title.replace("VAE", "CVAE") if K else title
            best, best_score, found = f"{title}, {PIXELS}-{H}-{Z}", score, expected
    return best, found


def guess_widths(
    layers: list[Linear], encoder: str, heads: tuple[str, ...], decoder: str
) -> tuple[int, int, int]:
    """K, H, Z of the nearest model, from the layers of the right name, else of the right width."""
    named = {layer.name: layer for layer in layers}
    wide = (layer for layer in layers if layer.inputs in (PIXELS, PIXELS + CLASSES))
    first = named.get(encoder) or next(wide, None)
    K = CLASSES if first is not None and first.inputs == PIXELS + CLASSES else 0
    H = first.outputs if first is not None else 400
    if heads[0] in named:
        Z = named[heads[0]].outputs * len(heads) // 2
    elif decoder in named:
        Z = named[decoder].inputs - K
    else:
        Z = min((layer.outputs for layer in layers if layer.inputs == H), default=20)
    return K, H, max(Z, 1)


def reasons(arrays: dict[str, np.ndarray], layers: list[Linear]) -> list[str]:
    """Why the tensors are no VAE of ours: sentences, the weightiest first."""
    found = []
    if of_a_gan := reason_of_names(list(arrays)):
        found.append(of_a_gan)
    convolutions = sum(array.ndim in (4, 5) for array in arrays.values())
    if convolutions:
        found.append(f"it has {convolutions} convolution layers, and ours has linear layers only.")
    for kind, marks in KINDS.items():
        if any(mark in name for name in arrays for mark in marks):
            found.append(f"it has {kind} layers, and ours has none.")
    if not found and assign_roles(layers) is not None:
        names = {f"{x.name}.{kind}".lstrip(".") for x in layers for kind in ("weight", "bias")}
        beside = [plain(n) for n, a in arrays.items() if n not in names and a.size > 1]
        return [f"beside a VAE's layers it has {', '.join(beside[:6])}, of unknown use."]
    if alone := [n for n in arrays if n.endswith(".bias") and f"{n[:-4]}weight" not in arrays]:
        return [*found, f"the weight beside {', '.join(map(plain, alone[:6]))} is missing."]
    skewed = [n for n in arrays if n.endswith(".bias") and bias_without_weight(n, arrays)]
    found += [f"the bias {plain(n)} does not fit the weight beside it." for n in skewed[:3]]
    return found + layer_reasons(layers) or ["its tensors do not chain into encoder and decoder."]


def bias_without_weight(name: str, arrays: dict[str, np.ndarray]) -> bool:
    weight = arrays.get(name.removesuffix("bias") + "weight")
    return weight is not None and weight.ndim == 2 and arrays[name].shape != weight.shape[:1]


def layer_reasons(layers: list[Linear]) -> list[str]:
    chain = ", ".join(f"{layer.inputs}-{layer.outputs}" for layer in layers[:12])
    if not layers:
        return ["it has no linear layers (names ending in .weight with two axes)."]
    if not any(layer.outputs == PIXELS for layer in layers):
        return [f"no layer gives the {PIXELS} pixels of a 28 × 28 image; the layers are {chain}."]
    first = [layer for layer in layers if layer.inputs >= PIXELS]
    joined = {layer.inputs - PIXELS for layer in first}
    if first and not joined & {0, CLASSES}:
        return [
            f"its encoder takes {first[0].inputs} inputs; ours takes {PIXELS} pixels, "
            f"and {CLASSES} label inputs more in a CVAE."
        ]
    if len(layers) not in (4, 5):
        return [
            f"it has {len(layers)} linear layers, {chain}; ours has one hidden layer on each side "
            "and two heads for mu and logvar, five layers in all."
        ]
    if len(layers) == 4:
        return [
            f"it has no second head for logvar, as a plain autoencoder; the layers are {chain}."
        ]
    return [f"its layers do not chain into a VAE or a CVAE: {chain}."]
