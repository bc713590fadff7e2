"""What a job's process has written so far, for pages and the command line. Reads only."""

import json

import numpy as np

from genlab.jobs.queue import Job


def read_steps(job: Job) -> list[dict]:
    """Losses of every report, oldest first: step, epoch and the family's losses."""
    return whole_lines(job, "steps.jsonl")


def read_epochs(job: Job) -> list[dict]:
    """Losses of every epoch, as in a run's metrics.jsonl."""
    return whole_lines(job, "epochs.jsonl")


def read_pictures(job: Job) -> np.ndarray | None:
    """(rows, N, P) uint8: validation images, what the model makes of them, draws; or None."""
    path = job.folder / "pictures.npy"
    return np.load(path, allow_pickle=False) if path.exists() else None


def whole_lines(job: Job, name: str) -> list[dict]:
    """The JSON lines of a file; a last one that is still being written is left out."""
    path = job.folder / name
    if not path.exists():
        return []
    *lines, _ = path.read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines]
