"""Make a run of a checkpoint that somebody else trained: read it, recognise it, try it, keep it."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from safetensors.numpy import save

from genlab.data.catalogue import DATASETS
from genlab.errors import GenLabError
from genlab.runs.folder import Run, check_name, find_run, list_runs, new_run_folder
from genlab.runs.foreign_fit import Fit, fit
from genlab.runs.foreign_misfit import Misfit, misfit
from genlab.runs.foreign_networks import dataset_of, fit_network
from genlab.runs.foreign_read import Tensors, read_foreign
from genlab.runs.foreign_trial import settle
from genlab.training.config import TrainConfig


class DoesNotFit(GenLabError):
    """The file can be read, but no model of ours can hold it; `report` is its X-ray."""

    def __init__(self, report: Misfit) -> None:
        super().__init__(report.summary)
        self.report = report


def infer(tensors: Tensors) -> Fit | Misfit:
    """The tensors as a VAE or CVAE in the usual order, or what is in the way of that."""
    return fit(tensors) or misfit(tensors)


def import_file(
    source: str | os.PathLike | bytes,
    name: str | None = None,
    dataset: str | None = None,
    *,
    filename: str = "",
) -> Run:
    """Keep a .safetensors, .pt or .pth file as run `name`.

    Args:
        source: its path, or its bytes (then `filename` says what it was called).
        name: of the new run; None makes one from the file's.
        dataset: what the model was trained on, "mnist", "fashion" or "kmnist"; None takes the one
            that a VAE does best on. Its test images settle the order of labels and heads where
            the file leaves it open.

    Raises:
        DoesNotFit: the architecture is another.
        GenLabError: the file cannot be read safely, or the name is taken or not a name.
    """
    if name is None:
        name = name_for(filename if isinstance(source, bytes) else os.fspath(source))
    check_name(name)
    if dataset is not None and dataset not in DATASETS:
        raise GenLabError(
            f"There is no dataset {dataset!r} for a checkpoint; choose one of "
            f"{', '.join(DATASETS)}."
        )
    tensors = read_foreign(source, filename)
    found = infer(tensors)
    network = fit_network(tensors) if isinstance(found, Misfit) else None
    if network is not None:
        family, model, kept = network.family, network.model, network.tensors
        dataset, notes = dataset_of(dataset)
        about = {"assumptions": list(network.assumptions), "notes": [*tensors.notes, *notes]}
    elif isinstance(found, Misfit):
        raise DoesNotFit(found)
    else:
        trial = settle(tensors, found, dataset)
        family, model, kept = trial.fit.family, trial.fit.model, trial.fit.tensors
        dataset = trial.dataset
        about = {
            "layers": trial.fit.layers,
            "assumptions": list(trial.fit.assumptions),
            "notes": [*tensors.notes, *trial.notes],
            "neg_elbo_trial": round(trial.neg_elbo, 2) if isfinite(trial.neg_elbo) else None,
        }
    config = {
        "family": family,
        "dataset": dataset,
        "model": model,
        "training": asdict(TrainConfig()),  # unknown; what training it again here would use
        "imported": {
            "date": datetime.now(UTC).date().isoformat(),
            "file": tensors.source,
            "container": tensors.container,
            **about,
        },
    }
    with new_run_folder(name) as folder:
        (folder / "model.safetensors").write_bytes(save(kept))
        (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
        (folder / "README.md").write_text(
            f"# {name}\n\n{provenance(config['imported'])}\n", "utf-8"
        )
    return find_run(name)


def name_for(filename: str) -> str:
    """A free run name made from a file's: lower case, only the letters that a name may have."""
    stem = re.split(r"[/\\]", filename)[-1].lower()
    stem = re.sub(r"\.(pth?|safetensors|ckpt|bin|tar)(\.tar)?$", "", stem)
    stem = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:56].strip("-") or "imported"
    taken = {run.name for run in list_runs()}
    names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def provenance(imported: Mapping[str, Any]) -> str:
    """The `imported` block of a config as Markdown, for the card. Every word that came from the
    file went through `plain` before."""
    lines = [
        f"Imported on {imported['date']} from `{imported['file']}` ({imported['container']}); "
        "how it was trained is not known here.",
        "",
        "Assumed, since the file does not say:",
        "",
        *(f"- {sentence}" for sentence in imported["assumptions"]),
    ]
    if imported["notes"]:
        lines += ["", "On the way in:", "", *(f"- {sentence}" for sentence in imported["notes"])]
    return "\n".join(lines)
