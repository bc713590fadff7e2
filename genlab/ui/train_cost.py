"""The cost of the training in the form, found out beside the page, one probe after another."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from genlab.errors import GenLabError
from genlab.jobs.cost import Cost, Probe, ask, cost, in_words, kept_at, kept_probe
from genlab.jobs.queue import Job
from genlab.jobs.worker import slots
from genlab.ui.hostile import literal

REST = 0.5  # seconds that a form must rest before it is probed
FORGET_FAILURE = 20.0  # seconds after which a failed probe is tried again


@dataclass
class Question:
    config: Mapping[str, Any]
    asked_at: float


_questions: OrderedDict[str, Question] = OrderedDict()  # visitor's id -> what they last asked
_failures: dict[str, tuple[float, str]] = {}  # kept_at -> when, and the sentence
_answered: dict[str, Probe] = {}  # kept_at -> the probe
_lock = threading.Lock()
_worker: threading.Thread | None = None


def probe_of(config: Mapping[str, Any], visitor_id: str) -> Probe | str | None:
    """The probe of a config, the sentence that says why there is none, or None: being measured.

    A visitor's new question takes the place of their old one, so that no one's dragging on a
    number fills the machine.

    Raises:
        GenLabError: the dataset is not here.
    """
    key = str(kept_at(config))
    with _lock:
        if key in _answered:
            return _answered[key]
        when, sentence = _failures.get(key, (0.0, ""))
        if time.monotonic() - when < FORGET_FAILURE and sentence:
            return sentence
    kept = kept_probe(config)
    with _lock:
        if kept is not None:
            _answered[key] = kept
            return kept
        waiting = _questions.get(visitor_id)
        if waiting is None or str(kept_at(waiting.config)) != key:
            _questions[visitor_id] = Question(config, time.monotonic())
        start_worker()
    return None


def start_worker() -> None:
    global _worker
    if _worker is None or not _worker.is_alive():
        _worker = threading.Thread(target=answer_all, name="cost probes", daemon=True)
        _worker.start()


def answer_all() -> None:
    """Answer the questions, the oldest first, until there are none."""
    while True:
        with _lock:
            if not _questions:
                return
            visitor_id, question = next(iter(_questions.items()))
        rest = question.asked_at + REST - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        with _lock:
            if _questions.get(visitor_id) is not question:
                continue  # the form has changed meanwhile
        answer(question)
        with _lock:
            if _questions.get(visitor_id) is question:
                del _questions[visitor_id]


def answer(question: Question) -> None:
    key = ""
    try:
        key = str(kept_at(question.config))
        probe = ask(question.config)
    except GenLabError as error:
        with _lock:
            _failures[key] = (time.monotonic(), str(error))
        return
    with _lock:
        _answered[key] = probe


def cost_panel(config: Mapping[str, Any], runs: int, jobs: list[Job], visitor_id: str) -> None:
    """What starting this would take; measured while the visitor waits, and then kept."""
    found = probe_of(config, visitor_id)

    @st.fragment(run_every=None if found is not None else 1.0)
    def panel() -> None:
        now = probe_of(config, visitor_id)
        if now is not None and found is None:
            st.rerun()
        with st.container(border=True, key="train.cost", gap="xxsmall"):
            if now is None:
                st.markdown(":material/timer: Measuring the cost …")
                st.caption("A second of this training, in a process apart.")
            elif isinstance(now, str):
                st.markdown(":material/timer_off: No estimate")
                st.caption(literal(now))
            else:
                show_cost(now, cost(now, config), runs, jobs)

    panel()


def show_cost(probe: Probe, estimate: Cost, runs: int, jobs: list[Job]) -> None:
    together = min(runs, slots())
    turns = -(-runs // together)
    on_gpu = f", of which {size(probe.gpu_memory_mb)} on it" if probe.gpu_memory_mb else ""
    st.markdown(
        f":material/timer: **≈ {in_words(estimate.seconds * turns)}** of training",
        help=f"{probe.parameters:,} parameters; {probe.batches:,} updates an epoch, "
        f"{1 / probe.seconds_per_step:,.0f} a second. Measured here by a second of training; "
        "other work on the machine makes it slower. The figures and maps of the finished run take "
        "some seconds more.",
    )
    words = f"On {literal(probe.device)}: {size(estimate.memory_mb * together)} of memory{on_gpu}, "
    words += f"{size(estimate.disk_mb * runs)} on disk."
    ahead = sum(job.state in ("queued", "running") for job in jobs)
    if ahead >= slots():
        many = "1 job is" if ahead == 1 else f"{ahead} jobs are"
        words += f" {many} running or waiting: yours may wait for its turn."
    st.caption(words)


def size(megabytes: float) -> str:
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"
