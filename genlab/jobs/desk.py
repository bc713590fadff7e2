"""What visitors may ask of the desk: start, stop, pause and clear what is theirs.

A visitor is an anonymous identity; the teacher's key opens everything. Nothing here is secret:
it keeps thirty students from stopping one another by accident, not a determined attacker out.
"""

import shutil
import time
from dataclasses import asdict, dataclass
from typing import Any

from genlab.errors import GenLabError
from genlab.jobs.progress import read_epochs
from genlab.jobs.queue import (
    ENDED,
    Job,
    change,
    find_job,
    forget,
    list_jobs,
    read_settings,
    submit,
    write_setting,
)
from genlab.runs.folder import check_free, check_name, find_run, is_shipped, list_runs
from genlab.runs.manage import list_trash


class NameTaken(GenLabError):
    """Another run, or a job that will become one, has the name."""


@dataclass(frozen=True)
class Visitor:
    id: str
    teacher: bool = False


COMMAND_LINE = Visitor("", teacher=True)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one owner may take; the teacher is not bound by it."""

    jobs_per_owner: int = 8  # queued, running and paused together
    epochs: int = 200  # of one job
    disk_mb: int = 1000  # of one owner's runs and jobs together

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise GenLabError(f"{name} is {value}; choose 1 or more, or lock the desk.")


def read_limits() -> Limits:
    return Limits(**read_settings().get("limits", {}))


def set_limits(limits: Limits, visitor: Visitor) -> None:
    teacher_only(visitor)
    write_setting("limits", asdict(limits))


def is_locked() -> bool:
    """Whether nobody but the teacher may start anything."""
    return bool(read_settings().get("locked", False))


def lock_desk(locked: bool, visitor: Visitor) -> None:
    teacher_only(visitor)
    write_setting("locked", locked)


def teacher_only(visitor: Visitor) -> None:
    if not visitor.teacher:
        raise GenLabError("Only the teacher can do this; enter the teacher's key first.")


def may_change(owner: str | None, visitor: Visitor) -> bool:
    """Whether a visitor may stop, rename or delete what `owner` made; None is nobody's."""
    return owner is not None and (visitor.teacher or (owner != "" and owner == visitor.id))


def owner_of(run_name: str) -> str | None:
    """Who made a run: "" the command line, None a shipped one, which nobody may change."""
    run = find_run(run_name)
    return None if is_shipped(run) else run.owner


def submit_run(
    config: dict[str, Any], name: str, visitor: Visitor, *, state: str = "queued"
) -> Job:
    """Queue a training that will become the run `name`.

    Raises:
        NameTaken: there is such a run, or a job that is making it.
        GenLabError: the name cannot name a run, the desk is locked, or a limit is reached.
    """
    check_name(name)
    if not visitor.teacher:
        check_limits(config, visitor, list_jobs())

    def is_free(jobs: list[Job]) -> None:
        if any(job.name == name and job.state not in ENDED for job in jobs):
            raise NameTaken(f'A job is making a run "{name}" already; choose another name.')
        try:
            check_free(name)
        except GenLabError as error:
            raise NameTaken(str(error)) from error

    return submit(name, config, owner=visitor.id, state=state, check=is_free)


def check_limits(config: dict[str, Any], visitor: Visitor, jobs: list[Job]) -> None:
    limits = read_limits()
    if is_locked():
        raise GenLabError("The desk is locked; ask the teacher, or wait until it is opened.")
    mine = [job for job in jobs if job.owner == visitor.id]
    if sum(job.state not in ENDED for job in mine) >= limits.jobs_per_owner:
        raise GenLabError(
            f"You have {limits.jobs_per_owner} jobs waiting or running, which is the limit; "
            "wait for one to end or stop one."
        )
    epochs = config["training"]["epochs"]
    if epochs > limits.epochs:
        raise GenLabError(f"epochs is {epochs}; the limit here is {limits.epochs}.")
    if disk_use(visitor) > limits.disk_mb * 1e6:
        raise GenLabError(
            f"Your runs take more than {limits.disk_mb} MB, which is the limit; delete some and "
            "empty the trash first."
        )


