"""The queue: one SQLite table under GENLAB_HOME that pages, workers and the command line share.

A job is a row; what is asked of it is written into the row, and the process that trains it reads
that. Nobody holds the queue in memory, so servers and workers may come and go.

    queued -> running -> done | stopped | failed
                 |  ^
                 v  |
                paused          a dead worker's job goes back to queued and resumes
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from genlab.errors import GenLabError
from genlab.places import home

STATES = ("queued", "running", "paused", "done", "stopped", "failed")
ENDED = ("done", "stopped", "failed")
PATIENCE = 10.0  # seconds to wait while another process writes
INSIST_FOR = 3600.0  # seconds in which a job tries to say how it ended

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    config TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    wish TEXT NOT NULL DEFAULT 'run',
    delay REAL NOT NULL DEFAULT 0,
    credit INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    beat REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class QueueBusy(GenLabError):
    """Another process holds the queue, or it cannot be written just now: ask again."""


@dataclass(frozen=True)
class Job:
    id: int
    name: str  # of the run it will become
    owner: str  # a visitor's anonymous identity; "" is the command line
    config: dict[str, Any]  # what RunConfig.to_dict wrote
    state: str  # one of STATES
    wish: str  # what is asked of it: "run", "pause" or "stop"
    delay: float  # seconds to wait after each update: slow motion
    credit: int  # updates it may make while paused: one step at a time
    created: float  # seconds since 1970, like all times here
    started: float | None
    ended: float | None
    beat: float | None  # when its process last said that it lives
    attempts: int  # times it was started since it last got further
    step: int
    steps: int
    message: str  # why it failed, or what it is doing

    @property
    def folder(self) -> Path:
        """Where its process keeps what the page reads and what a resumed one needs."""
        return jobs_folder() / str(self.id)


COLUMNS = ", ".join(field.name for field in fields(Job))


def jobs_folder() -> Path:
    return home() / "jobs"


@contextmanager
def table(*, write: bool) -> Iterator[sqlite3.Connection]:
    """A connection in one transaction; another process's writes are waited for.

    Raises:
        QueueBusy: it stays locked, or cannot be written.
        GenLabError: it is not a database, or its folder cannot be made.
    """
    connection = None
    try:
        jobs_folder().mkdir(parents=True, exist_ok=True)
        path = jobs_folder() / "queue.sqlite"
        new = not path.exists()
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        if new:
            write_ahead(connection)
        connection.executescript(SCHEMA)
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise QueueBusy(
            f"The job queue is busy or cannot be written ({error}); try again in a moment, or "
            "check the disk."
        ) from error
    except sqlite3.DatabaseError as error:
        raise GenLabError(
            f"The job queue is damaged ({error}); move queue.sqlite out of the jobs folder."
        ) from error
    except OSError as error:
        raise GenLabError(
            f"The jobs folder cannot be made ({error.strerror}); check that GENLAB_HOME can be "
            "written to."
        ) from error
    finally:
        if connection is not None:
            connection.close()


def write_ahead(connection: sqlite3.Connection) -> None:
    """Have readers and a writer not wait for one another. SQLite itself does not wait here for
    another process that does the same to a new file."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def submit(
    name: str,
    config: dict[str, Any],
    *,
    owner: str = "",
    state: str = "queued",
    check: Callable[[list[Job]], None] = lambda jobs: None,
) -> Job:
    """Put a job at the end of its owner's line, or in another state until it is ready for it.

    Args:
        check: given all jobs, raises where this one may not join them; nobody else's job comes
            between that and this one.
    """
    with table(write=True) as rows:
        check([to_job(row) for row in rows.execute(f"SELECT {COLUMNS} FROM jobs").fetchall()])
        cursor = rows.execute(
            "INSERT INTO jobs (name, owner, config, created, state) VALUES (?, ?, ?, ?, ?)",
            (name, owner, json.dumps(config), time.time(), state),
        )
        job_id = cursor.lastrowid
    return find_job(job_id)


def read(where: str = "", values: tuple = ()) -> list[Job]:
    with table(write=False) as rows:
        found = rows.execute(f"SELECT {COLUMNS} FROM jobs {where}", values).fetchall()
    return [to_job(row) for row in found]


def to_job(row: tuple) -> Job:
    values = dict(zip((field.name for field in fields(Job)), row, strict=True))
    return Job(**values | {"config": json.loads(values["config"])})


def list_jobs() -> list[Job]:
    """All jobs, newest first."""
    return read("ORDER BY id DESC")


def find_job(job_id: int) -> Job:
    found = read("WHERE id = ?", (job_id,))
    if not found:
        raise GenLabError(f"There is no job {job_id}; it may have been cleared.")
    return found[0]


def waiting(jobs: list[Job]) -> list[Job]:
    """The queued jobs in the order they will start, were each to run to its end.

    Whoever has fewest jobs running comes first, then whoever has waited longest since their last
    job started, then the older job: everybody's first runs before anybody's second.
    """
    running: dict[str, int] = {}
    last_start: dict[str, float] = {}
    for job in jobs:
        if job.state == "running":
            running[job.owner] = running.get(job.owner, 0) + 1
        if job.started:
            last_start[job.owner] = max(last_start.get(job.owner, 0.0), job.started)
    queued, order = [job for job in jobs if job.state == "queued"], []
    turn = time.time()
    while queued:
        chosen = min(
            queued,
            key=lambda job: (running.get(job.owner, 0), last_start.get(job.owner, 0.0), job.id),
        )
        queued = [job for job in queued if job is not chosen]
        order.append(chosen)
        turn += 1.0
        running[chosen.owner] = running.get(chosen.owner, 0) + 1
        last_start[chosen.owner] = turn
    return order


def claim() -> Job | None:
    """Take the next job in fair order; no two workers get the same."""
    with table(write=True) as rows:
        jobs = [to_job(row) for row in rows.execute(f"SELECT {COLUMNS} FROM jobs").fetchall()]
        order = waiting(jobs)
        if not order:
            return None
        rows.execute(
            "UPDATE jobs SET state = 'running', started = ?, beat = ?, attempts = attempts + 1 "
            "WHERE id = ?",
            (time.time(), time.time(), order[0].id),
        )
    return find_job(order[0].id)


def change(job_id: int, **values: Any) -> None:
    """Set columns of one job."""
    names = ", ".join(f"{name} = ?" for name in values)
    with table(write=True) as rows:
        rows.execute(f"UPDATE jobs SET {names} WHERE id = ?", (*values.values(), job_id))


def insist(job_id: int, **values: Any) -> None:
    """`change`, again and again while the queue is busy: how a job ended must not get lost."""
    until = time.monotonic() + INSIST_FOR
    while True:
        try:
            change(job_id, **values)
            return
        except QueueBusy:
            if time.monotonic() > until:
                raise


def forget(job_id: int) -> None:
    """Remove the row of a job."""
    with table(write=True) as rows:
        rows.execute("DELETE FROM jobs WHERE id = ?", (job_id,))


def read_settings() -> dict[str, Any]:
    """The desk's settings, by name."""
    with table(write=False) as rows:
        found = rows.execute("SELECT name, value FROM settings").fetchall()
    return {name: json.loads(value) for name, value in found}


def write_setting(name: str, value: Any) -> None:
    with table(write=True) as rows:
        rows.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))
