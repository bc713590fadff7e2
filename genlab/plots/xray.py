"""Figures of an X-ray: what each latent dimension carries, which units fire, how weights lie."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.explore.xray import TensorFigures, Units
from genlab.plots.palette import CLASS_COLOURS

BLUE, ORANGE, GREY = CLASS_COLOURS[0], CLASS_COLOURS[1], CLASS_COLOURS[3]
LONG_TITLE = 36  # characters
MARGIN = {"l": 10, "r": 10, "t": 36, "b": 10}
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def kl_bars(kl: np.ndarray, active: np.ndarray, collapsed: np.ndarray | None = None) -> go.Figure:
    """KL of each latent dimension (Z,), the largest first; inactive dimensions in grey, those of
    them that collapsed to the prior under that name."""
    order = np.argsort(-np.asarray(kl), kind="stable")
    collapsed = np.zeros(len(kl), bool) if collapsed is None else collapsed
    figure = go.Figure()
    kinds = {
        "active": (active & ~collapsed, BLUE),
        "inactive": (~active & ~collapsed, ORANGE),
        "collapsed": (collapsed, GREY),
    }
    for name, (chosen, colour) in kinds.items():
        mine = [j for j in order if chosen[j]]
        if mine:
            figure.add_bar(
                x=[f"z{j}" for j in mine],
                y=[float(kl[j]) for j in mine],
                name=f"{name} ({len(mine)})",
                marker_color=colour,
                hovertemplate="%{x}: %{y:.3f} nats<extra></extra>",
            )
    figure.update_layout(
        height=320,
        margin=MARGIN | {"t": 56},
        bargap=0.15,
        legend=LEGEND,
        xaxis={"categoryorder": "array", "categoryarray": [f"z{j}" for j in order]},
        yaxis_title="KL, nats per image",
    )
    return figure


def firing_curves(encoder: Units, decoder: Units) -> go.Figure:
    """Share of the images on which each hidden unit is on, the busiest first; at 0 it is dead."""
    figure = go.Figure()
    for name, units, colour in (("encoder", encoder, BLUE), ("decoder", decoder, ORANGE)):
        figure.add_scatter(
            x=np.arange(1, len(units.firing) + 1),
            y=np.sort(units.firing)[::-1],
            name=f"{name} ({units.dead} dead)",
            mode="lines",
            line={"color": colour, "width": 3},
            hovertemplate="unit ranked %{x}: on for %{y:.1%}<extra></extra>",
        )
    figure.update_layout(
        height=320,
        margin=MARGIN | {"t": 56},
        legend=LEGEND,
        xaxis_title="hidden units, the busiest first",
        yaxis={"title": "share of images", "tickformat": ".0%", "range": [-0.02, 1.02]},
    )
    return figure


def weight_histograms(tensors: Sequence[TensorFigures]) -> go.Figure:
    """A histogram of each tensor's numbers, counts on a log scale so that tails are seen."""
    titles = [f"{t.name}  {' × '.join(map(str, t.shape))}" for t in tensors]
    columns = 4 if max(map(len, titles), default=0) < LONG_TITLE else 3
    rows = math.ceil(len(tensors) / columns)
    figure = make_subplots(
        rows, columns, subplot_titles=titles, vertical_spacing=0.35 / rows, horizontal_spacing=0.06
    )
    for i, tensor in enumerate(tensors):
        figure.add_bar(
            x=(tensor.edges[:-1] + tensor.edges[1:]) / 2,
            y=tensor.counts,
            width=np.diff(tensor.edges),
            marker={"color": BLUE, "line_width": 0},
            hovertemplate="%{x:.3f}: %{y:,}<extra></extra>",
            showlegend=False,
            row=i // columns + 1,
            col=i % columns + 1,
        )
    figure.update_xaxes(tickfont_size=11, nticks=4)
    figure.update_yaxes(type="log", dtick=1, exponentformat="power", tickfont_size=11)
    figure.update_annotations(font_size=12)
    figure.update_layout(height=210 * rows, margin=MARGIN, bargap=0)
    return figure
