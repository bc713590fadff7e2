"""What one visitor's Latent maps page shows, kept through reruns, links and page changes.

The view lives here; the widgets above the maps, the component and the URL follow it. Widget keys
are "maps." and the name of a MapsView field, or of a LiveSettings field.
"""

from dataclasses import dataclass, field, replace

import streamlit as st

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.maps import ready_methods
from genlab.explore.selection import read_selection
from genlab.runs.folder import Run
from genlab.ui import live
from genlab.ui.hostile import literal
from genlab.ui.maps_view import (
    LIMITS,
    LIVE,
    MapsView,
    first_view,
    link_of,
    partner,
    read_settings,
    read_view,
)
from genlab.ui.page_link import PageLink

FIELDS = ("left", "left_map", "right", "right_map", "aligned")


@dataclass
class MapsState:
    view: MapsView | None = None
    version: int = 0  # of what the browser is made to show; see linked_maps
    link: PageLink = field(default_factory=PageLink)
    films: dict[str, tuple] = field(default_factory=dict)  # place -> ((run, settings), film id)


def open_maps(runs: list[Run]) -> MapsState:
    """The state of this session, after a link that was opened, if one was."""
    state = st.session_state.setdefault("maps.state", MapsState())
    link = st.query_params.to_dict()
    if state.link.is_opened(link, acted=has_changed(state.view)):
        state.link.open(link)
        view = read_view(link, runs)
        for side in ("left", "right"):
            if link.get(side, getattr(view, side)) != getattr(view, side):
                st.warning(
                    f"{literal(link[side][:64])} cannot stand on the {side}: no such run here, "
                    f"or one of other images. This is {getattr(view, side)}."
                )
        dataset = next(run.dataset for run in runs if run.name == view.left)
        try:
            read_selection(view.chosen, len(load_split(dataset, "test").labels))
        except GenLabError as error:
            st.warning(str(error))
            view = replace(view, chosen="")
        take_over(state, view)
    elif "maps.left" not in st.session_state:  # back from another page
        take_over(state, state.view or first_view(runs))
    return state


def has_changed(view: MapsView | None) -> bool:
    """Whether a widget shows another value than the view: somebody has just chosen it."""
    shown = {name: st.session_state.get(f"maps.{name}") for name in FIELDS}
    return view is not None and any(
        value not in (None, getattr(view, name)) for name, value in shown.items()
    )


def take_over(state: MapsState, view: MapsView) -> None:
    """Makes the widgets and the browser show another view than they do."""
    state.view = view
    state.version += 1
    for name in FIELDS:
        st.session_state[f"maps.{name}"] = getattr(view, name)
    for name in LIMITS:
        st.session_state[f"maps.{name}"] = getattr(view.live, name)


def fit_right_run(left: Run, runs: list[Run]) -> list[str]:
    """The runs that can stand beside `left`; the right one becomes one of them."""
    names = [run.name for run in runs if run.dataset == left.dataset]
    if st.session_state.get("maps.right") not in names:
        st.session_state["maps.right"] = partner(left, runs).name
    return names


def fit_map(run: Run, key: str) -> list[str]:
    """The methods a run offers; the widget's value becomes one of them."""
    methods = [*ready_methods(run), LIVE]
    if st.session_state.get(key) not in methods:
        st.session_state[key] = methods[0]
    return methods


def read_widgets(state: MapsState, runs: dict[str, Run]) -> None:
    """Takes the widgets' values into the view; other images begin afresh."""
    before = runs[state.view.left].dataset
    state.view = replace(state.view, **{name: st.session_state[f"maps.{name}"] for name in FIELDS})
    if runs[state.view.left].dataset != before:
        state.view = replace(state.view, chosen="", hidden=(), left_zoom=None, right_zoom=None)
        state.version += 1


def show_link(state: MapsState) -> None:
    """Writes the view into the URL."""
    link = link_of(state.view)
    state.link.write(link)
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def start_films(state: MapsState, places: str) -> None:
    """Begins the t-SNE of "a" (left), "b" (right) or "ab" afresh, with the form's settings."""
    form = {name: st.session_state[f"maps.{name}"] for name in LIMITS}
    state.view = replace(state.view, live=read_settings(form))
    for place in places:
        state.films.pop(place, None)
        st.session_state["maps.left_map" if place == "a" else "maps.right_map"] = LIVE


def films_of(state: MapsState) -> dict[str, str]:
    """The live t-SNE of each map that shows one, begun now if it was not; place to film id."""
    view, films = state.view, {}
    for place, run, method in (("a", view.left, view.left_map), ("b", view.right, view.right_map)):
        if method != LIVE:
            continue
        wanted = (run, view.live)
        known, film = state.films.get(place, (None, None))
        if known != wanted or not in_memory(film):
            film = live.start(run, **vars(view.live))
            state.films[place] = (wanted, film)
        films[place] = film
    return films


def in_memory(film: str) -> bool:
    try:
        live.find_film(film)
    except GenLabError:
        return False
    return True
