"""The desk as the Train page shows it: jobs, their states in words, what may be asked of them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from genlab.errors import GenLabError
from genlab.jobs import desk
from genlab.jobs.cost import in_words
from genlab.jobs.desk import Visitor, may_change
from genlab.jobs.queue import ENDED, Job, list_jobs, waiting
from genlab.jobs.worker import ensure_worker, slots
from genlab.places import home
from genlab.runs.families import family_of, loss_of, short
from genlab.ui.hostile import literal
from genlab.ui.train_curves import read_columns

ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "paused": ":material/pause_circle:",
    "done": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
}
COLOURS = {"running": "green", "paused": "orange", "failed": "red", "queued": "blue"}
PACES = {0.0: "Full speed", 0.1: "Slow", 0.5: "Very slow"}  # seconds after each update
SILENT_AFTER = 8.0  # seconds without a sign of life, after which the page says so
ORDINALS = ("next", "2nd", "3rd")


# --- reading -------------------------------------------------------------------------------------


def jobs_now() -> list[Job]:
    """All jobs, newest first; one look serves every page that asks within a third of a second."""
    return _jobs(str(home()))


@st.cache_resource(ttl=0.3, max_entries=4, show_spinner=False)
def _jobs(home_folder: str) -> list[Job]:
    return list_jobs()


def forget_look() -> None:
    """Have the next look see what was just asked for."""
    _jobs.clear()


def keep_worker(jobs: list[Job]) -> None:
    """Jobs that wait need a worker; it ends by itself when there are none."""
    if any(job.state in ("queued", "running") for job in jobs):
        ensure_worker()


def is_live(job: Job) -> bool:
    """Whether something may change without anybody asking."""
    parked = job.state == "paused" and bool(job.message)  # its process has gone: it waits on disk
    return job.state not in ENDED and (not parked or job.wish != "pause")


def group_of(job: Job) -> str:
    """What runs that differ in their seed alone share: their owner and their name's stem."""
    stem, _, seed = job.name.rpartition("-s")
    return stem if stem and seed == str(job.config["training"]["seed"]) else job.name


def siblings(job: Job, jobs: list[Job]) -> list[Job]:
    """The job and those that differ from it in their seed alone, oldest first."""
    group = group_of(job)
    if group == job.name:
        return [job]

    def same(other: Job) -> bool:
        return (
            other.owner == job.owner
            and group_of(other) == group != other.name
            and unseeded(other.config) == unseeded(job.config)
        )

    return sorted((other for other in jobs if same(other)), key=lambda other: other.id)


def unseeded(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**config, "training": {**config["training"], "seed": None}}


# --- words ---------------------------------------------------------------------------------------


def state_words(job: Job, jobs: list[Job]) -> str:
    """One or two words on how a job stands."""
    if job.state == "queued":
        place = waiting(jobs).index(job) if job in jobs else 0
        return "queued, " + (ORDINALS[place] if place < 3 else f"{place + 1}th")
    if job.state in ("running", "paused") and job.wish == "stop":
        return "measuring …" if job.message else "stopping …"
    if job.state == "running":
        if job.message:
            return "measuring …"
        if job.wish == "pause":
            return "pausing …"
        return f"{100 * job.step // job.steps} %" if job.steps else "starting …"
    return job.state


def queue_words(job: Job, jobs: list[Job]) -> str:
    """Where a queued job stands in line, and why there."""
    order, running = waiting(jobs), [other for other in jobs if other.state == "running"]
    ahead = order[: order.index(job)]
    own_running = sum(other.owner == job.owner for other in running)
    if not ahead and len(running) < slots():
        return "It starts within a second."
    many = f"{len(running)} jobs are" if len(running) != 1 else "one job is"
    if not ahead:
        return f"It is next: {many} running, as many as this machine trains at once."
    line = "one job is" if len(ahead) == 1 else f"{len(ahead)} jobs are"
    younger = [other for other in ahead if other.id > job.id and other.owner != job.owner]
    if younger and own_running:
        why = "everybody's first job runs before anybody's second, and its owner has one running"
    elif younger:
        why = "their owners have waited longer since a job of theirs began"
    elif any(other.owner == job.owner for other in ahead):
        why = "they were asked for earlier, some by the same owner"
    else:
        why = "they were asked for earlier"
    return f"{line.capitalize()} before it: {why}."


