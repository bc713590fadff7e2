"""One job, trained in a process of its own.

Its folder holds what pages read while it runs, and what another process needs to go on after it:

    lock            held by the living process; free means that it is dead
    state.pt        weights, optimiser and position, saved every few seconds
    steps.jsonl     losses of every report
    epochs.jsonl    losses of every epoch, as the run's metrics.jsonl will have them
    pictures.npy    what the model makes of fixed inputs, newest epoch
    film.npz        the film so far, of a family that has one
    log.txt         its output, for whoever asks why it failed
"""

import errno
import io
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from genlab.errors import GenLabError
from genlab.jobs.locks import held
from genlab.jobs.progress import read_steps
from genlab.jobs.queue import Job, QueueBusy, change, find_job, insist
from genlab.runs.film import Score, film_path
from genlab.runs.folder import Run, list_runs, write_whole
from genlab.runs.models import start_weights
from genlab.runs.recording import Recorder
from genlab.training.loop import EpochRecord, Position, StepRecord, total_steps
from genlab.training.recipes import RunConfig, config_from_dict
from genlab.training.session import Session, prepare

REPORT_EVERY = 20  # updates between two records
SAVE_EVERY = float(os.environ.get("GENLAB_SAVE_EVERY", "5"))  # seconds between two saved states
SAVE_SHARE = 0.05  # of the time, at most: a large state is saved less often
LOOK_EVERY = 0.2  # seconds between two looks at what is asked of the job
BEAT_EVERY = 0.7  # seconds between two signs of life, with new pictures
PAUSED_FOR = 600.0  # seconds a paused job keeps its process; then it waits on disk alone


Scorer = Callable[[RunConfig], Score | None]


class Stopped(Exception):
    """The job was asked to stop."""


class Parked(Exception):
    """The job was paused for so long that its process gives its place away."""