def disk_use(visitor: Visitor) -> int:
    """Bytes of a visitor's runs, trash and jobs."""
    folders = [job.folder for job in list_jobs() if job.owner == visitor.id]
    folders += [run.path for run in list_runs() if run.owner == visitor.id]
    folders += [gone.run.path for gone in list_trash() if gone.run.owner == visitor.id]
    files = (path for folder in folders for path in folder.rglob("*"))
    return sum(path.stat().st_size for path in files if path.is_file())


def theirs(job_id: int, visitor: Visitor) -> Job:
    job = find_job(job_id)
    if not may_change(job.owner, visitor):
        raise GenLabError(f'"{job.name}" is somebody else\'s job; ask them, or the teacher.')
    return job


def stop(job_id: int, visitor: Visitor) -> None:
    """End a job; what it has learned so far becomes a run. One that never began just ends."""
    job = theirs(job_id, visitor)
    if job.state in ENDED:
        raise GenLabError(f'"{job.name}" has ended already.')
    if job.state == "queued" and not (job.folder / "state.pt").exists():
        change(job_id, wish="stop", state="stopped", ended=time.time())
    else:
        change(job_id, wish="stop")


def pause(job_id: int, visitor: Visitor) -> None:
    """Hold a running job where it is."""
    job = theirs(job_id, visitor)
    if job.state != "running":
        raise GenLabError(f'"{job.name}" is {job.state}; only a running job can be paused.')
    change(job_id, wish="pause", credit=0)


def resume(job_id: int, visitor: Visitor) -> None:
    """Let a paused job go on; or a failed one, from its last saved state."""
    job = theirs(job_id, visitor)
    if job.state == "paused" or (job.state == "running" and job.wish == "pause"):
        change(job_id, wish="run", credit=0, delay=0.0)
    elif job.state == "failed":
        check_free(job.name)
        change(job_id, wish="run", state="queued", ended=None, attempts=0, message="")
    else:
        raise GenLabError(f'"{job.name}" is {job.state}; only a paused or failed job can resume.')


def more_epochs(job_id: int, epochs: int, visitor: Visitor) -> Job:
    """Train an ended job on for `epochs` more, as another job and another run.

    It goes on from the last saved state. A cosine schedule becomes that of the longer run, so its
    rate rises again where it goes on.
    """
    job = theirs(job_id, visitor)
    state, done = job.folder / "state.pt", len(read_epochs(job))
    if job.state not in ENDED or not state.exists():
        raise GenLabError(f'"{job.name}" has no saved state to go on from; duplicate it instead.')
    training = job.config["training"] | {"epochs": done + epochs}
    taken = {run.name for run in list_runs()} | {other.name for other in list_jobs()}
    names = (f"{job.name[:55]}-more{n or ''}" for n in range(len(taken) + 1))
    name = next(name for name in names if name not in taken)
    new = submit_run(job.config | {"training": training}, name, visitor, state="paused")
    new.folder.mkdir(parents=True, exist_ok=True)
    for kept in ("state.pt", "steps.jsonl", "epochs.jsonl"):
        if (job.folder / kept).exists():
            shutil.copy(job.folder / kept, new.folder / kept)
    change(new.id, state="queued")
    return find_job(new.id)


def single_step(job_id: int, visitor: Visitor, count: int = 1) -> None:
    """Let a paused job make `count` updates."""
    job = theirs(job_id, visitor)
    if job.state != "paused":
        raise GenLabError(f'"{job.name}" is {job.state}; pause it to go one step at a time.')
    change(job_id, credit=job.credit + count)


def slow_motion(job_id: int, delay: float, visitor: Visitor) -> None:
    """Wait `delay` seconds after each update; 0 is full speed."""
    theirs(job_id, visitor)
    change(job_id, delay=min(max(delay, 0.0), 5.0))


def clear(job_id: int, visitor: Visitor) -> None:
    """Forget an ended job; the run that it made stays."""
    job = theirs(job_id, visitor)
    if job.state not in ENDED:
        raise GenLabError(f'"{job.name}" is {job.state}; stop it before you clear it.')
    forget(job_id)
    shutil.rmtree(job.folder, ignore_errors=True)
