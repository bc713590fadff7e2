"""A training under way: its curves, and what it makes of fixed images."""

import base64
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from genlab.data.floors import Floors, floors
from genlab.errors import GenLabError
from genlab.explore.equilibrium import equilibrium
from genlab.jobs.progress import read_pictures
from genlab.jobs.queue import Job
from genlab.places import home
from genlab.plots.panels import MOST_STACKED, Look
from genlab.plots.training import Curve, training_chart
from genlab.runs.families import family_of, in_order, short
from genlab.runs.folder import Run, find_run, list_runs
from genlab.ui.components import mount
from genlab.ui.train_curves import curve_of_job, curve_of_run
from genlab.ui.train_desk import group_of, siblings

MOST_ROWS = 8  # of pictures
CHART_HEIGHT, TALLER = 310, 90  # pixels; the second for more panels than stand beside one another

_floors: dict[str, Floors | None] = {}
_computing = threading.Lock()


def lines_of(config: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The lines that put each loss of a config in its place: loss -> words -> value."""
    if config["family"] == "gan":
        values = equilibrium(config["model"])
        return {loss: {"equilibrium": value} for loss, value in values.items()}
    if "recon_nll" in family_of(config["family"]).losses:
        return dict.fromkeys(("neg_elbo", "recon_nll"), floors_of(config["dataset"]))
    return {}


def floors_of(dataset: str) -> dict[str, float]:
    """The floors of a reconstruction, in words; empty until they have been computed."""
    with _computing:
        if dataset not in _floors:
            _floors[dataset] = None
            threading.Thread(
                target=compute_floors, args=(dataset,), name="floors", daemon=True
            ).start()
        found = _floors[dataset]
    if found is None:
        return {}
    return {"pixel entropy": found.entropy, "mean image": found.mean_image_nll}


def compute_floors(dataset: str) -> None:
    try:
        _floors[dataset] = floors(dataset)
    except GenLabError:  # the images went away; the curves are drawn without
        return


def runs_now() -> dict[str, Run]:
    """All runs by name; one look serves every page that asks within a second."""
    return _runs(str(home()))


@st.cache_resource(ttl=1.0, max_entries=4, show_spinner=False)
def _runs(home_folder: str) -> dict[str, Run]:
    return {run.name: run for run in list_runs()}


def has_run(job: Job) -> bool:
    """Whether the job has become a run that is still here."""
    try:
        find_run(job.name)
    except GenLabError:
        return False
    return True


@st.cache_resource(max_entries=64, show_spinner=False)
def stored_curve(name: str, changed: int) -> Curve | None:
    return curve_of_run(find_run(name))


def curve_of_stored(run: Run) -> Curve | None:
    path = run.path / "metrics.jsonl"
    return stored_curve(run.name, path.stat().st_mtime_ns) if path.exists() else None


def comparable(jobs: list[Job], shown: list[Job]) -> list[str]:
    """What can be laid over the shown jobs, having the same losses: other jobs as "job 3", runs as
    "run vae-fashion"."""
    ids, names = {job.id for job in shown}, {job.name for job in jobs}
    losses = list(family_of(shown[0].config["family"]).losses)

    def alike(family: str) -> bool:
        return list(family_of(family).losses) == losses

    others = [job for job in jobs if job.id not in ids and job.step]
    runs = [run for name, run in runs_now().items() if name not in names]
    return [f"job {job.id}" for job in others if alike(job.config["family"])] + [
        f"run {run.name}" for run in runs if alike(run.family)
    ]


def comparison_words(choice: str, jobs: list[Job]) -> str:
    kind, _, name = choice.partition(" ")
    if kind == "run":
        return name
    return next((job.name for job in jobs if str(job.id) == name), name)


def curves_of(shown: list[Job], others: list[str], jobs: list[Job]) -> list[Curve]:
    """The curves of the shown jobs, in groups where several seeds are shown, and of the others."""
    together = [*shown, *(job for job in jobs if f"job {job.id}" in others)]
    curves = []
    for job in together:
        many = sum(other in together for other in siblings(job, jobs)) > 1
        curves.append(curve_of_job(job, group_of(job) if many else job.name))
    for choice in others:
        kind, _, name = choice.partition(" ")
        if kind == "run" and name in runs_now():
            curves.append(curve_of_stored(runs_now()[name]))
    return [curve for curve in curves if curve is not None]


def show_curves(
    shown: list[Job], others: list[str], jobs: list[Job], look: Look, height: int
) -> bool:
    """Draw the curves; False where there are none yet."""
    curves = curves_of(shown, others, jobs)
    if curves:
        show_chart(curves, look, height)
    return bool(curves)


def show_chart(curves: list[Curve], look: Look, height: int) -> None:
    chart = training_chart(curves, look)
    st.echarts_chart(
        chart,
        height=height + TALLER * (len(chart["grid"]) > MOST_STACKED),
        key="train.chart",
        alt=chart_words(curves),
    )


def chart_words(curves: list[Curve]) -> str:
    """The chart for those who do not see it: where each training stands."""
    parts = []
    for curve in curves:
        loss = in_order(list(curve.train))[0]
        now = f"{curve.title}: {loss} {short(curve.train[loss][-1])} in training"
        if len(curve.validation.get(loss, ())):
            now += f", {short(curve.validation[loss][-1])} in validation"
        parts.append(f"{now} after {int(curve.steps[-1])} updates")
    return "Losses: " + "; ".join(parts)


def pictures_of(job: Job) -> dict[str, Any] | None:
    """What the browser draws of the job's newest pictures, or None before there are any."""
    try:
        pictures = read_pictures(job)
    except (OSError, ValueError, EOFError):  # half a file, on a full disk
        return None
    if pictures is None or pictures.ndim != 3 or pictures.dtype != np.uint8:
        return None
    rows, columns, pixels = pictures.shape
    side = round(pixels**0.5)
    if side * side != pixels or rows > MOST_ROWS:
        return None
    titles = family_of(job.config["family"]).pictures
    return {
        "rows": rows,
        "columns": columns,
        "side": side,
        "titles": [*titles, *[""] * rows][:rows],
        "pixels": base64.b64encode(pictures.tobytes()).decode(),
        "step": job.step,
    }


def show_pictures(job: Job) -> None:
    data = pictures_of(job)
    if data is not None:
        mount("train_pictures", data=data, key=f"train.pictures.{job.id}", outputs=())
