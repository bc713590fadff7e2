"""The curves of jobs and runs, read from their files: only what has been added since last time.

One reader serves all visitors of this server: thirty pages that show a job read its file once.
"""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genlab.jobs.queue import Job, jobs_folder
from genlab.plots.training import Curve
from genlab.runs.folder import Run, read_metrics

KEPT_FILES = 128  # the files that were asked for last
NOT_LOSSES = {"step", "epoch", "seconds", "time"}


@dataclass
class Lines:
    """A file of JSON lines as far as it has been read: name -> values, one for each line."""

    inode: int = 0
    offset: int = 0  # bytes read
    columns: dict[str, list[float]] = field(default_factory=dict)


_files: OrderedDict[Path, Lines] = OrderedDict()
_reading = threading.Lock()


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """The numbers in a file of JSON lines that grows; nested names are joined, "train.kl".

    A last line that is still being written is left for the next time. A file that was written
    anew, as a resumed job does, is read anew.
    """
    with _reading:
        try:
            status = path.stat()
        except OSError:
            _files.pop(path, None)
            return {}
        lines = _files.setdefault(path, Lines())
        _files.move_to_end(path)
        if lines.inode != status.st_ino or lines.offset > status.st_size:
            lines.inode, lines.offset, lines.columns = status.st_ino, 0, {}
        if status.st_size > lines.offset:
            take_new_lines(path, lines)
        while len(_files) > KEPT_FILES:
            _files.popitem(last=False)
        return {name: np.array(values) for name, values in lines.columns.items()}


def take_new_lines(path: Path, lines: Lines) -> None:
    with open(path, "rb") as file:
        file.seek(lines.offset)
        whole, newline, _ = file.read().rpartition(b"\n")
    if not newline:
        return
    lines.offset += len(whole) + 1
    for text in whole.split(b"\n"):
        for name, value in flat(json.loads(text)).items():
            lines.columns.setdefault(name, []).append(value)


def flat(line: dict[str, Any]) -> dict[str, float]:
    found = {}
    for name, value in line.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": number for inner, number in flat(value).items()}
        elif isinstance(value, (int, float)):
            found[name] = float(value)
    return found


def curve_of_job(job: Job, group: str) -> Curve | None:
    """The losses of a job so far, or None before its first report."""
    folder = jobs_folder() / str(job.id)
    steps, epochs = read_columns(folder / "steps.jsonl"), read_columns(folder / "epochs.jsonl")
    if not steps:
        return None
    planned = job.steps // job.config["training"]["epochs"]  # 0 before the first sign of life
    batches = round(epochs["step"][0] / epochs["epoch"][0]) if epochs else planned
    return Curve(
        title=job.name,
        group=group,
        batches=max(batches, 1),
        steps=steps["step"],
        train={name: values for name, values in steps.items() if name not in NOT_LOSSES},
        ends=epochs.get("step", np.empty(0)),
        validation=under("validation", epochs),
    )


def curve_of_run(run: Run) -> Curve | None:
    """The losses of a finished run, one point an epoch; None for an imported one."""
    lines = [flat(line) for line in read_metrics(run)]
    if not lines:
        return None
    columns = {name: np.array([line[name] for line in lines]) for name in lines[0]}
    return Curve(
        title=run.name,
        group=run.name,
        batches=max(round(columns["step"][0] / columns["epoch"][0]), 1),
        steps=columns["step"],
        train=under("train", columns),
        ends=columns["step"],
        validation=under("validation", columns),
    )


def under(prefix: str, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}."
    return {n.removeprefix(start): values for n, values in columns.items() if n.startswith(start)}
