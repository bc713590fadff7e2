"""Links from a run to the pages that open it."""

import streamlit as st

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
