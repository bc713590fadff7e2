"""The weights of a run as a torch model, and a training written down as a run."""

import json
import os
import platform
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from genlab.errors import GenLabError
from genlab.runs.folder import Run, find_run, load_tensors, new_run_folder
from genlab.training.loop import EpochRecord, Step, StepRecord
from genlab.training.recipes import FAMILIES, RunConfig, config_from_dict

CONFIG_FIELDS = ("family", "dataset", "model", "training")


def load_model(run: Run) -> nn.Module:
    """The model in eval mode on the CPU, its weights frozen. Shared by callers: do not train it."""
    config = config_from_dict({key: run.config[key] for key in CONFIG_FIELDS})
    model = FAMILIES[config.family].model(config.model)
    tensors = {name: torch.from_numpy(array) for name, array in load_tensors(run).items()}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise GenLabError(f'The weights of "{run.name}" do not fit its config: {first}') from error
    return model.eval().requires_grad_(False)


def record_run(
    name: str,
    config: RunConfig,
    step: Step,
    records: Iterable[StepRecord | EpochRecord],
    *,
    data_origin: str,
    watch: Callable[[StepRecord | EpochRecord], None] = lambda record: None,
) -> Run:
    """Draw a training to its end and keep it as run `name`, with its best weights on validation.

    Ctrl-C ends it early and keeps the best epoch so far.

    Raises:
        GenLabError: interrupted before the first epoch ended, or the loss is no longer a number.
    """
    best, best_weights, best_epoch, epochs = float("inf"), None, 0, []
    interrupted = False
    with new_run_folder(name) as folder, open(folder / "metrics.jsonl", "w") as metrics:
        try:
            for record in records:
                if isinstance(record, StepRecord):
                    watch(record)
                    continue
                score = record.validation[step.best_by]
                if score != score:
                    raise GenLabError(
                        f"The loss is no longer a number at epoch {record.epoch}; "
                        "lower learning_rate and train again."
                    )
                if score < best:
                    best, best_epoch = score, record.epoch
                    best_weights = {
                        key: value.detach().cpu().clone().contiguous()
                        for key, value in step.model.state_dict().items()
                    }
                line = {
                    "epoch": record.epoch,
                    "step": record.step,
                    "seconds": round(record.seconds, 3),
                    "train": record.train,
                    "validation": record.validation,
                }
                epochs.append(line)
                metrics.write(json.dumps(line) + "\n")
                metrics.flush()
                watch(record)
        except KeyboardInterrupt:
            interrupted = True
        if best_weights is None:
            raise GenLabError("Stopped before the first epoch ended; nothing was kept.")
        saved: dict[str, Any] = config.to_dict() | {
            "made": {
                "date": datetime.now(UTC).date().isoformat(),
                "data": data_origin,
                "best_epoch": best_epoch,
                "epochs_done": len(epochs),
                "stopped_early": interrupted,
                "torch": torch.__version__.split("+")[0],
                "machine": platform.machine(),
            }
        }
        (folder / "model.safetensors").write_bytes(save(best_weights))
        with open(folder / "config.json", "w") as file:
            json.dump(saved, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
    return find_run(name)
