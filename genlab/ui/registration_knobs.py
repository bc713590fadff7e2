"""The knobs of the registration page: which clouds, and how they are fitted."""

from dataclasses import replace

import numpy as np
import streamlit as st

from genlab.registration.clouds import SUFFIXES
from genlab.registration.config import MODELS
from genlab.ui.errors import shown_errors
from genlab.ui.hostile import literal
from genlab.ui.registration_state import RegistrationState, impose
from genlab.ui.registration_view import (
    BESIDE,
    CLOUDS,
    DRAWN,
    FILES,
    POINTS,
    PRIORS,
    RANGES,
    SIGMAS,
    WHOLE,
    priors_for,
)
from genlab.ui.registration_words import INTRODUCTION

DEGREES = "%.0f°"


def turn_knobs(state: RegistrationState) -> None:
    """All knobs; state.key names each."""
    view, key = state.view, state.key

    def choice(label: str, name: str, options: dict[str, str], width: int = 190, **more) -> None:
        now = getattr(view, name)
        row.selectbox(
            label,
            list(options),
            index=list(options).index(now) if now in options else 0,
            format_func=options.get,
            key=key(name),
            width=width,
            **more,
        )

    heading = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    )
    heading.title("EM registration", width="content")
    more = heading.container(horizontal=True, width="content")
    st.caption(INTRODUCTION)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    choice("Cloud", "cloud", CLOUDS, 155)
    choice("Fit", "model", {name: name.capitalize() for name in MODELS}, 130)
    choice("Sigma", "sigma", SIGMAS, 115)
    row.number_input(
        "Known sigma",
        *RANGES["width"],
        view.width,
        step=sigma_step(view.width),
        format="%g",
        key=key("width"),
        disabled=view.sigma != "known",
        width=125,
    )
    priors = {name: PRIORS[name] for name in priors_for(view)}
    choice("Prior Pi", "pi", priors, 175)
    beside = {name: BESIDE[name] for name in BESIDE if name != "pi" or view.pi != "mixture"}
    choice("Beside EM", "beside", beside, 150)
    with more.popover("Shape the clouds", icon=":material/scatter_plot:", width="content"):
        cloud_knobs(state)
    with more.popover("More of the fit", icon=":material/tune:", width="content"):
        fit_knobs(state)
    if view.cloud == FILES:
        file_knobs(state)


def sigma_step(width: float) -> float:
    """An eighth or so of sigma, a round number."""
    return float(f"{width / 8:.0e}")


def cloud_knobs(state: RegistrationState) -> None:
    view, key = state.view, state.key
    if view.cloud == FILES:
        st.markdown("The two files are used as they are.")
        return
    cells = st.columns(2)

    def slider(place: int, label: str, name: str, step: float, shown: str) -> None:
        cells[place].slider(label, *RANGES[name], getattr(view, name), step, shown, key=key(name))

    cells[0].select_slider("Points", POINTS, view.points, key=key("points"))
    slider(1, "Noise on the target", "noise", 0.01, "%.2f")
    slider(0, "Strays in the target, share", "outliers", 0.05, "%.2f")
    slider(1, "Missing from the target, share", "missing", 0.05, "%.2f")
    slider(0, "Target turned", "turn", 5.0, DEGREES)
    slider(1, "Target scaled", "size", 0.05, "%.2f")
    slider(0, "Target shifted, x", "away_x", 0.1, "%.1f")
    slider(1, "Target shifted, y", "away_y", 0.1, "%.1f")
    cells[0].toggle("Order of the target shuffled", view.shuffle, key=key("shuffle"))
    cells[1].number_input("Seed", *WHOLE["seed"], view.seed, step=1, key=key("seed"))
    if view.cloud == DRAWN:
        st.caption("The drawing stands above the clouds.")


def fit_knobs(state: RegistrationState) -> None:
    view, key = state.view, state.key
    st.slider(
        "Weight of the outlier component",
        *RANGES["weight"],
        view.weight,
        0.05,
        key=key("weight"),
        disabled=view.pi == "learned",
    )
    st.caption(
        "Pi = R has no outlier component; choose another prior."
        if view.pi == "learned"
        else "A share of the points may be strays, evenly spread over the target's box."
    )
    st.slider("Steps at most", *WHOLE["steps"], view.steps, key=key("steps"))


def file_knobs(state: RegistrationState) -> None:
    """Two uploads; a file that cannot be read is named, and the one before it stays."""
    suffixes = ", ".join(suffix.removeprefix(".").upper() for suffix in SUFFIXES)
    for role, column in zip(("source", "target"), st.columns(2), strict=True):
        with column:
            words = f"The {role}, which {'moves' if role == 'source' else 'stays'}: {suffixes}"
            file = st.file_uploader(words, [*SUFFIXES], key=f"registration.{role}_file")
            if file is not None and state.seen.get(role) != file.file_id:
                state.seen[role] = file.file_id
                take_file(state, role, file.name, file.getvalue())
            show_problem(state, role)


def take_file(state: RegistrationState, role: str, name: str, content: bytes) -> None:
    """Read it; the first pair brings a sigma of its own size."""
    upload = state.upload
    upload.problems.pop(role, None)
    upload.take(role, name, content)
    if role in upload.problems or len(upload.clouds) < 2:
        return
    points = upload.clouds["target"]
    radius = float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))
    width = state.view.width
    if radius and not 0.02 * radius < width < 2.0 * radius:
        width = float(f"{0.3 * radius:.2g}")
    impose(state, replace(state.view, width=width, start=(), at=None), play=True)
    state.widgets += 1


def show_problem(state: RegistrationState, role: str) -> None:
    """What is wrong with a file, or odd about it."""
    upload = state.upload
    with shown_errors():
        if role in upload.problems:
            raise upload.problems[role]
    if upload.remarks.get(role):
        st.caption(literal(upload.remarks[role]))
