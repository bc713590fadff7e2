"""One visitor's registration page, kept through reruns, links and page changes.

The view lives here; the widgets, the browser and the URL follow it.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from genlab.ui.page_link import PageLink
from genlab.ui.registration_problem import Upload
from genlab.ui.registration_view import (
    DATA,
    FIT,
    FRESH,
    RegistrationView,
    link_of,
    read_start,
    read_view,
    settled,
)

COMPONENT = "registration.component"


@dataclass
class RegistrationState:
    view: RegistrationView = FRESH
    imposed: RegistrationView = FRESH  # what the browser is to take over
    version: int = 0  # of what is imposed
    play: bool = False  # whether the browser is to play it at once
    staged: int | None = None  # the version on stage
    on_stage: dict[str, Any] | None = None  # the component's data
    upload: Upload = field(default_factory=Upload)
    link: PageLink = field(default_factory=PageLink)
    widgets: int = 0  # how often the widgets were made anew; part of their keys
    seen: dict[str, str] = field(default_factory=dict)  # role -> the file that was read last

    def key(self, knob: str) -> str:
        """The key of a widget; another view needs new widgets, for one that is not drawn yet
        shows its default, whatever session state says."""
        return f"registration.{knob}.{self.widgets}"


def open_registration() -> RegistrationState:
    """The state of this session, after a link that was opened, if one was."""
    state = st.session_state.setdefault("registration.state", RegistrationState())
    link = st.query_params.to_dict()
    if state.link.is_opened(link, acted=bool(turned(state))):
        state.link.open(link)
        take_over(state, read_view(link))
    elif state.key("cloud") not in st.session_state:  # back from another page
        take_over(state, state.view)
    return state


def impose(state: RegistrationState, view: RegistrationView, *, play: bool) -> None:
    """Make the browser show this view."""
    state.view = state.imposed = settled(view)
    state.version += 1
    state.play = play


def take_over(state: RegistrationState, view: RegistrationView) -> None:
    """Make the browser and the widgets show this view; the widgets must not be drawn yet."""
    impose(state, view, play=False)
    state.widgets += 1


def read_look(state: RegistrationState) -> None:
    """Take in what the browser tells; another start or drawing is another film."""
    told = dict(st.session_state.get(COMPONENT) or {}).get("look")
    if not isinstance(told, dict) or told.get("version") != state.version:
        return
    seen = {name: told[name] for name in ("at", "layers", "yaw", "pitch") if name in told}
    view = read_view(seen, state.view)
    if "ink" in told:
        view = read_view({"ink": told["ink"]}, replace(view, start=(), at=None))
    if "start" in told:
        view = replace(view, start=read_start(told["start"]), at=None)
    if "ink" in told or "start" in told:
        impose(state, view, play=True)
    else:
        state.view = view


def read_knobs(state: RegistrationState) -> None:
    """Take in the widgets, before they are drawn; where one has turned, the new film plays."""
    knobs = turned(state)
    if not knobs:
        return
    view = replace(state.view, **knobs, at=None)
    if any(name in DATA for name in knobs):
        view = replace(view, start=())
    impose(state, view, play=True)
    if state.view != view:  # one choice has changed another
        state.widgets += 1


def turned(state: RegistrationState) -> dict[str, Any]:
    """The knobs that show another value than the view: somebody has just turned them."""
    keys = {name: state.key(name) for name in (*DATA, *FIT)}
    shown = {name: st.session_state[key] for name, key in keys.items() if key in st.session_state}
    return {name: value for name, value in shown.items() if value != getattr(state.view, name)}


def show_link(state: RegistrationState) -> None:
    """Write the view into the URL."""
    link = link_of(state.view)
    state.link.write(link)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
