"""Find a model's tensors in what a checkpoint holds beside them, under their bare names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from genlab.runs.foreign_scan import plain

MAX_DEPTH, MAX_VISITS = 8, 100_000
WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "module",
    "vae",
    "cvae",
)
NOT_WEIGHTS = re.compile(r"optim|sched|scaler|rng|callback|^amp$|^ema|_ema$|config|hparams", re.I)
INNER_PREFIXES = {"module", "_orig_mod", "_forward_module", "_fsdp_wrapped_module"}
OUTER_PREFIXES = INNER_PREFIXES | {"model", "vae", "cvae", "net", "network", "autoencoder"}


def is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def tensors_in(found: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The tensors in nested dicts, lists and tuples, each with its path, in the file's order.

    A container that turns up again, perhaps inside itself, is passed over.
    """
    stack: list[tuple[tuple[str, ...], Any]] = [((), found)]
    visits, seen = 0, set()
    while stack and visits < MAX_VISITS:
        path, value = stack.pop()
        visits += 1
        if is_tensor(value):
            yield path, value
        elif len(path) < MAX_DEPTH and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, Mapping):
                children = [(str(key), child) for key, child in value.items()]
            elif isinstance(value, (list, tuple)):
                children = [(str(i), child) for i, child in enumerate(value[:MAX_VISITS])]
            else:
                continue
            stack += [
                ((*path, key), child)
                for key, child in reversed(children)
                if is_tensor(child) or isinstance(child, (Mapping, list, tuple))
            ]


def choose_weights(found: Any) -> tuple[dict[str, Any], list[str]]:
    """The tensors of the model by dotted name, and a sentence on what was left out."""
    notes, inside = [], []
    while isinstance(found, Mapping) and len(inside) < 4:
        key = next((key for key in WRAPPERS if holds_tensors(found.get(key))), None)
        if key is None:
            break
        if others := [plain(str(other), 30) for other in found if other != key]:
            more = f" and {len(others) - 8} more" if len(others) > 8 else ""
            notes.append(f"Left out what lay beside {key}: {', '.join(others[:8])}{more}.")
        inside.append(key)
        found = found[key]
    if inside:
        notes.insert(0, f"The weights were taken from {' / '.join(inside)}.")
    entries, skipped = {}, set()
    for path, value in tensors_in(found):
        if len(path) > 1 and NOT_WEIGHTS.search(path[0]):
            skipped.add(plain(path[0], 30))
        else:
            entries[".".join(path) or "tensor"] = value
    if skipped:
        notes.append(f"Left out the tensors under {', '.join(sorted(skipped))}.")
    return entries, notes


def holds_tensors(value: Any) -> bool:
    return isinstance(value, Mapping) and next(tensors_in(value), None) is not None


def strip_prefixes(names: list[str]) -> tuple[list[str], list[str]]:
    """Names without what DataParallel, torch.compile, Lightning and wrapper classes put before."""
    short, dropped = [], set()
    for name in names:
        parts = name.split(".")
        while len(parts) > 1 and parts[0] in OUTER_PREFIXES:
            dropped.add(parts.pop(0))
        dropped |= INNER_PREFIXES & set(parts)
        short.append(".".join(part for part in parts if part not in INNER_PREFIXES))
    if not dropped or len(set(short)) < len(set(names)) or not all(short):
        return names, []  # two models in one file: their prefixes tell them apart
    return short, [f"The prefix {' and '.join(f'{p}.' for p in sorted(dropped))} was dropped."]
