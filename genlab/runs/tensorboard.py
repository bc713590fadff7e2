"""A training as event files, for those who live in TensorBoard.

While it trains they lie in a hidden folder beside the runs, so that TensorBoard can follow; the
finished run takes them in, as tensorboard/. Two curves under one tag lie over each other there:

    tensorboard/train/       epoch/LOSS, report/LOSS, report/learning_rate, epoch/seconds
    tensorboard/validation/  epoch/LOSS, pictures

Reports are counted in updates, the rest in epochs. Shapes: P pixels.
"""

import math
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from genlab.errors import GenLabError
from genlab.places import new_runs
from genlab.runs.folder import Run
from genlab.training.loop import EpochRecord, StepRecord
from genlab.training.session import Session
from genlab.training.vae_step import learning_rate_at

PICTURES = 10  # validation images that the model is shown in every epoch
FLUSH_EVERY = 2.0  # seconds until TensorBoard can read what was written


def check_tensorboard() -> None:
    """Make sure that event files can be written here.

    Raises:
        GenLabError: the package that writes them is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError as error:
        raise GenLabError(
            'TensorBoard is not installed; run "pip install tensorboard", or train without '
            "--log tensorboard."
        ) from error


class EventLog:
    """The event files of one training, written record by record."""

    def __init__(self, name: str, session: Session) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.session = session
        self.folder = new_runs() / f".{name}.{uuid.uuid4().hex[:8]}"
        with disk_named():
            self.train, self.validation = (
                SummaryWriter(str(self.folder / "tensorboard" / part), flush_secs=FLUSH_EVERY)
                for part in ("train", "validation")
            )

    def take(self, record: StepRecord | EpochRecord) -> None:
        """Write one record down.

        Raises:
            GenLabError: the disk does not take it.
        """
        with disk_named():
            if isinstance(record, StepRecord):
                self.take_report(record)
            else:
                self.take_epoch(record)

    def take_report(self, record: StepRecord) -> None:
        rate = learning_rate_at(self.session.config, record.step - 1, record.steps)
        scalars = {**record.losses, "learning_rate": rate}
        add_scalars(self.train, "report", scalars, record.step)

    def take_epoch(self, record: EpochRecord) -> None:
        add_scalars(self.train, "epoch", record.train, record.epoch)
        self.train.add_scalar("epoch/seconds", record.seconds, record.epoch)
        add_scalars(self.validation, "epoch", record.validation, record.epoch)
        data = self.session.data
        pictures = self.session.step.pictures(
            data.validation_images[:PICTURES], data.validation_labels[:PICTURES], seed=0
        )
        grid = tile(pictures.cpu().numpy())
        self.validation.add_image("pictures", grid, record.epoch, dataformats="HW")

    def close(self) -> None:
        for writer in (self.train, self.validation):
            writer.close()

    def keep(self, run: Run) -> None:
        """Move the files into the run that came of the training."""
        with disk_named():
            self.close()
            (self.folder / "tensorboard").rename(run.path / "tensorboard")


@contextmanager
def event_log(name: str, session: Session) -> Iterator[EventLog]:
    """An EventLog for the training of run `name`; its files vanish unless they are kept."""
    log = EventLog(name, session)
    try:
        yield log
    finally:
        with disk_named():
            log.close()
        shutil.rmtree(log.folder, ignore_errors=True)


@contextmanager
def disk_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GenLabError(
            f"The event files could not be written ({error.strerror}); free some space, or train "
            "without --log tensorboard."
        ) from error


def add_scalars(writer, group: str, values: Mapping[str, float], at: int) -> None:
    for name, value in values.items():
        writer.add_scalar(f"{group}/{name}", value, at)


def tile(pictures: np.ndarray) -> np.ndarray:
    """Square pictures (rows, columns, P) side by side: (rows * side, columns * side)."""
    rows, columns, P = pictures.shape
    side = math.isqrt(P)
    return (
        pictures.reshape(rows, columns, side, side)
        .transpose(0, 2, 1, 3)
        .reshape(rows * side, columns * side)
    )
