"""The film of a training at work: how the training stands, and the frames there are so far."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from genlab.data.images import stamp
from genlab.errors import GenLabError
from genlab.jobs.queue import ENDED, Job
from genlab.runs.film import Film, film_path, unpack_film
from genlab.runs.folder import find_run


def job_stands(job: Job) -> dict[str, Any]:
    """`state`, `step` and `steps` of a job, and `run`: the name of the run that it has become, or
    None."""
    run = job.name if job.state in ENDED and is_run(job.name) else None
    return {"state": job.state, "step": job.step, "steps": job.steps, "run": run}


def newest_film(job: Job) -> tuple[Film | None, str]:
    """The film as far as it has come and a word for its state; None and "" before the first frame.

    Raises:
        GenLabError: the film is broken.
    """
    path = film_path(job.folder)
    try:
        known = stamp(path)
        return film_at(path, *known), "-".join(f"{number:x}" for number in known)
    except FileNotFoundError:
        return None, ""


@lru_cache(maxsize=4)
def film_at(path: Path, *_stamp: int) -> Film:
    return unpack_film(path.read_bytes())


def is_run(name: str) -> bool:
    try:
        find_run(name)
    except GenLabError:
        return False
    return True
