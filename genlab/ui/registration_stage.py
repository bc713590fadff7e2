"""The registration theatre: knobs, the component with its films, and what lies below it."""

import streamlit as st

from genlab.explore.plane_ink import ready_drawings
from genlab.explore.registration_film import cloud_data, film_data, in_space, shift_of
from genlab.registration.checks import check_pair
from genlab.registration.states import RegistrationState as Step
from genlab.ui.components import mount
from genlab.ui.errors import shown_errors
from genlab.ui.registration_closer import show_closer
from genlab.ui.registration_export import export_popover
from genlab.ui.registration_knobs import turn_knobs
from genlab.ui.registration_problem import (
    Problem,
    beside_config,
    current_problem,
    em_config,
    run_states,
)
from genlab.ui.registration_state import (
    COMPONENT,
    RegistrationState,
    open_registration,
    read_knobs,
    read_look,
    show_link,
)
from genlab.ui.registration_view import DRAWN, RegistrationView
from genlab.ui.registration_words import registration_script

TITLES = {"learned": "EM, Pi = R", "uniform": "EM, Pi uniform", "mixture": "EM"}


@st.fragment
def show_registration() -> None:
    """Everything that follows the knobs, in one fragment."""
    state = open_registration()
    read_knobs(state)
    read_look(state)
    turn_knobs(state)
    problem, films = None, []
    with shown_errors():
        problem = current_problem(state.view, state.upload)
        if problem is None:
            st.info("Choose two files above: the source moves, the target stays.")
        else:
            films = run_all(state.imposed, problem)
            if state.staged != state.version:
                state.on_stage, state.staged = stage_data(state, problem, films), state.version
    if state.on_stage:
        mount("registration", data=state.on_stage, key=COMPONENT, outputs=("look",))
    if films:
        for remark in check_pair(problem.source, problem.target, state.view.model)[2]:
            st.caption(remark)
        export_popover(state.view, problem, films[0])
        with shown_errors():
            show_closer(state, problem, films)
    show_link(state)
    with st.expander("In Python", icon=":material/code:"):
        st.code(registration_script(state.view, state.upload.names))


def run_all(view: RegistrationView, problem: Problem) -> list[list[Step]]:
    """The states of EM, and of what runs beside it.

    Raises:
        GenLabError: the clouds cannot be fitted this way.
    """
    configs = [em_config(view), beside_config(view)]
    return [
        run_states(problem.key, config, view.start, problem)
        for config in configs
        if config is not None
    ]


def titles(view: RegistrationView) -> list[str]:
    other = "uniform" if view.pi == "learned" else "learned"
    return [TITLES[view.pi], "ICP" if view.beside == "icp" else TITLES[other]]


def stage_data(state: RegistrationState, problem: Problem, films: list[list[Step]]) -> dict:
    """What the browser gets: sent once, for it stays the same until the version is another."""
    view, middle = state.imposed, problem.middle
    truth = None
    if problem.truth is not None:
        truth = {
            "shift": in_space(shift_of(problem.truth, middle)[None])[0].tolist(),
            "degrees": problem.truth.degrees,
            "scale": problem.truth.scale,
        }
    return {
        "version": state.version,
        "play": state.play,
        "clouds": {
            "key": problem.key,
            "axes": problem.axes,
            "source": cloud_data(problem.source),
            "target": cloud_data(problem.target),
            "partner": problem.partner.tolist(),
            "middle": in_space(middle[None])[0].tolist(),
        },
        "films": [
            film_data(states, middle) | {"title": title}
            for states, title in zip(films, titles(view), strict=False)
        ],
        "model": view.model,
        "truth": truth,
        "view": {
            "at": view.at,
            "layers": list(view.layers),
            "yaw": view.yaw,
            "pitch": view.pitch,
            "start": list(view.start),
        },
        "ink": view.ink,
        "ready": ready_drawings(2) if view.cloud == DRAWN else None,
    }
