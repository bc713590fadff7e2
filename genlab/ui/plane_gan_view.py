"""GAN in the plane: two trainings from one start, seen step by step."""

import base64
import hashlib
import time
from dataclasses import asdict

import streamlit as st

from genlab.explore.plane_gan import BOUNDS, NOISES
from genlab.explore.plane_ink import ready_drawings
from genlab.explore.plane_loss import LOSSES
from genlab.explore.plane_target import TARGETS
from genlab.ui.components import mount
from genlab.ui.errors import shown_errors
from genlab.ui.plane_films import Film, Wanted, ask, packed_film
from genlab.ui.plane_state import (
    COMPONENT,
    PlaneState,
    open_plane,
    read_look,
    read_widgets,
    show_link,
    stop,
)
from genlab.ui.plane_view import (
    BATCHES,
    BESIDE,
    CHARTS,
    HIDDEN,
    NONE,
    RATES,
    UPDATES,
    PlaneView,
    configs_of,
)
from genlab.ui.plane_words import LOOK_FOR, MATHS, goal, plane_script, summary

AT_ONCE = 0.15  # seconds within which a film that is ready needs no word of waiting
INTRODUCTION = "Two GANs from the same start, on the same points and noises: only the loss differs."


@st.fragment
def show_plane_gan() -> None:
    """Everything, in one fragment of its own; its URL parameters begin with plane_."""
    state = open_plane()
    notice = st.container(height=42, border=False)  # of one height, so that nothing moves
    turn_knobs(state)
    with shown_errors():
        read_widgets(state)
        read_look(state)
        if put_on_stage(state):
            notice.caption(INTRODUCTION)
        elif state.stopped:
            notice.caption("Stopped. Turn a knob to train again.")
        else:
            with notice:
                wait(state)
    if state.on_stage:
        mount("plane_gan", data=state.on_stage, key=COMPONENT, outputs=("look",))
    else:
        st.skeleton(560)
    st.caption(summary(state.view))
    show_link(state)
    show_words(state.view)


def put_on_stage(state: PlaneState) -> bool:
    """Whether the films of the view are there to be shown; if not, they are in the making.

    Raises:
        GenLabError: a training has failed, or a drawing is empty or damaged.
    """
    if state.stopped:
        return False
    films = ask(state.who, films_of(state.view))
    limit = time.monotonic() + AT_ONCE
    while not made(films):
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    state.trained = state.view
    if state.on_stage is None or state.on_stage["version"] != state.version:
        state.on_stage = stage_data(state, films)
    return True


@st.fragment(run_every=0.4)
def wait(state: PlaneState) -> None:
    """How far the training is, and a way to end it; shows the film once it is there."""
    films = [] if state.stopped else ask(state.who, films_of(state.view))
    if made(films):
        st.rerun()
    row = st.container(horizontal=True, vertical_alignment="center")
    row.button("Stop training", key="plane.stop", on_click=stop, args=(state,))
    share = sum(film.share for film in films) / len(films)
    name = "Training both" if len(films) > 1 else "Training"
    row.markdown(f"{name}, {share:.0%}" if share else "Waiting for a free core…")


def films_of(view: PlaneView) -> list[Wanted]:
    return [(config, view.close) for config in configs_of(view)]


def made(films: list[Film]) -> bool:
    return all(film.done.is_set() for film in films)


def turn_knobs(state: PlaneState) -> None:
    """The knobs; state.key names each."""
    view = state.view

    def choice(cell, label: str, name: str, options: dict[str, str]) -> None:
        now = getattr(view, name)
        cell.selectbox(
            label,
            list(options),
            index=list(options).index(now) if now in options else 0,
            format_func=options.get,
            key=state.key(name),
            width=220,
        )

    row = st.container(horizontal=True, vertical_alignment="bottom")
    axes = row.segmented_control(
        "Space",
        list(TARGETS),
        default=view.axes,
        format_func="{}-D".format,
        key=state.key("axes"),
        required=True,
        width="content",
    )
    choice(row, "Target density", "target", TARGETS[axes])
    choice(row, "Left loss", "left", LOSSES)
    choice(row, "Right loss", "right", LOSSES | {NONE: "None: the left one alone"})
    with row.popover("Knobs", icon=":material/tune:", width="content"):
        training_knobs(state)


def training_knobs(state: PlaneState) -> None:
    view, key = state.view, state.key
    cells = st.columns(2)

    def slider(place: int, label: str, name: str, options) -> None:
        cells[place].select_slider(label, options, getattr(view, name), key=key(name))

    slider(0, "Learning rate of D", "rate_d", RATES)
    slider(1, "Learning rate of G", "rate_g", RATES)
    slider(0, "D steps for each G step", "d_steps", range(1, BOUNDS["d_steps"][1] + 1))
    slider(1, "Updates", "updates", UPDATES)
    slider(0, "Hidden units, in each of 2 layers", "hidden", HIDDEN)
    slider(1, "Batch", "batch", BATCHES)
    cells[0].segmented_control(
        "Noise",
        list(NOISES),
        default=view.noise,
        format_func=NOISES.get,
        key=key("noise"),
        required=True,
    )
    cells[1].number_input("Seed", *BOUNDS["seed"], view.seed, step=1, key=key("seed"))
    st.markdown(
        "Code of least squares: what D should say of fakes (a) and of targets (b), and what G "
        "wants it to say (c)."
    )
    unused = "least-squares" not in (view.left, view.right)
    for cell, name in zip(st.columns(3), "abc", strict=True):
        cell.number_input(
            name,
            *BOUNDS[name],
            getattr(view, name),
            step=0.5,
            format="%g",
            key=key(name),
            disabled=unused,
        )


def stage_data(state: PlaneState, films: list[Film]) -> dict:
    """What the browser gets: sent once, for it stays the same until the version is another."""
    view = state.imposed
    return {
        "version": state.version,
        "films": [film_data(film) for film in films],
        "view": asdict(view),
        "ready": ready_drawings(view.axes),
        "beside": BESIDE,
        "charts": CHARTS,
    }


def film_data(film: Film) -> dict[str, str]:
    config, packed = film.wanted[0], packed_film(film)
    least_squares = config.loss == "least-squares"
    return {
        "id": hashlib.sha256(packed).hexdigest()[:16],
        "bytes": base64.b64encode(packed).decode(),
        "title": LOSSES[config.loss],
        "goal": goal(config),
        "floor": "floor" if least_squares else "−log 4",
    }


def show_words(view: PlaneView) -> None:
    st.subheader("What to look for")
    st.markdown(LOOK_FOR)
    with st.expander("The maths", icon=":material/function:"):
        st.markdown(MATHS)
    with st.expander("In Python", icon=":material/code:"):
        st.code(plane_script(view))
