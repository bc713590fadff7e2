"""The second tab of the Siamese page: how an embedding came to be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from genlab.data.images import load_split
from genlab.jobs.queue import Job
from genlab.plots.palette import CLASS_COLOURS
from genlab.plots.panels import Look
from genlab.plots.training import training_chart
from genlab.runs.folder import Run
from genlab.ui.components import mount
from genlab.ui.siamese_state import JOB, SiameseState, take_in
from genlab.ui.siamese_urls import film_tiles_url, film_url, job_film_tiles_url, job_film_url
from genlab.ui.siamese_view import (
    COLOURS,
    MOST,
    PairsView,
    about,
    at_work,
    filmed,
    margin_of,
)
from genlab.ui.train_curves import curve_of_run


def pick_job(state: SiameseState, jobs: Sequence[Job]) -> Job | None:
    """Which of the trainings at work is watched, where there are any."""
    by_id = {job.id: job for job in at_work(jobs)}
    chosen = st.session_state.get(JOB, state.view.job)  # another tab has no such widget
    st.session_state[JOB] = chosen if chosen in by_id else None
    if by_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("At work", width="content")
            st.pills(
                "At work",
                list(by_id),
                key=JOB,
                format_func=lambda job_id: f"{by_id[job_id].name} (job {job_id})",
                label_visibility="collapsed",
            )
    state.view = replace(state.view, job=st.session_state[JOB])
    return by_id.get(state.view.job)


def show_film(state: SiameseState, runs: Sequence[Run], job: Job | None) -> bool:
    """The films of a job and of the runs that have one; of the others the curves alone. Returns
    whether the job has ended meanwhile."""
    choices = [*runs[: MOST - 1], job] if job is not None else runs
    films = [
        film_data(choice, colour)
        for choice, colour in zip(choices, COLOURS, strict=False)
        if isinstance(choice, Job) or filmed([choice])
    ]
    ended = False
    if films:
        data = {
            "films": films,
            "palette": list(CLASS_COLOURS),
            "view": {"at": state.view.at},
            "version": state.version,
        }
        result = mount("siamese_film", data=data, key="siamese.film", outputs=("view", "ended"))
        take_in(state, result.view, "at")
        ended = bool(result.ended)
    elif not runs:
        st.info("Choose one to four runs above, or a training at work.")
    for run in runs:
        if not filmed([run]):
            show_curves(run)
    return ended


def film_data(choice: Run | Job, colour: str) -> dict[str, Any]:
    """What the browser must know of a film."""
    live = isinstance(choice, Job)
    return {
        "name": choice.name,
        "about": about(choice),
        "colour": colour,
        "live": live,
        "url": job_film_url(choice) if live else film_url(choice),
        "tiles": job_film_tiles_url(choice) if live else film_tiles_url(choice),
    }


def film_words(choices: Sequence[Run | Job]) -> str:
    """Which images the films show, in words."""
    datasets = dict.fromkeys(choice.config["dataset"] for choice in choices)
    origins = [load_split(dataset, "train").origin for dataset in datasets]
    return f"Data: {'; '.join(origins)}."


def show_curves(run: Run) -> None:
    """Losses by epoch, with the margin where there is one."""
    curve = curve_of_run(run)
    if curve is None:
        st.info(f"{run.name} brings neither a film nor losses: it was imported.")
        return
    margin = margin_of(run)
    floors = {} if margin is None else {"d_different": {"margin": margin}}
    st.markdown(f"**{run.name}**, {about(run)}: no film, only its losses")
    chart = training_chart([curve], Look(smoothing=0.0, by_epoch=True, floors=floors))
    st.echarts_chart(chart, height=420, key=f"siamese.curves.{run.name}", alt="Losses by epoch")


def film_script(names: Sequence[str], view: PairsView) -> str:
    """A script of genlab calls; it leaves `places`, one array for each film, and `shown`, where
    the images are at the cursor."""
    if not names:
        return "# The training has no run yet: come back when it has ended."
    moment = "film.updates[-1]" if view.at is None else str(view.at)
    return "\n".join(
        [
            "import numpy as np",
            "",
            "from genlab.explore.siamese_view import film_places",
            "from genlab.runs.film import has_film, load_film",
            "from genlab.runs.folder import find_run",
            "",
            f"runs = [find_run(name) for name in {list(names)!r}]".replace("'", '"'),
            "films = [load_film(run) for run in runs if has_film(run)]",
            "places = [film_places(film) for film in films]  # (F, M, 2): frames, images, plane",
            "shown = []",
            "for film, path in zip(films, places):",
            f"    moment = {moment}  # updates",
            '    frame = np.searchsorted(film.updates, moment, side="right") - 1',
            "    shown.append(path[max(0, frame)])  # (M, 2)",
            "    recent = {name: values[:moment][-20:] for name, values in film.trace.items()}",
            "    print({name: values.mean() for name, values in recent.items() if len(values)})",
        ]
    )
