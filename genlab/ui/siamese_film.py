"""The second tab of the Siamese page: how an embedding came to be."""

from collections.abc import Sequence

import streamlit as st

from genlab.plots.palette import CLASS_COLOURS
from genlab.plots.panels import Look
from genlab.plots.training import training_chart
from genlab.runs.folder import Run
from genlab.ui.components import mount
from genlab.ui.siamese_state import SiameseState, take_in
from genlab.ui.siamese_urls import film_tiles_url, film_url
from genlab.ui.siamese_view import COLOURS, PairsView, about, filmed, margin_of
from genlab.ui.train_curves import curve_of_run


def show_film(state: SiameseState, runs: Sequence[Run]) -> None:
    """The films of the runs that have one; of the others the curves alone."""
    shown = [(run, colour) for run, colour in zip(runs, COLOURS, strict=False) if filmed([run])]
    if shown:
        films = [
            {
                "name": run.name,
                "about": about(run),
                "colour": colour,
                "url": film_url(run),
                "tiles": film_tiles_url(run),
            }
            for run, colour in shown
        ]
        data = {
            "films": films,
            "palette": list(CLASS_COLOURS),
            "view": {"at": state.view.at},
            "version": state.version,
        }
        result = mount("siamese_film", data=data, key="siamese.film", outputs=("view",))
        take_in(state, result.view, "at")
    for run in runs:
        if not filmed([run]):
            show_curves(run)


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
