"""What one visitor's Checkpoints page shows, kept through reruns, links and page changes.

The view lives here; the widgets and the URL follow it. The keys of the widgets in WIDGETS are
"checkpoints." and the name of a field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import streamlit as st

from genlab.runs.families import FAMILIES, LOSSES
from genlab.runs.folder import NAME
from genlab.ui.page_link import PageLink

MOST_COMPARED = 8
SORTS = {
    "newest": "Newest first",
    "name": "Name",
    "loss": "Best figure",
    "size": "Fewest parameters",
}
WHOSE = {"all": "All", "mine": "Mine", "others": "Others'", "shipped": "Shipped"}
BY = {"epoch": "Epochs", "step": "Updates", "seconds": "Seconds"}
FIRST_LOSSES = {next(iter(family.losses)) for family in FAMILIES.values()}  # left out of links
ALLOWED = {"sort": SORTS, "whose": WHOSE, "loss": LOSSES, "by": BY}
WIDGETS = ("q", "sort", "family", "data", "tag", "whose", "tab", "loss", "by", "train")


@dataclass(frozen=True, kw_only=True)
class CheckpointsView:
    run: str = ""
    tab: str = "X-ray"
    q: str = ""  # searched for in name, family, data and tags
    sort: str = "newest"
    family: str = "all"
    data: str = "all"
    tag: str = "all"
    whose: str = "all"
    page: int = 1
    compare: tuple[str, ...] = ()  # from two on, they are what the page shows
    loss: str = ""  # of the curves compared; "" is the first that the runs share
    by: str = "epoch"
    train: bool = False


@dataclass
class CheckpointsState:
    view: CheckpointsView = CheckpointsView()
    link: PageLink = field(default_factory=PageLink)
    acted: bool = False  # a button has changed the view since
    reveal: bool = False  # turn the list to the page that the run is on


def read_view(raw: Mapping[str, str]) -> CheckpointsView:
    """A view out of a link's parameters; what does not fit is left out."""
    view = CheckpointsView()
    for setting in fields(view):
        text, usual = raw.get(setting.name), getattr(view, setting.name)
        if text is None:
            continue
        value: str | int | bool | tuple[str, ...] = text[:80]
        if setting.name == "compare":
            value = tuple(dict.fromkeys(filter(NAME.fullmatch, text.split(","))))[:MOST_COMPARED]
        elif isinstance(usual, bool):
            value = text == "1"
        elif isinstance(usual, int):
            value = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else usual
        elif setting.name in ALLOWED and text not in ALLOWED[setting.name]:
            value = usual
        view = replace(view, **{setting.name: value})
    return view


def link_of(view: CheckpointsView) -> dict[str, str]:
    """The URL parameters of a view: what differs from the usual one."""
    usual, link = CheckpointsView(), {}
    for setting in fields(view):
        value = getattr(view, setting.name)
        if setting.name == "loss" and value in FIRST_LOSSES:
            continue
        if value != getattr(usual, setting.name):
            words = ",".join(value) if isinstance(value, tuple) else str(value)
            link[setting.name] = str(int(value)) if isinstance(value, bool) else words
    return link


def open_view() -> CheckpointsState:
    """The state of this session, after a link that was opened, if one was."""
    state = st.session_state.setdefault("checkpoints.state", CheckpointsState())
    link = st.query_params.to_dict()
    if state.link.is_opened(link, acted=state.acted or has_changed(state.view)):
        state.view, state.reveal = read_view(link), "run" in link
        state.link.open(link)
        impose(state.view)
    elif "checkpoints.q" not in st.session_state:  # back from another page
        impose(state.view)
    read_widgets(state)
    return state


def has_changed(view: CheckpointsView) -> bool:
    """Whether a widget shows another value than the view: somebody has just chosen it."""
    shown = {name: st.session_state.get(f"checkpoints.{name}") for name in WIDGETS}
    return any(value not in (None, getattr(view, name)) for name, value in shown.items())


def impose(view: CheckpointsView) -> None:
    """Make the widgets show a view."""
    for name in WIDGETS:
        st.session_state[f"checkpoints.{name}"] = getattr(view, name)


def key_of(name: str) -> str:
    """The key of a widget that is about to be drawn; one that was away shows the view again."""
    key = f"checkpoints.{name}"
    if key not in st.session_state:
        st.session_state[key] = getattr(st.session_state["checkpoints.state"].view, name)
    return key


def read_widgets(state: CheckpointsState) -> None:
    """Take into the view what the widgets on the page show; those not drawn keep their value."""
    shown = {
        name: st.session_state[f"checkpoints.{name}"]
        for name in WIDGETS
        if st.session_state.get(f"checkpoints.{name}") is not None
    }
    state.view = replace(state.view, **shown)


def settle_on(**values: str) -> None:
    """Let the view say what is shown in place of what a link asked for and is not there."""
    state = st.session_state["checkpoints.state"]
    state.view = replace(state.view, **values)


def show_link(state: CheckpointsState) -> None:
    """Write the view into the URL."""
    link, state.acted = link_of(state.view), False
    state.link.write(link)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def state_acted_on() -> CheckpointsState:
    """The state of this session, for what a button is about to change in it."""
    state = st.session_state["checkpoints.state"]
    state.acted = True
    return state


def turn_to(page: int) -> None:
    state = state_acted_on()
    state.view = replace(state.view, page=page)


def open_run(name: str) -> None:
    """Show one run, and no comparison."""
    state = state_acted_on()
    state.view, state.reveal = replace(state.view, run=name, compare=()), True
    st.session_state.pop("checkpoints.misfit", None)


def toggle_compared(name: str) -> None:
    """Put a run into the comparison, or take it out."""
    chosen = st.session_state["checkpoints.state"].view.compare
    chosen = tuple(n for n in chosen if n != name) if name in chosen else (*chosen, name)
    set_compared(chosen)


def set_compared(names: tuple[str, ...]) -> None:
    state = state_acted_on()
    state.view = replace(state.view, compare=names[-MOST_COMPARED:])
    st.session_state.pop("checkpoints.misfit", None)


def renamed(old: str, new: str) -> None:
    """Follow a run to its new name; "" when it is gone."""
    state = state_acted_on()
    view = state.view
    compare = tuple(filter(None, (new if n == old else n for n in view.compare)))
    state.view = replace(view, run=new if view.run == old else view.run, compare=compare)
    state.reveal = True
