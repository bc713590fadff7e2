"""Links from a run, or a training at work, to the pages that open it."""

from urllib.parse import parse_qs

import streamlit as st

from genlab.jobs.queue import Job
from genlab.runs.families import Door, family_of
from genlab.runs.film import has_film
from genlab.runs.folder import Run

CHECKPOINTS = Door("checkpoints", "Checkpoints", ":material/inventory_2:", "run")


def show_doors(run: Run, *more: Door, prefix: str = "") -> None:
    """A link for each page of the run's family, and more, in a row that the caller opens."""
    doors = [door for door in family_of(run.family).doors if not door.film or has_film(run)]
    for door in (*doors, *more):
        st.page_link(
            f"../../pages/{door.page}.py",
            label=prefix + door.title,
            icon=door.icon,
            query_params={door.parameter: run.name},
        )


def show_live_doors(job: Job) -> None:
    """A link for each page on which the training can be watched."""
    for door in family_of(job.config["family"]).doors:
        if door.live:
            st.page_link(
                f"../../pages/{door.page}.py",
                label=f"Watch the film: {door.title}",
                icon=door.icon,
                query_params=parse_qs(door.live.format(id=job.id)),
            )
