"""Several runs side by side on the Checkpoints page."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from genlab.errors import GenLabError
from genlab.explore.compare import (
    ABSENT,
    FigureRow,
    config_differences,
    figure_rows,
    losses_in_common,
)
from genlab.plots.compare import RUN_COLOURS, Loss, kl_spectra, loss_bars, overlaid_curves
from genlab.runs.families import family_of, loss_of, number_at
from genlab.runs.folder import Run, list_runs, read_summary
from genlab.ui.arrays import version_of
from genlab.ui.checkpoints import facts, metrics_of, xray_of
from genlab.ui.checkpoints_view import BY, MOST_COMPARED, key_of, set_compared, settle_on
from genlab.ui.hostile import literal, shown_literally

LONGEST_VALUE = 60  # characters of a setting in the table


def show_comparison(runs: Sequence[Run]) -> None:
    header([run.name for run in runs])
    for part in (show_figures, show_configs, show_curves, show_kl):
        with shown_literally():
            part(runs)


def header(names: list[str]) -> None:
    title, close = st.columns([4, 1], vertical_alignment="bottom")
    title.subheader(f"{len(names)} runs side by side", anchor=False)
    close.button(
        "Close",
        icon=":material/close:",
        key="checkpoints.compare.close",
        width="stretch",
        on_click=set_compared,
        args=((),),
    )
    key = "checkpoints.compared"
    st.session_state[key] = names
    st.multiselect(
        "Runs",
        [run.name for run in list_runs()],
        key=key,
        label_visibility="collapsed",
        max_selections=MOST_COMPARED,
        on_change=lambda: set_compared(tuple(st.session_state[key])),
    )


def show_figures(runs: Sequence[Run]) -> None:
    losses = []
    for run in runs:
        keys = ("recon_nll_test", "kl_test", "floors.entropy", "floors.mean_image_nll")
        parts = [number_at(read_summary(run), key) for key in keys]
        if None not in parts:
            losses.append(Loss(run.name, *parts))
    if losses and losses_in_common(runs):
        st.plotly_chart(
            loss_bars(losses),
            key="checkpoints.compare.losses",
            alt="Bars: each run's negative ELBO above its floor, with the mean image's cost",
        )
    unmeasured = [run.name for run in runs if facts(run).headline is None]
    if unmeasured:
        st.caption(f"Not measured yet: {', '.join(unmeasured)}. Open it to measure it.")
    rows = figure_rows(runs)
    if not rows:
        return
    st.markdown(figure_table([run.name for run in runs], rows))
    with_floor = [row.name for row in rows if any(floor is not None for floor in row.floors)]
    shown_figures = [f for f in family_of(runs[0].family).figures if f.name in with_floor]
    floors = dict.fromkeys(next(iter(figure.beside)) for figure in shown_figures)
    words = [f"Floors: {', '.join(floors)}."] if floors else []
    tables = [family_of(run.family).figures for run in runs]
    if any(table != tables[0] for table in tables):
        kinds = ", ".join(dict.fromkeys(family_of(run.family).short for run in runs))
        words.append(
            f"The runs are of different kinds ({kinds}): what all have is shown, and the rest "
            "stands with each run."
        )
    if len({run.dataset for run in runs}) > 1:
        words.append("The runs are of different images, each with its own floor: none is better.")
    if words:
        st.caption(literal(" ".join(words)))


def figure_table(names: Sequence[str], rows: Sequence[FigureRow]) -> str:
    """A Markdown table: the best value of each row is bold, the last column holds the floors."""
    lines = [f"| | {' | '.join(names)} | floor |", "|:--" + "|--:" * (len(names) + 1) + "|"]
    for row in rows:
        best = row.best()
        cells = [shown(value, row.decimals) for value in row.values]
        cells = [f"**{cell}**" if i in best else cell for i, cell in enumerate(cells)]
        floors = dict.fromkeys(shown(f, row.decimals) for f in row.floors if f is not None)
        lines.append(f"| {row.name} | {' | '.join(cells)} | {' / '.join(floors)} |")
    return "\n".join(lines)


def shown(value: float | None, decimals: int) -> str:
    return ABSENT if value is None else f"{value:,.{decimals}f}".replace("-", "−")


def show_configs(runs: Sequence[Run]) -> None:
    different, same = config_differences(runs)
    st.markdown("**What differs in the configs**")
    if not different:
        st.caption(f"Nothing: all {same} settings are the same.")
        return
    names = [run.name for run in runs]
    lines = [f"| | {' | '.join(names)} |", "|:--" + "|:--" * len(names) + "|"]
    for row in different:
        first, *_ = row.values
        cells = [
            cut(value) if value == first else f":orange-background[**{cut(value)}**]"
            for value in row.values
        ]
        lines.append(f"| {literal(row.setting[:LONGEST_VALUE])} | {' | '.join(cells)} |")
    st.markdown("\n".join(lines))
    st.caption(f"Marked: other than in {names[0]}. {same} more settings are the same in all.")


def cut(value: str) -> str:
    return literal(value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…")


def show_curves(runs: Sequence[Run]) -> None:
    metrics, colours, without = {}, colours_of(runs), []
    losses = losses_in_common(runs)
    st.markdown("**Curves**")
    if not losses:
        st.caption("None: these kinds of model share no loss.")
        return
    for run in runs:
        try:
            lines = metrics_of(run)
        except GenLabError:
            lines = []
        if lines:
            metrics[run.name] = lines
        else:
            without.append(run.name)
    if metrics:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = key_of("loss")
            if st.session_state[key] not in losses:
                st.session_state[key] = losses[0]
                settle_on(loss=losses[0])
            loss = st.segmented_control(
                "Loss", losses, format_func=lambda n: loss_of(n).title, key=key, required=True
            )
            by = st.segmented_control("By", BY, format_func=BY.get, key=key_of("by"), required=True)
            train = st.toggle("Training images too", key=key_of("train"))
        st.plotly_chart(
            overlaid_curves(metrics, loss, colours, train=train, by=by),
            key="checkpoints.compare.curves",
            alt=f"Lines: {loss_of(loss).title} on the validation images of each run",
        )
    if without:
        st.caption(f"No curves: {', '.join(without)}.")


def show_kl(runs: Sequence[Run]) -> None:
    if any(family_of(run.family).xray != "latents" for run in runs):
        return
    kl = {}
    for run in runs:
        try:
            kl[run.name] = kl_of(run)
        except GenLabError as error:
            st.caption(literal(str(error)))
    if kl:
        st.markdown("**KL of each latent dimension**")
        st.plotly_chart(
            kl_spectra(kl, colours_of(runs)),
            key="checkpoints.compare.kl",
            alt="Lines: KL of the latent dimensions of each run, the largest first",
        )


def kl_of(run: Run) -> np.ndarray:
    """(Z,) from the summary, or from the weights where there is none."""
    found = read_summary(run).get("kl_per_dim")
    if isinstance(found, list) and found and all(type(k) in (int, float) for k in found):
        return np.array(found, float)
    return xray_of(run.name, version_of(run), run.dataset).kl


def colours_of(runs: Sequence[Run]) -> dict[str, str]:
    return {run.name: RUN_COLOURS[i % len(RUN_COLOURS)] for i, run in enumerate(runs)}


def compare_script(runs: Sequence[Run]) -> str:
    """Python that gives the page's view of several runs."""
    names = ", ".join(f'"{run.name}"' for run in runs)
    latents = all(family_of(run.family).xray == "latents" for run in runs)
    return f"""\
from genlab.explore.compare import config_differences, figure_rows, losses_in_common
from genlab.plots.compare import RUN_COLOURS, kl_spectra, overlaid_curves
from genlab.runs.folder import find_run, read_metrics, read_summary

runs = [find_run(name) for name in ({names})]
colours = dict(zip([run.name for run in runs], RUN_COLOURS))

different, same = config_differences(runs)
for row in different:
    print(row.setting, *row.values)
for row in figure_rows(runs):
    print(row.name, *row.values, "floors", *row.floors)

metrics = {{run.name: read_metrics(run) for run in runs if read_metrics(run)}}
for loss in losses_in_common(runs)[:1]:
    curves = overlaid_curves(metrics, loss, colours)  # curves.show() opens it in a browser
{KL_SCRIPT if latents else ""}"""


KL_SCRIPT = """\
kl = {run.name: read_summary(run).get("kl_per_dim", []) for run in runs}
spectra = kl_spectra(kl, colours)
"""
