"""Below the clouds: the landscape that EM walks, where each start ends, and what sigma does.

These cost more than a run, so one at a time is computed, only when it is looked at, and of at most
a few hundred points.
"""

import threading
from dataclasses import replace

import numpy as np
import streamlit as st

from genlab.explore.registration_film import shift_of
from genlab.explore.registration_maps import (
    MOST,
    AngleMap,
    Landscape,
    angle_map,
    landscape,
    partners,
    starts_map,
    thinned,
)
from genlab.registration.basins import Basins
from genlab.registration.states import RegistrationState as Step
from genlab.registration.states import lines
from genlab.ui.registration_problem import Problem, em_config, run_states
from genlab.ui.registration_state import RegistrationState
from genlab.ui.registration_view import CLOSER, RegistrationView

MAPS = threading.Semaphore(1)  # thirty students: one map after the other
FEW = 120  # points that a map of starts is made of: it is hundreds of runs
SIDES = {True: 25, False: 11}  # starts along either side, where a run is quick, and where not
STARTS = 36  # angles
FACTORS = (0.15, 0.4, 1.0, 2.0, 5.0)  # of the present sigma
EARLIEST = 0.05  # of the target's radius: a fitted sigma ends lower, where a landscape is needles
STEPS_IN_SPACE = 24  # frames of the figure in space, at most
MAP_STEPS, MAP_TOL = 80, 1e-4


def show_closer(state: RegistrationState, problem: Problem, films: list[list[Step]]) -> None:
    view = state.view
    key = state.key("closer")
    chosen = st.segmented_control(
        "A closer look",
        list(CLOSER),
        default=view.closer,
        format_func=CLOSER.get,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    if chosen != view.closer:
        view = replace(view, closer=chosen)
        state.view = view
    show = {
        "landscape": show_landscape,
        "basins": show_basins,
        "sigma": show_sigmas,
        "space": show_space,
    }
    with st.spinner("Computing…", show_time=False):
        show[chosen](state.imposed, problem, films)


def map_sigma(problem: Problem, states: list[Step]) -> float:
    points = problem.target
    radius = float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean())) or 1.0
    return max(states[-1].sigma, EARLIEST * radius)


def planted_shift(problem: Problem) -> np.ndarray | None:
    return None if problem.truth is None else shift_of(problem.truth, problem.middle)


def of_points(problem: Problem, most: int) -> str:
    largest = max(len(problem.source), len(problem.target))
    return f" Made of {most} random points of each cloud." if largest > most else ""


def show_landscape(view: RegistrationView, problem: Problem, films: list[list[Step]]) -> None:
    from genlab.plots.registration import landscape_figure

    sigma = map_sigma(problem, films[0])
    found = kept_landscape(problem.key, view_key(view), sigma, problem, view, films[0])
    other = None
    if len(films) > 1:
        other = np.array([shift_of(step.transform, problem.middle) for step in films[1]])
    figure = landscape_figure(found, planted_shift(problem), other)
    best = found.peaks[0] if len(found.peaks) else found.path[-1]
    words = f"highest near T ({best[0]:.2f}, {best[1]:.2f}), {len(found.peaks)} local "
    words += "optimum" if len(found.peaks) == 1 else "optima"
    st.plotly_chart(figure, key="registration.landscape", width="stretch", alt=words)
    held = "" if view.model == "translation" else " and the turn of EM's end"
    which = "the best Pi at each place" if view.pi == "learned" else "Pi uniform"
    st.caption(
        f"Observed log-likelihood over T at σ = {sigma:.3g}{held}, with {which}: {words}."
        + (" T shows two of three axes." if problem.axes == 3 else "")
        + of_points(problem, MOST)
    )


def view_key(view: RegistrationView) -> tuple:
    return (repr(em_config(view)), view.start)


@st.cache_resource(max_entries=48, show_spinner=False)
def kept_landscape(
    key: str, fit: tuple, sigma: float, _problem: Problem, _view: RegistrationView, _states: list
) -> Landscape:
    with MAPS:
        config = em_config(_view)
        return landscape(_problem.source, _problem.target, config, _states, sigma, _problem.truth)


def show_basins(view: RegistrationView, problem: Problem, films: list[list[Step]]) -> None:
    from genlab.plots.registration import angle_figure, basin_figure

    over = "translation"
    if view.model != "translation":
        over = st.segmented_control(
            "Starts over",
            ["angle", "translation"],
            default="angle",
            key="registration.starts_over",
            required=True,
        )
    if over == "angle":
        found = kept_angles(problem.key, view_key(view), problem, view, films[0])
        figure = angle_figure(found)
        best = float((found.basins.label == 0).mean())
        words = f"{best:.0%} of the turns end at the best optimum found"
    else:
        xs, ys, basins = kept_basins(problem.key, view_key(view), problem, view, films[0])
        figure = basin_figure(xs, ys, basins, planted_shift(problem))
        best = float((basins.label == 0).mean())
        words = f"{best:.0%} of {basins.label.size} starts end at the best optimum found"
    st.plotly_chart(figure, key=f"registration.basins.{over}", width="stretch", alt=words)
    st.caption(f"A run of EM from each place; {words}." + of_points(problem, FEW))


