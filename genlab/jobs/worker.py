"""The worker: starts queued jobs in fair order, each in a process of its own, and buries the dead.

One worker serves one GENLAB_HOME, however many servers share it: a file lock sees to that. When
the worker dies its jobs live on; the next worker knows them by the locks that they hold.
"""

import os
import subprocess
import sys
import time

from genlab.errors import GenLabError
from genlab.jobs.locks import held, is_held
from genlab.jobs.queue import Job, change, claim, jobs_folder, list_jobs
from genlab.places import ROOT

IDLE_FOR = 600.0  # seconds without work after which the worker ends
LOOK_EVERY = 0.2  # seconds
ATTEMPTS = 5  # starts that end in death before any update, after which a job is given up


def slots() -> int:
    """Jobs that train at once: one on each GPU, else one for each two cores."""
    asked = os.environ.get("GENLAB_SLOTS")
    if asked:
        return max(1, int(asked))
    return max(1, (os.cpu_count() or 1) // 2)


def work(*, idle_for: float = IDLE_FOR) -> bool:
    """Serve the queue until it has been empty for `idle_for` seconds.

    Returns False at once where another worker serves it.
    """
    with held(jobs_folder() / "worker.lock") as alone:
        if not alone:
            return False
        children: dict[int, subprocess.Popen] = {}
        busy = time.monotonic()
        while time.monotonic() - busy < idle_for:
            try:
                active = tend(children)
            except GenLabError:  # the queue was locked for long: look again
                active = True
            if active:
                busy = time.monotonic()
            time.sleep(LOOK_EVERY)
        return True


def tend(children: dict[int, subprocess.Popen]) -> bool:
    """One look at the queue: requeue what died, start what fits. Returns whether any job lives."""
    for job_id in [job_id for job_id, child in children.items() if child.poll() is not None]:
        del children[job_id]
    jobs = list_jobs()
    for job in jobs:
        if job.id not in children and not is_held(job.folder / "lock"):
            revive(job)
    jobs = list_jobs()
    running = sum(job.state == "running" for job in jobs)
    for _ in range(slots() - running):
        job = claim()
        if job is None:
            break
        children[job.id] = start(job)
    return any(job.state in ("queued", "running") for job in jobs) or bool(children)


def revive(job: Job) -> None:
    """Decide about a job that no process holds."""
    if job.state == "running" and job.attempts >= ATTEMPTS:
        last_words = read_end(job)
        change(
            job.id,
            state="failed",
            ended=time.time(),
            message=f"Its process died {job.attempts} times at the start. {last_words}".strip(),
        )
    elif job.state == "running" or (job.state == "paused" and job.wish in ("run", "stop")):
        change(job.id, state="queued")


def start(job: Job) -> subprocess.Popen:
    job.folder.mkdir(parents=True, exist_ok=True)
    with open(job.folder / "log.txt", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "genlab", "work", "--job", str(job.id)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def read_end(job: Job) -> str:
    """The last line of the job's output."""
    path = job.folder / "log.txt"
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return lines[-1][:300] if lines else ""


def ensure_worker() -> None:
    """Start a worker unless one serves this GENLAB_HOME; returns at once."""
    if is_held(jobs_folder() / "worker.lock"):
        return
    jobs_folder().mkdir(parents=True, exist_ok=True)
    with open(jobs_folder() / "worker.log", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "genlab", "work"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def resume_waiting() -> None:
    """Start a worker if jobs were left waiting, as after a restart of the machine."""
    if not (jobs_folder() / "queue.sqlite").exists():
        return
    if any(job.state in ("queued", "running") for job in list_jobs()):
        ensure_worker()