def progress_of(job: Job) -> tuple[float, str]:
    """The share that is done, and a line about it: epoch, pace, time left."""
    if not job.steps:
        return 0.0, "Starting: loading torch and the images …"
    reports = read_columns(job.folder / "steps.jsonl")
    step = int(reports["step"][-1]) if reports else job.step  # newer than the row's
    epochs = job.config["training"]["epochs"]
    batches = max(job.steps // epochs, 1)
    parts = [f"epoch {min((max(step, 1) - 1) // batches + 1, epochs)} of {epochs}"]
    parts.append(f"update {step:,}")
    for loss in family_of(job.config["family"]).watched:
        if loss in reports:
            parts.append(f"{loss_of(loss).brief} {short(reports[loss][-1])}")
    if job.state == "running" and not job.message:
        rate = pace(job)
        if rate:
            parts.append(f"{rate:,.0f} updates/s" if rate >= 10 else f"{rate:.1f} updates/s")
            parts.append(f"{in_words((job.steps - step) / rate)} left")
        silence = time.time() - (job.beat or time.time())
        if silence > SILENT_AFTER:
            parts.append(f"no sign of life for {in_words(silence)}; it will be resumed")
    return min(step / job.steps, 1.0), " · ".join(parts)


def outcome(job: Job) -> str:
    """What became of a job that has ended: epochs done, time taken."""
    if not job.started:
        return "It was stopped before it began"
    done = len(read_columns(job.folder / "epochs.jsonl").get("epoch", ()))
    words = f"{done} of {job.config['training']['epochs']} epochs"
    return f"{words}, took {in_words(job.ended - job.started)}" if job.ended else words


_paces: dict[tuple[str, int], deque] = {}
_pacing = threading.Lock()


def pace(job: Job) -> float | None:
    """Updates a second over the last signs of life; None before there are two."""
    with _pacing:
        seen = _paces.setdefault((str(home()), job.id), deque(maxlen=8))
        if seen and job.step < seen[-1][1]:
            seen.clear()  # it went on from an earlier state
        if job.beat and (not seen or job.beat > seen[-1][0]):
            if seen and job.beat - seen[-1][0] > 5.0:
                seen.clear()  # it was paused, or nobody looked
            seen.append((job.beat, job.step))
        while len(_paces) > 200:
            _paces.pop(next(iter(_paces)))
        if len(seen) < 2 or seen[-1][1] == seen[0][1]:
            return None
        return (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0])


# --- asking --------------------------------------------------------------------------------------


def asked(action: Callable, *arguments: Any) -> None:
    """Do what a button asks, in its callback; a refusal is kept to be shown on the page."""
    try:
        action(*arguments)
    except GenLabError as error:
        st.session_state["train.refusal"] = str(error)
    forget_look()


def show_refusal() -> None:
    refusal = st.session_state.pop("train.refusal", None)
    if refusal:
        st.error(literal(refusal), icon=":material/error:")


def controls(job: Job, jobs: list[Job], visitor: Visitor, duplicate: Callable[[Job], None]) -> None:
    """What this visitor may ask of a job: buttons for a row that the caller opens."""
    mine, group = may_change(job.owner, visitor), siblings(job, jobs)
    living = [other for other in group if other.state not in ENDED]
    can_pause = job.state == "running" and job.wish == "run" and not job.message

    def button(word: str, icon: str, action: Callable, *arguments: Any, **more: Any) -> None:
        st.button(
            word,
            key=f"train.{word.lower().replace(' ', '_')}.{job.id}",
            icon=f":material/{icon}:",
            on_click=asked,
            args=(action, *arguments),
            **more,
        )

    if mine and can_pause:
        button("Pause", "pause", desk.pause, job.id, visitor)
    if mine and job.state in ("running", "paused") and job.wish == "pause":
        button("Resume", "play_arrow", desk.resume, job.id, visitor, type="primary")
    if mine and job.state == "paused" and job.wish == "pause":
        button("1 step", "skip_next", desk.single_step, job.id, visitor, 1,
               help="Make one update and look.")  # fmt: skip
        button("10 steps", "fast_forward", desk.single_step, job.id, visitor, 10)
    if mine and job.state not in ENDED and job.wish != "stop":
        button("Stop", "stop", desk.stop, job.id, visitor,
               help="End it within seconds; what it has learned so far is kept as a run."
               )  # fmt: skip
        if len(living) > 1:
            button(f"Stop all {len(living)}", "stop", stop_all, living, visitor,
                   help="Stop the runs of all its seeds.")  # fmt: skip
    if mine and job.state == "failed":
        button("Resume", "play_arrow", desk.resume, job.id, visitor, type="primary",
               help="Go on from its last saved state.")  # fmt: skip
    if mine and job.state in ("done", "stopped") and job.step:
        more_epochs_popover(job, visitor)
    button("Duplicate", "content_copy", duplicate, job,
           help="Put its settings into the form, to be changed and started.")  # fmt: skip
    if mine and job.state in ENDED:
        button("Clear", "delete_sweep", desk.clear, job.id, visitor,
               help="Forget this job; the run that it made stays.")  # fmt: skip
    if mine and len(group) == 1 and can_pause:
        pace_control(job, visitor)
    if not mine and job.state not in ENDED:
        st.caption("Its owner and the teacher can stop it.", width="content")


def stop_all(jobs: list[Job], visitor: Visitor) -> None:
    for job in jobs:
        desk.stop(job.id, visitor)


def more_epochs_popover(job: Job, visitor: Visitor) -> None:
    popover = st.popover(
        "Continue", icon=":material/add:", key=f"train.more.{job.id}", on_change="rerun"
    )
    if not popover.open:
        return
    with popover:
        epochs = st.number_input("More epochs", 1, 1000, 5, key=f"train.more_epochs.{job.id}")
        st.caption("It goes on from the last weights, as a run with a name of its own.")
        if st.button("Go on", key=f"train.go_on.{job.id}", type="primary", width="stretch"):
            asked(continue_job, job, epochs, visitor)
            st.rerun()


def continue_job(job: Job, epochs: int, visitor: Visitor) -> None:
    new = desk.more_epochs(job.id, epochs, visitor)
    st.session_state["train.shown"] = [new.id]


def pace_control(job: Job, visitor: Visitor) -> None:
    key = f"train.pace.{job.id}"
    st.session_state[key] = min(PACES, key=lambda delay: abs(delay - job.delay))
    st.segmented_control(
        "Pace",
        list(PACES),
        format_func=PACES.get,
        key=key,
        label_visibility="collapsed",
        required=True,
        on_change=lambda: asked(desk.slow_motion, job.id, st.session_state[key], visitor),
        help="Slow motion: a wait after every update, to see what each does.",
    )