@st.cache_resource(max_entries=48, show_spinner=False)
def kept_basins(
    key: str, fit: tuple, _problem: Problem, _view: RegistrationView, _states: list
) -> tuple[np.ndarray, np.ndarray, Basins]:
    config = replace(em_config(_view), max_steps=MAP_STEPS, tol=MAP_TOL)
    quick = config.model == "translation" and config.each == "source"
    quick = quick and not config.outliers and not isinstance(config.sigma, str)
    middle = _problem.middle
    places = np.array([shift_of(step.transform, middle) for step in (_states[0], _states[-1])])
    if _problem.truth is not None:
        places = np.vstack([places, shift_of(_problem.truth, middle)])
    with MAPS:
        source, target = thinned(_problem.source, FEW), thinned(_problem.target, FEW)
        linear = _states[0].transform.linear
        return starts_map(source, target, config, places, SIDES[quick], linear)


@st.cache_resource(max_entries=48, show_spinner=False)
def kept_angles(
    key: str, fit: tuple, _problem: Problem, _view: RegistrationView, _states: list
) -> AngleMap:
    config = replace(em_config(_view), max_steps=MAP_STEPS, tol=MAP_TOL)
    with MAPS:
        source, target = thinned(_problem.source, FEW), thinned(_problem.target, FEW)
        return angle_map(source, target, config, map_sigma(_problem, _states), STARTS)


def show_sigmas(view: RegistrationView, problem: Problem, films: list[list[Step]]) -> None:
    from genlab.plots.registration_clouds import sigma_figure

    states = films[0]
    now = states[min(len(states) - 1, int(view.at or 0))]
    base = view.width if view.sigma == "known" else max(now.sigma, map_sigma(problem, states))
    source, target = thinned(problem.source, FEW), thinned(problem.target, FEW)
    plain = replace(now, matching=replace(now.matching, transform=now.transform))
    matches, names = [], []
    for factor in FACTORS:
        softer, count = partners(plain, source, target, factor * base)
        matches.append(lines(softer, source, target, count=20, least=0.01))
        names.append(f"σ = {factor * base:.2g}<br>{count:.1f} partners a point")
    figure = sigma_figure(now.moved(source), target, matches, names)
    words = f"Matches of step {now.step} under five sigmas, from hard to soft"
    st.plotly_chart(figure, key="registration.sigmas", width="stretch", alt=words)
    st.caption(
        f"{words}: with a small σ each point knows one partner, right or wrong; with a large one "
        "it is drawn to the middle of all. A partner counts by e to the entropy of its weights."
        + of_points(problem, FEW)
    )
    st.dataframe(
        sigma_table(view, problem, base),
        key="registration.sigma_table",
        hide_index=True,
        width="content",
    )


def sigma_table(view: RegistrationView, problem: Problem, base: float) -> list[dict]:
    """Where EM ends from this start under each sigma, held."""
    if max(len(problem.source), len(problem.target)) > FEW:
        few = thinned(problem.source, FEW), thinned(problem.target, FEW)
        problem = replace(problem, key=f"{problem.key} few", source=few[0], target=few[1])
    rows = []
    for factor in FACTORS:
        config = em_config(replace(view, sigma="known", width=float(f"{factor * base:.6g}")))
        last = run_states(problem.key, config, view.start, problem)[-1]
        row = {"sigma held": f"{factor * base:.3g}", "steps": last.step}
        shift = shift_of(last.transform, problem.middle)
        row["T at the end"] = ", ".join(f"{value:.3f}" for value in shift)
        if problem.truth is not None:
            error = np.linalg.norm(shift - planted_shift(problem))
            row["distance from the planted T"] = f"{error:.3f}"
        rows.append(row)
    return rows


def show_space(view: RegistrationView, problem: Problem, films: list[list[Step]]) -> None:
    from genlab.plots.registration_clouds import space_figure

    chosen = np.linspace(0, len(films[0]) - 1, STEPS_IN_SPACE).round().astype(int)
    states = [films[0][k] for k in np.unique(chosen)]
    source, target = thinned(problem.source), thinned(problem.target)
    found = [lines(step, source, target, count=1, least=0.05) for step in states]
    moved = [step.moved(source) for step in states]
    figure = space_figure(target, moved, found, [step.step for step in states])
    words = f"The clouds in space, {len(states)} states to play; drag to turn"
    st.plotly_chart(figure, key="registration.space", width="stretch", alt=words)
    st.caption(f"{words}." + of_points(problem, MOST))