class JobTraining:
    """Trains one job from where it stands; `run` returns when it ended or was asked to."""

    def __init__(self, job: Job, scorer: Scorer) -> None:
        self.job, self.folder = job, job.folder
        self.config = config_from_dict(job.config)
        goes_on = (self.folder / "state.pt").exists()
        weights = {} if goes_on else start_weights(self.config)
        self.session: Session = prepare(self.config, weights=weights)
        self.recorder = Recorder(self.config, self.session.step, scorer(self.config))
        self.position, self.every = Position(), REPORT_EVERY
        self.steps_file = self.folder / "steps.jsonl"
        self.looked = self.saved = self.beaten = self.save_took = 0.0
        if goes_on:
            self.restore()
        self.recorder.begin()
        self.frames = 0  # of the film, in the file

    def run(self) -> None:
        """Train to the end.

        Raises:
            Stopped: it was asked to stop.
            Parked: it was paused for long.
            GenLabError: something a person can mend went wrong.
        """
        finished = False
        while not finished:
            finished = True
            for record in self.session.records(self.position, report_every=self.every):
                self.take(record)
                wanted = self.next_pace(record)
                if wanted != self.every:  # another pace: go on from here in other strides
                    self.every, finished = wanted, False
                    break
        self.save()

    def take(self, record: StepRecord | EpochRecord) -> None:
        self.recorder.take(record)
        self.publish_film()
        if isinstance(record, EpochRecord):
            self.position = Position(record.epoch + 1)
            write_lines(self.folder / "epochs.jsonl", self.recorder.epochs)
            return
        self.position = record.position
        line = {"step": record.step, "epoch": record.epoch, **record.losses}
        with open(self.steps_file, "a") as file:
            file.write(json.dumps(line) + "\n")

    def publish_film(self) -> None:
        """Show a new frame to whoever watches."""
        reel = self.recorder.reel
        if reel is not None and len(reel.updates) > self.frames:
            self.frames = len(reel.updates)
            write_whole(film_path(self.folder), reel.packed())

    def next_pace(self, record: StepRecord | EpochRecord) -> int:
        try:
            return self.obey(record)
        except QueueBusy:  # what is asked of the job can wait: it trains on meanwhile
            return self.every

    def obey(self, record: StepRecord | EpochRecord) -> int:
        """Save, say that we live, and do what is asked; return the updates to the next look."""
        now = time.monotonic()
        if now - self.saved > max(SAVE_EVERY, self.save_took / SAVE_SHARE):
            self.save()
        if now - self.looked < LOOK_EVERY and self.every > 1:
            return self.every
        job = find_job(self.job.id)
        self.looked = now
        if now - self.beaten > BEAT_EVERY:
            self.beat(record)
        if job.wish == "stop":
            raise Stopped
        if job.wish == "pause":
            self.beat(record)
            return self.wait(job)
        time.sleep(job.delay)
        return 1 if job.delay else REPORT_EVERY

    def wait(self, job: Job) -> int:
        """Stay paused until asked otherwise, or allowed one update."""
        self.save()
        change(job.id, state="paused")
        until = time.monotonic() + PAUSED_FOR
        while time.monotonic() < until:
            job = find_job(job.id)
            if job.wish == "stop":
                raise Stopped
            if job.wish == "run":
                change(job.id, state="running")
                return REPORT_EVERY
            if job.credit > 0:
                change(job.id, credit=job.credit - 1)
                return 1
            time.sleep(0.05)
        raise Parked

    def beat(self, record: StepRecord | EpochRecord) -> None:
        self.beaten = time.monotonic()
        steps = total_steps(len(self.session.data.images), self.config.training)
        # It has got further than where it began: earlier deaths no longer count against it
        change(self.job.id, beat=time.time(), step=record.step, steps=steps, attempts=0)
        save_pictures(self.folder, self.session)

    def save(self) -> None:
        began = time.monotonic()
        buffer = io.BytesIO()
        state = {
            "model": self.session.step.model.state_dict(),
            "step": self.session.step.state_dict(),
            "recorder": self.recorder.state_dict(),
            "position": asdict(self.position),
        }
        torch.save(state, buffer)
        write_whole(self.folder / "state.pt", buffer.getvalue())
        self.saved = time.monotonic()
        self.save_took = self.saved - began

    def restore(self) -> None:
        state = torch.load(self.folder / "state.pt", weights_only=True)
        self.session.step.model.load_state_dict(state["model"])
        self.session.step.load_state_dict(state["step"])
        self.recorder.load_state_dict(state["recorder"])
        self.position = Position(**state["position"])
        self.forget_later_steps()

    def forget_later_steps(self) -> None:
        """Drop the lines of steps.jsonl that were written after the state that we go on from."""
        batches = -(-len(self.session.data.images) // self.config.training.batch_size)
        done = (self.position.epoch - 1) * batches + self.position.batch
        write_lines(self.steps_file, [x for x in read_steps(self.job) if x["step"] <= done])


def write_lines(path: Path, lines: list[dict]) -> None:
    write_whole(path, "".join(json.dumps(line) + "\n" for line in lines).encode())


def save_pictures(folder: Path, session: Session) -> None:
    """What the model makes of fixed validation images and fixed noise: (rows, 10, P) uint8."""
    pictures = session.step.pictures(
        session.data.validation_images[:10], session.data.validation_labels[:10], seed=0
    )
    buffer = io.BytesIO()
    np.save(buffer, pictures.cpu().numpy(), allow_pickle=False)
    write_whole(folder / "pictures.npy", buffer.getvalue())


def run_job(
    job_id: int, describe: Callable[[Run, bool], None], scorer: Scorer = lambda config: None
) -> None:
    """Train one job to its end, keep it as a run and describe that; every outcome is in the row.

    Args:
        describe: computes the figures of the finished run, and is told whether it was stopped:
            then somebody waits for the place, and it should take little time.
        scorer: gives what scores each frame of the film of a config, if anything does.
    """
    job = find_job(job_id)
    with held(job.folder / "lock") as alone:
        if not alone:
            return
        try:
            finish(job, describe, scorer)
        except Parked:
            insist(job_id, state="paused", message="Saved; resume to go on.")
        except GenLabError as error:
            fail(job_id, str(error))
        except (torch.OutOfMemoryError, MemoryError):
            fail(job_id, "The device ran out of memory; lower batch_size or hidden and retry.")
        except OSError as error:
            full = error.errno == errno.ENOSPC
            mend = "The disk is full; free some space and resume." if full else f"{error.strerror}."
            fail(job_id, mend)


def finish(job: Job, describe: Callable[[Run, bool], None], scorer: Scorer) -> None:
    training = JobTraining(job, scorer)
    stopped = False
    try:
        training.run()
    except Stopped:
        stopped = True
    recorder = training.recorder
    if not recorder.best_weights:
        recorder.keep_current()
    run = written_before(job)
    name = job.name if run else free_beside(job.name)
    insist(job.id, name=name, state="running", message="Measuring the run.")
    run = run or recorder.finish(
        name,
        data_origin=training.session.origin,
        stopped_early=stopped,
        owner=job.owner,
        job=job.id,
    )
    describe(run, stopped)
    insist(job.id, state="stopped" if stopped else "done", ended=time.time(), message="")


def written_before(job: Job) -> Run | None:
    """The job's run, where an earlier process died between writing it and saying so."""
    run = next((run for run in list_runs() if run.name == job.name), None)
    return run if run and run.config.get("made", {}).get("job") == job.id else None


def free_beside(name: str) -> str:
    """The name, numbered where a run took it while the job trained."""
    taken = {run.name for run in list_runs()}
    names = (name if n == 1 else f"{name[:59]}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def fail(job_id: int, sentence: str) -> None:
    insist(job_id, state="failed", ended=time.time(), message=sentence)
