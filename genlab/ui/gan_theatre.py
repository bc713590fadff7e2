"""The GAN theatre as a component, and the state of a visitor's page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import streamlit as st

from genlab.data.catalogue import DATASETS
from genlab.jobs.queue import Job
from genlab.runs.folder import Run
from genlab.ui.components import mount
from genlab.ui.gan_view import (
    FRESH,
    MOST,
    TheatreView,
    dataset_of,
    film_data,
    first_choice,
    link_of,
    read_keys,
    read_view,
    title_of,
)
from genlab.ui.hostile import literal
from genlab.ui.page_link import PageLink

PLANE = "plane_"  # what the parameters of the other tab begin with
TABS = ("Theatre", "In the plane")


@dataclass
class GanState:
    view: TheatreView = FRESH
    keys: list[str] = field(default_factory=list)
    version: int = 0  # of what the browser is made to show
    link: PageLink = field(default_factory=PageLink)  # its own parameters


def open_theatre(options: dict[str, Run | Job], jobs: Sequence[Job]) -> GanState:
    """The state of this session, after a link that was opened, if one was."""
    state = st.session_state.setdefault("gan.state", GanState())
    link = own_parameters()
    shown = st.session_state.get("gan.runs")
    if state.link.is_opened(link, acted=shown not in (None, state.keys)):
        if state.link.now is None and not link.get("show") and plane_parameters():
            link = link | {"show": "plane"}
        take_over(state, link, options, jobs)
    elif "gan.runs" not in st.session_state:  # back from another page
        state.version += 1
        st.session_state["gan.runs"] = state.keys or first_choice(options)
        if "gan.tab" not in st.session_state:
            st.session_state["gan.tab"] = TABS[state.link.now.get("show") == "plane"]
    kept = read_keys("~".join(st.session_state["gan.runs"]), options, jobs)
    if kept != st.session_state["gan.runs"]:  # a job has become a run, or a run is gone
        st.session_state["gan.runs"] = kept or first_choice(options)
    state.keys = st.session_state["gan.runs"]
    return state


def take_over(
    state: GanState, link: dict[str, str], options: dict[str, Run | Job], jobs: Sequence[Job]
) -> None:
    """Make the page and the browser show what a link says."""
    wanted = link.get("runs", "")
    keys = read_keys(wanted, options, jobs)
    if wanted and not keys and options:
        st.warning(f'There is no film of "{literal(wanted[:80])}" here; these are others.')
    state.view = read_view(link)
    state.link.open(link)
    state.version += 1
    st.session_state["gan.runs"] = keys or first_choice(options)
    st.session_state["gan.tab"] = TABS[link.get("show") == "plane"]


def own_parameters() -> dict[str, str]:
    return {n: text for n, text in st.query_params.to_dict().items() if not n.startswith(PLANE)}


def plane_parameters() -> dict[str, str]:
    return {n: text for n, text in st.query_params.to_dict().items() if n.startswith(PLANE)}


def show_link(state: GanState) -> None:
    """Write the page's state into the URL, but for the parameters of the plane."""
    link = {"runs": "~".join(state.keys)} if state.keys else {}
    link |= link_of(state.view)
    if st.session_state.get("gan.tab") == TABS[1]:
        link["show"] = "plane"
    state.link.write(link)
    if own_parameters() != link:
        st.query_params.from_dict(link | plane_parameters())


def pick_films(options: dict[str, Run | Job]) -> list[str]:
    return st.multiselect(
        "Films",
        list(options),
        format_func=lambda key: title_of(key, options[key]),
        max_selections=MOST,
        key="gan.runs",
        label_visibility="collapsed",
        placeholder="Choose one to four runs",
        width=620,
    )


def theatre(state: GanState, options: dict[str, Run | Job]) -> Any:
    """Show the component and take in what it tells; the result's `ended` is a job's key."""
    datasets = {dataset_of(options[key]) for key in state.keys}
    names = DATASETS[next(iter(datasets))].classes if len(datasets) == 1 else "0123456789"
    data = {
        "films": film_data(state.keys, options),
        "classes": list(names),
        "view": asdict(state.view),
        "version": state.version,
    }
    result = mount("gan_theatre", data=data, key="gan.component", outputs=("view", "ended"))
    told = result.view
    if isinstance(told, dict) and told.get("version") == state.version:
        state.view = read_view(told)
    return result
