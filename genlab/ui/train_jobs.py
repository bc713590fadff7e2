"""The jobs of the desk on the Train page: a button for some, and a list of all."""

import streamlit as st

from genlab.data.catalogue import KNOWN
from genlab.jobs.desk import Visitor, clear, may_change
from genlab.jobs.queue import ENDED, Job
from genlab.ui.hostile import literal
from genlab.ui.owner import owner_words
from genlab.ui.train_desk import (
    COLOURS,
    ICONS,
    asked,
    group_of,
    siblings,
    state_words,
)

CHIPS = 3  # jobs, or groups of seeds, that have a button of their own


def show(ids: list[int]) -> None:
    st.session_state["train.shown"], st.session_state["train.missing"] = ids, False


def job_buttons(jobs: list[Job], shown: list[Job], visitor: Visitor) -> None:
    """A button for each job, or for the seeds of one, the visitor's own first."""
    groups: dict[int, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: (job.owner != visitor.id, job.state in ENDED, -job.id)):
        group = siblings(job, jobs)
        groups.setdefault(group[0].id, group)
    ids = {job.id for job in shown}
    listed = list(groups.values())
    visible = listed[:CHIPS]
    visible += [group for group in listed[CHIPS:] if ids & {job.id for job in group}]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        for group in visible:
            chip(group, jobs, is_shown=bool(ids & {job.id for job in group}))
        if len(jobs) > 1 or any(job.state in ENDED for job in jobs):
            all_jobs(jobs, visitor)


def chip(group: list[Job], jobs: list[Job], *, is_shown: bool) -> None:
    job = next((job for job in group if job.state == "running"), group[0])
    name = group_of(job) if len(group) > 1 else job.name
    words = state_words(job, jobs)
    if len(group) > 1:
        ended = sum(other.state in ENDED for other in group)
        words = f"{ended} of {len(group)} done" if ended else f"{len(group)} seeds, {words}"
    colour = COLOURS.get(job.state)
    if words == "done":
        words = ""  # its icon says so
    words = f":{colour}[{words}]" if colour and words and not is_shown else words
    st.button(
        f"{literal(name)} {words}".strip(),
        key=f"train.show.{group[0].id}",
        icon=ICONS[job.state],
        type="primary" if is_shown else "secondary",
        on_click=show,
        args=([other.id for other in group],),
    )


def all_jobs(jobs: list[Job], visitor: Visitor) -> None:
    popover = st.popover(
        f"All {len(jobs)}", icon=":material/list:", key="train.all", on_change="rerun"
    )
    if not popover.open:
        return
    with popover, st.container(width=620):
        st.dataframe(
            [
                {
                    "run": job.name,
                    "state": state_words(job, jobs),
                    "done": percent_done(job),
                    "by": owner_words(job.owner, visitor),
                    "data": dataset_title(job),
                }
                for job in jobs
            ],
            hide_index=True,
            column_config={"done": st.column_config.ProgressColumn(format="%d %%", max_value=100)},
        )
        st.selectbox(
            "Show",
            [job.id for job in jobs],
            index=None,
            format_func={job.id: job.name for job in jobs}.get,
            key="train.choose",
            placeholder="Choose a job to show",
            on_change=lambda: show([st.session_state["train.choose"]]),
        )
        old = [job for job in jobs if job.state in ENDED and may_change(job.owner, visitor)]
        if not old:
            return
        st.button(
            "Clear " + ("the ended job" if len(old) == 1 else f"{len(old)} ended jobs"),
            key="train.clear_all",
            icon=":material/delete_sweep:",
            on_click=asked,
            args=(clear_all, old, visitor),
            help="Forget the jobs; the runs that they made stay.",
        )


def percent_done(job: Job) -> int:
    if job.state == "done":
        return 100
    return 100 * job.step // job.steps if job.steps else 0


def clear_all(jobs: list[Job], visitor: Visitor) -> None:
    for job in jobs:
        clear(job.id, visitor)


def dataset_title(job: Job) -> str:
    info = KNOWN.get(job.config["dataset"])
    return info.title if info else job.config["dataset"]
