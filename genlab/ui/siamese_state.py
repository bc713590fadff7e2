"""One visitor's Siamese page, kept through reruns, links and page changes: which runs stand on the
bench, and the view of them. The widgets, the browser and the URL follow it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from genlab.data.catalogue import find_dataset
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.jobs.queue import Job
from genlab.runs.folder import Run
from genlab.ui.hostile import literal
from genlab.ui.page_link import PageLink
from genlab.ui.siamese_view import (
    FRESH,
    MOST,
    TABS,
    PairsView,
    at_work,
    choices,
    first_runs,
    link_of,
    read_runs,
    read_view,
)

DATASET, RUNS, TAB, JOB = "siamese.dataset", "siamese.runs", "siamese.tab", "siamese.job"
SHORT = {"lfw": "LFW faces"}  # titles that are too long for the head of the page
Options = Mapping[str, Sequence[Run]]  # dataset -> its runs


@dataclass
class SiameseState:
    view: PairsView = FRESH
    dataset: str = ""
    names: list[str] = field(default_factory=list)  # of the runs on show
    kept: dict[str, float | None] = field(default_factory=dict)  # run -> threshold, of all so far
    version: int = 0  # of what the browser is made to show
    missing: str = ""  # of images that were asked for and are not here, the sentence
    link: PageLink = field(default_factory=PageLink)


def open_siamese(runs: Sequence[Run], jobs: Sequence[Job]) -> tuple[SiameseState, Options]:
    """The state of this session, after a link that was opened, if one was; what can be shown."""
    options = choices(runs)
    state = st.session_state.setdefault("siamese.state", SiameseState())
    link = st.query_params.to_dict()
    if options and state.link.is_opened(link, acted=has_changed(state)):
        state.link.open(link)
        take_over(state, link, options, jobs)
    elif options and DATASET not in st.session_state:  # back from another page
        state.version += 1
        impose(state)
    if options and state.view.job is not None:
        settle_job(state, options, jobs)
    return state, options


def has_changed(state: SiameseState) -> bool:
    """Whether a widget shows another value than the state: somebody has just chosen it."""
    shown = {DATASET: state.dataset, RUNS: state.names, TAB: TABS[state.view.show]}
    return any(st.session_state.get(key) not in (None, value) for key, value in shown.items())


def take_over(
    state: SiameseState, link: Mapping[str, str], options: Options, jobs: Sequence[Job]
) -> None:
    """Make the page and the browser show what a link says."""
    wanted = link.get("runs", "")
    dataset, names = read_runs(wanted, options)
    if wanted and not names:
        st.warning(f'There is no Siamese run "{literal(wanted[:80])}" here; this is another.')
    state.view = read_view(link)
    watched = next((job for job in at_work(jobs) if job.id == state.view.job), None)
    if watched is not None and not wanted:  # its film alone
        dataset = watched.config["dataset"] if watched.config["dataset"] in options else None
    state.dataset = dataset or next(iter(options))
    state.names = names or ([] if watched else first_runs(options[state.dataset]))
    state.kept = dict(zip(state.names, state.view.t, strict=False))
    state.version += 1
    impose(state)


def settle_job(state: SiameseState, options: Options, jobs: Sequence[Job]) -> None:
    """In the place of a job that has ended: the run that it became."""
    if any(job.id == state.view.job for job in at_work(jobs)):
        return
    name = next((job.name for job in jobs if job.id == state.view.job), None)
    state.view = replace(state.view, job=None)
    for dataset, runs in options.items():
        if name not in {run.name for run in runs}:
            continue
        others = [other for other in state.names if other != name][: MOST - 1]
        change_runs(state, dataset, [*others, name] if dataset == state.dataset else [name])
    state.names = state.names or first_runs(options[state.dataset])
    impose(state)


def impose(state: SiameseState) -> None:
    st.session_state[DATASET], st.session_state[RUNS] = state.dataset, state.names
    st.session_state[TAB] = TABS[state.view.show]
    st.session_state[JOB] = state.view.job


def pick_runs(state: SiameseState, options: Options) -> list[Run]:
    """The widgets at the head of the page; the runs chosen, none where there are no images.

    Images that are not on this machine give their sentence, and others in their place.
    """
    settle_images(state, options)
    dataset = st.selectbox(
        "Images",
        list(options),
        format_func=title_of,
        key=DATASET,
        label_visibility="collapsed",
        width=170,
    )
    by_name = {run.name: run for run in options[dataset]}
    shown = [name for name in st.session_state.get(RUNS, []) if name in by_name]
    if dataset != state.dataset or shown != st.session_state.get(RUNS):
        st.session_state[RUNS] = shown or first_runs(options[dataset])
    names = st.multiselect(
        "Runs",
        list(by_name),
        max_selections=MOST,
        key=RUNS,
        label_visibility="collapsed",
        placeholder="Choose one to four runs",
        width="stretch",
    )
    if names != state.names or dataset != state.dataset:
        change_runs(state, dataset, names)
    return [by_name[name] for name in names] if not missing_images(dataset) else []


def settle_images(state: SiameseState, options: Options) -> None:
    """Put images that are here in the place of those that are not."""
    wanted = st.session_state.get(DATASET)
    if wanted not in options:
        wanted = st.session_state[DATASET] = next(iter(options))
    if sentence := missing_images(wanted):
        state.missing = sentence
        here = [name for name in options if not missing_images(name)]
        st.session_state[DATASET] = here[0] if here else wanted
        if here:
            state.missing += f" Here is {title_of(here[0])} in the meantime."
    elif wanted != state.dataset:
        state.missing = ""  # others have been chosen since


def title_of(dataset: str) -> str:
    try:
        return SHORT.get(dataset) or find_dataset(dataset).title
    except GenLabError:  # of a run from elsewhere
        return dataset[:40]


def change_runs(state: SiameseState, dataset: str, names: list[str]) -> None:
    """Other runs: each keeps its threshold; other images begin afresh."""
    if dataset != state.dataset:
        fresh = {"seed": state.view.seed, "curve": state.view.curve, "log": state.view.log}
        state.view = replace(FRESH, show=state.view.show, **fresh)
    state.dataset, state.names = dataset, names
    t = tuple(state.kept.get(name) for name in names)
    kept = {} if state.view.held in names else {"held": ""}
    kept |= {} if state.view.other in names else {"other": ""}
    state.view = replace(state.view, t=t if any(v is not None for v in t) else (), **kept)
    state.version += 1


def missing_images(dataset: str) -> str:
    """ "" where a dataset's images are here, else the sentence that says how to get them."""
    try:
        for split in ("train", "test"):
            load_split(dataset, split)
    except GenLabError as error:
        return str(error)
    return ""


def take_in(state: SiameseState, told: Any, *names: str) -> None:
    """Some fields of the view out of a message of the browser; one about an older view is left
    out."""
    if isinstance(told, Mapping) and told.get("version") == state.version:
        state.view = read_view({name: told[name] for name in names if name in told}, state.view)
        if state.view.held in state.names[:1]:  # as where none is held
            state.view = replace(state.view, held="")
        if "t" in names:
            state.kept |= dict(zip(state.names, (*state.view.t, *[None] * MOST), strict=False))


def held_run(state: SiameseState, runs: Sequence[Run]) -> Run:
    return next((run for run in runs if run.name == state.view.held), runs[0])


def show_link(state: SiameseState) -> None:
    """Write the page's state into the URL."""
    link = {"runs": "~".join(state.names)} if state.names else {}
    link |= link_of(state.view)
    state.link.write(link)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
