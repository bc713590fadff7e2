"""Pairs and a threshold: the distances of same and of different pairs, and what every threshold
does, beside raw pixels."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.plots.palette import CLASS_COLOURS

SAME, DIFFERENT = CLASS_COLOURS[0], CLASS_COLOURS[1]
RUNS = tuple(CLASS_COLOURS[i] for i in (4, 2, 9, 5))
FLOOR = "#888888"
BINS = 120


def pair_figure(
    names: Sequence[str],
    distances: Sequence[np.ndarray],
    same: np.ndarray,
    thresholds: Sequence[float],
    raw: np.ndarray | None = None,
) -> go.Figure:
    """Histograms of the first run's distances beside the ROC of all.

    Args:
        names: of the runs.
        distances: (C,) of each run, for the same pairs.
        same: (C,) bool.
        thresholds: one for each run.
        raw: (C,) distances of the pixels: the floor, dashed.
    """
    figure = make_subplots(1, 2, column_widths=[0.62, 0.38], subplot_titles=[names[0], "ROC"])
    farthest = float(np.quantile(distances[0], 0.998))
    edges = np.linspace(0.0, farthest, BINS + 1)
    for kind, words, colour in ((True, "same", SAME), (False, "different", DIFFERENT)):
        chosen = distances[0][same == kind]
        share = np.histogram(chosen, edges)[0] / len(chosen)
        figure.add_bar(
            x=(edges[1:] + edges[:-1]) / 2,
            y=share,
            name=f"{words} pairs",
            marker={"color": colour, "opacity": 0.7, "line_width": 0},
            row=1,
            col=1,
        )
    figure.add_vline(x=thresholds[0], line={"width": 3}, row=1, col=1)
    lines = [*zip(names, distances, RUNS, strict=False)]
    if raw is not None:
        lines.append(("raw pixels", raw, FLOOR))
    for place, (name, values, colour) in enumerate(lines):
        accepts, accepted = rates(values, same)
        floor = raw is not None and place == len(lines) - 1
        figure.add_scatter(
            x=accepts,
            y=accepted,
            name=name,
            line={"color": colour, "width": 3, "dash": "dash" if floor else "solid"},
            row=1,
            col=2,
        )
        if not floor:
            at = values <= thresholds[place]
            figure.add_scatter(
                x=[at[~same].mean()],
                y=[at[same].mean()],
                mode="markers",
                marker={"color": colour, "size": 14},
                showlegend=False,
                row=1,
                col=2,
            )
    figure.update_xaxes(title_text="distance", row=1, col=1)
    figure.update_yaxes(title_text="share of the pairs", row=1, col=1)
    figure.update_xaxes(title_text="false accepts", tickformat=".0%", row=1, col=2)
    figure.update_yaxes(title_text="same pairs accepted", tickformat=".0%", row=1, col=2)
    figure.update_layout(barmode="overlay", bargap=0, height=460, font_size=15)
    return figure


def rates(distances: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the different and of the same pairs that each threshold accepts, (C + 1,) each."""
    kinds = same[np.argsort(distances, kind="stable")]
    accepted = np.append(0, np.cumsum(kinds)) / max(1, same.sum())
    return np.append(0, np.cumsum(~kinds)) / max(1, (~same).sum()), accepted
