"""One visitor's GAN in the plane, kept through reruns, links and page changes.

The view lives here; the widgets, the browser and the URL follow it. Of the URL only the parameters
with plane_view.PREFIX are read and written.
"""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import streamlit as st

from genlab.errors import GenLabError
from genlab.ui.page_link import PageLink
from genlab.ui.plane_films import ask
from genlab.ui.plane_view import FRESH, PlaneView, is_own, link_of, read_link, read_view, settled

COMPONENT = "plane.component"
KNOBS = (
    *("axes", "target", "left", "right", "noise", "rate_d", "rate_g", "d_steps"),
    *("hidden", "batch", "updates", "seed", "a", "b", "c"),
)


@dataclass
class PlaneState:
    view: PlaneView = FRESH
    imposed: PlaneView = FRESH  # what the browser is to take over
    trained: PlaneView | None = None  # the last view whose films were on stage
    on_stage: dict[str, Any] | None = None  # the component's data
    version: int = 0  # of what is imposed
    link: PageLink = field(default_factory=PageLink)  # its own parameters
    stopped: bool = False  # the very first training was ended
    widgets: int = 0  # how often the widgets were made anew; part of their keys
    who: str = field(default_factory=lambda: uuid4().hex)  # this visitor, to plane_films

    def key(self, knob: str) -> str:
        """The key of a widget.

        A widget in a popover first appears when that opens, and shows its default then, whatever
        session state says. So the default is the view's value, and another view needs new widgets.
        """
        return f"plane.{knob}.{self.widgets}"


def open_plane() -> PlaneState:
    """The state of this session, after a link that was opened, if one was."""
    state = st.session_state.setdefault("plane.state", PlaneState())
    link = own_parameters()
    if state.link.is_opened(link, acted=has_turned(state)):
        state.link.open(link)
        take_over(state, read_link(link))
    elif state.key("target") not in st.session_state:  # back from another page
        impose(state, state.view)
    return state


def own_parameters() -> dict[str, str]:
    return {name: text for name, text in st.query_params.to_dict().items() if is_own(name)}


def impose(state: PlaneState, view: PlaneView) -> None:
    """Make the browser show this view."""
    state.view = state.imposed = view
    state.version += 1
    state.stopped = False


def take_over(state: PlaneState, view: PlaneView) -> None:
    """Make the browser and the widgets show this view; the widgets must not be drawn yet."""
    impose(state, view)
    state.widgets += 1


def read_look(state: PlaneState) -> None:
    """Take in what the browser tells; another drawing or a closer look are other films."""
    told = dict(st.session_state.get(COMPONENT) or {}).get("look")
    if not isinstance(told, dict) or told.get("version") != state.version:
        return
    view = replace(read_view(told, state.view), **kept_knobs(state.view))
    if (view.ink, view.close) != (state.view.ink, state.view.close):
        if view.ink != state.view.ink:
            view = replace(view, at=None, close=None)
        impose(state, view)
    state.view = view


def kept_knobs(view: PlaneView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in KNOBS}


def has_turned(state: PlaneState) -> bool:
    """Whether a knob shows another value than the view: somebody has just turned it."""
    shown = {name: st.session_state.get(state.key(name)) for name in KNOBS}
    return any(value not in (None, getattr(state.view, name)) for name, value in shown.items())


def read_widgets(state: PlaneState) -> None:
    """Take in the knobs; where one has turned, new films play from their start.

    Raises:
        GenLabError: a and b are the same.
    """
    knobs = {name: st.session_state[state.key(name)] for name in KNOBS}
    if knobs == kept_knobs(state.view):
        return
    if knobs["a"] == knobs["b"]:
        raise GenLabError(
            f"a and b are both {knobs['a']:g}, so D has nothing to tell apart; change one of them."
        )
    axes_changed = knobs["axes"] != state.view.axes
    ink = "" if axes_changed else state.view.ink
    view = replace(state.view, **knobs, ink=ink, at=None, close=None)
    impose(state, settled(view))


def stop(state: PlaneState) -> None:
    """End the training in the making: back to what is on stage, if anything is."""
    ask(state.who, [])
    if state.trained is not None:
        take_over(state, state.trained)
    else:
        state.stopped = True


def show_link(state: PlaneState) -> None:
    """Write the view into the URL, and leave the parameters of others alone."""
    link = link_of(state.view)
    state.link.write(link)
    if own_parameters() != link:
        others = {n: text for n, text in st.query_params.to_dict().items() if not is_own(n)}
        st.query_params.from_dict(others | link)
