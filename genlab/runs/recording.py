"""A training written down: epochs, best weights and film, and the run folder at the end."""

import json
import math
import os
import platform
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from genlab.errors import GenLabError
from genlab.runs.film import Reel, Score, film_path
from genlab.runs.folder import Run, check_free, find_run, new_run_folder
from genlab.training.loop import EpochRecord, Step, StepRecord
from genlab.training.recipes import RunConfig


class Recorder:
    """Takes the records of one training; keeps the weights of its best epoch on validation.

    Args:
        score: figures of the model for each frame of its film, where the step makes one.
    """

    def __init__(self, config: RunConfig, step: Step, score: Score | None = None) -> None:
        self.config, self.step, self.score = config, step, score
        self.epochs: list[dict[str, Any]] = []  # the lines of metrics.jsonl
        self.best_score, self.best_epoch = math.inf, 0
        self.best_weights: dict[str, Tensor] = {}
        self.reel = Reel(step.fixed()) if step.frames_at is not None else None

    def begin(self) -> None:
        """Take the film's first frame, before any update."""
        if self.reel is not None and not self.reel.updates:
            self.shoot(0, 0)

    def shoot(self, update: int, images_seen: int) -> None:
        """Take a frame, unless this update has one: it may end an epoch too."""
        if self.reel.updates and self.reel.updates[-1] == update:
            return
        model, was_training = self.step.model, self.step.model.training
        model.eval()
        scores = self.score(model) if self.score else {}
        self.reel.add_frame(update, images_seen, self.step.frame(), scores)
        model.train(was_training)

    def take(self, record: StepRecord | EpochRecord) -> None:
        """Note one record.

        Raises:
            GenLabError: a loss is no longer a number.
        """
        losses = record.losses if isinstance(record, StepRecord) else record.validation
        if not all(math.isfinite(value) for value in losses.values()):
            raise GenLabError(
                f"The loss is no longer a number at step {record.step}; "
                "lower learning_rate and train again."
            )
        if self.reel is not None:
            self.roll(record)
        if isinstance(record, StepRecord):
            return
        score = record.validation[self.step.best_by] if self.step.best_by else -record.epoch
        if score < self.best_score:
            self.best_score = score
            self.best_epoch, self.best_weights = record.epoch, current_weights(self.step)
        self.epochs.append(
            {
                "epoch": record.epoch,
                "step": record.step,
                "seconds": round(record.seconds, 3),
                "train": record.train,
                "validation": record.validation,
            }
        )

    def roll(self, record: StepRecord | EpochRecord) -> None:
        """Put the record on film."""
        is_step = isinstance(record, StepRecord)
        if is_step:
            self.reel.add_losses(record.trace)
        if not is_step or record.step in self.step.frames_at:
            self.shoot(record.step, record.images_seen)

    def keep_current(self) -> None:
        """Take the present weights, for a training that is stopped in its first epoch."""
        self.best_weights = current_weights(self.step)

    def state_dict(self) -> dict[str, Any]:
        return {
            "epochs": self.epochs,
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "film": packed_tensor(self.reel) if self.reel is not None else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epochs, self.best_score = state["epochs"], state["best_score"]
        self.best_epoch, self.best_weights = state["best_epoch"], state["best_weights"]
        if self.reel is not None:
            self.reel = Reel.unpacked(state["film"].numpy().tobytes())

    def finish(
        self,
        name: str,
        *,
        data_origin: str,
        stopped_early: bool,
        owner: str = "",
        job: int | None = None,
    ) -> Run:
        """Write the run folder; `owner` is the visitor who asked for it, "" the command line.

        Raises:
            GenLabError: no epoch has ended yet, the name is taken, or the disk does not take it.
        """
        if not self.best_weights:
            raise GenLabError("Stopped before the first epoch ended; nothing was kept.")
        saved: dict[str, Any] = self.config.to_dict() | {
            "made": {
                "date": datetime.now(UTC).date().isoformat(),
                "data": data_origin,
                "best_epoch": self.best_epoch,
                "epochs_done": len(self.epochs),
                "stopped_early": stopped_early,
                "owner": owner,
                "job": job,
                "torch": torch.__version__.split("+")[0],
                "machine": platform.machine(),
            }
        }
        with new_run_folder(name) as folder:
            lines = "".join(json.dumps(line) + "\n" for line in self.epochs)
            (folder / "metrics.jsonl").write_text(lines)
            (folder / "model.safetensors").write_bytes(save(self.best_weights))
            if self.reel is not None:
                film_path(folder).write_bytes(self.reel.packed())
            with open(folder / "config.json", "w") as file:
                json.dump(saved, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
        return find_run(name)


def current_weights(step: Step) -> dict[str, Tensor]:
    """A copy on the CPU, one tensor a parameter."""
    return {
        key: value.detach().cpu().clone().contiguous()
        for key, value in step.model.state_dict().items()
    }


def packed_tensor(reel: Reel) -> Tensor:
    """The film so far as uint8, for a state that is read with weights_only."""
    return torch.frombuffer(bytearray(reel.packed(small=False)), dtype=torch.uint8)


def record_run(
    name: str,
    config: RunConfig,
    step: Step,
    records: Iterable[StepRecord | EpochRecord],
    *,
    data_origin: str,
    watch: Callable[[StepRecord | EpochRecord], None] = lambda record: None,
    score: Score | None = None,
) -> Run:
    """Draw a training to its end and keep it as run `name`, with its best weights on validation.

    Ctrl-C ends it early and keeps the best epoch so far.

    Raises:
        GenLabError: the name is taken, the loss is no longer a number, or the interruption came
            before the first epoch ended.
    """
    check_free(name)
    recorder, interrupted = Recorder(config, step, score), False
    try:
        recorder.begin()
        for record in records:
            recorder.take(record)
            watch(record)
    except KeyboardInterrupt:
        interrupted = True
    return recorder.finish(name, data_origin=data_origin, stopped_early=interrupted)
