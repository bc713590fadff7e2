"""A registration as files: its film, its states, the moved cloud."""

from collections.abc import Sequence

import streamlit as st

from genlab.explore.movies import gif, mp4
from genlab.explore.registration_film import states_csv
from genlab.explore.registration_movie import film_frames
from genlab.registration.clouds import SUFFIXES, cloud_bytes
from genlab.registration.states import RegistrationState
from genlab.ui.registration_problem import Problem
from genlab.ui.registration_view import RegistrationView

FPS = 12
FILMS = {"GIF": ("gif", "image/gif", gif), "MP4": ("mp4", "video/mp4", mp4)}


def export_popover(
    view: RegistrationView, problem: Problem, states: Sequence[RegistrationState]
) -> None:
    """What of the run of EM to keep, and as what."""
    with st.popover("Save", icon=":material/download:"):
        left, right = st.columns(2, vertical_alignment="bottom")
        kind = left.segmented_control(
            "Film", list(FILMS), default="GIF", key="registration.film_as", required=True
        )
        suffix, mime, write = FILMS[kind]
        dark = st.context.theme.type == "dark"

        def film() -> bytes:
            camera = (view.yaw, view.pitch)
            clouds = problem.source, problem.target
            return write(film_frames(states, *clouds, camera=camera, dark=dark), FPS)

        name = f"registration-{view.cloud}-{view.model}"
        save(right, "Save the film", film, f"{name}.{suffix}", mime)
        as_file = left.selectbox(
            "Moved cloud as", SUFFIXES, format_func=str.upper, key="registration.cloud_as"
        )
        moved = f"{name}-moved{as_file}"
        save(
            right,
            "Save the moved cloud",
            lambda: cloud_bytes(moved, states[-1].moved(problem.source)),
            moved,
        )
        save(
            st,
            "Save all states as CSV",
            lambda: states_csv(states, problem.middle),
            f"{name}-states.csv",
            "text/csv",
        )


def save(place, label: str, content, name: str, mime: str = "application/octet-stream") -> None:
    place.download_button(
        label,
        content,
        name,
        mime,
        on_click="ignore",
        key=f"registration.{label}",
        width="stretch",
    )
