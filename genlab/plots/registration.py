"""Maps of a registration: the likelihood over T with the path of EM, and where each start ends.

Shapes: D axes, X Y places on a map, S states.
"""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.explore.registration_maps import AngleMap, Landscape
from genlab.plots.palette import CLASS_COLOURS
from genlab.registration.basins import Basins

PATH, BESIDE = "#bd1f01", "#ff7ad9"
RIM = {"width": 2, "color": "#31333f"}  # of what is white, to be seen on either theme
NAMED = 8  # optima with a colour of their own; the others share a grey
OTHERS = "#94a4a2"
BASIN_COLOURS = tuple(colour for colour in CLASS_COLOURS if colour != OTHERS)[:NAMED]
BARE = {"margin": {"l": 10, "r": 10, "t": 40, "b": 10}, "legend": {"orientation": "h", "y": -0.12}}


def landscape_figure(
    found: Landscape, truth: np.ndarray | None = None, other: np.ndarray | None = None
) -> go.Figure:
    """The log-likelihood over T with the path of EM on it.

    Args:
        truth: (D,) the planted T; other: (S, D) the path of what runs beside EM.
    """
    top = found.log_likelihood.max()
    figure = go.Figure(
        go.Contour(
            x=found.xs,
            y=found.ys,
            z=-np.sqrt(top - found.log_likelihood),  # so that hilltops are not one colour
            customdata=found.log_likelihood,
            colorscale="Viridis",
            ncontours=24,
            line={"width": 0.6, "color": "rgba(255,255,255,0.35)"},
            colorbar=bar_of_roots(top, found.log_likelihood.min()),
            hovertemplate="T (%{x:.2f}, %{y:.2f}): %{customdata:.1f} nats<extra></extra>",
        )
    )
    if len(found.peaks):
        figure.add_scatter(
            x=found.peaks[:, 0], y=found.peaks[:, 1], name="local optima", mode="markers",
            marker={"symbol": "triangle-up", "size": 14, "color": "white", "line": RIM},
        )  # fmt: skip
    if other is not None:
        add_path(figure, other, "beside it", BESIDE, "dot")
    add_path(figure, found.path, "EM's path", PATH, "solid")
    if truth is not None:
        figure.add_scatter(
            x=truth[:1], y=truth[1:2], name="planted T", mode="markers",
            marker={"symbol": "cross", "size": 13, "color": "white", "line": RIM},
        )  # fmt: skip
    figure.update_xaxes(title="T, x", range=[found.xs[0], found.xs[-1]], constrain="domain")
    figure.update_yaxes(
        title="T, y", range=[found.ys[0], found.ys[-1]], scaleanchor="x", constrain="domain"
    )
    return figure.update_layout(height=560, **BARE)


def bar_of_roots(top: float, bottom: float) -> dict:
    """A colour bar whose marks are nats where colours follow the root of what is missing."""
    depths = np.linspace(0.0, np.sqrt(top - bottom), 6)
    words = [f"{top - depth**2:.0f}".replace("-", "\u2212") for depth in depths]
    return {"title": "nats", "thickness": 14, "tickvals": -depths, "ticktext": words}


def add_path(figure: go.Figure, path: np.ndarray, name: str, colour: str, dash: str) -> None:
    figure.add_scatter(
        x=path[:, 0], y=path[:, 1], name=name, mode="lines+markers",
        line={"color": colour, "width": 3, "dash": dash},
        marker={"size": 7, "color": colour, "line": {"width": 1, "color": "white"}},
        text=[f"step {k}" for k in range(len(path))], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=path[:1, 0], y=path[:1, 1], showlegend=False, hoverinfo="skip", mode="markers",
        marker={"size": 13, "color": "white", "line": {"width": 3, "color": colour}},
    )  # fmt: skip


def basin_figure(
    xs: np.ndarray, ys: np.ndarray, basins: Basins, truth: np.ndarray | None = None
) -> go.Figure:
    """Each start T in the colour of where it ends; the ends themselves as circles.

    Args:
        basins: (Y, X), its ends being T; truth: (D,) the planted T.
    """
    shown = np.minimum(basins.label, NAMED)
    colours = [*BASIN_COLOURS, OTHERS]
    scale = [[(k + side) / len(colours), c] for k, c in enumerate(colours) for side in (0, 1)]
    words = np.char.add(
        np.char.mod("ends at optimum %d, ", basins.label + 1),
        np.char.mod("%.1f nats", basins.log_likelihood),
    )
    figure = go.Figure(
        go.Heatmap(
            x=xs, y=ys, z=shown, zmin=-0.5, zmax=len(colours) - 0.5, colorscale=scale,
            showscale=False, text=words, opacity=0.8,
            hovertemplate="start T (%{x:.2f}, %{y:.2f})<br>%{text}<extra></extra>",
        )
    )  # fmt: skip
    labels = np.unique(basins.label)
    for label in labels[:NAMED]:
        here = basins.label == label
        end, share = basins.ends[here][0], here.mean()
        figure.add_scatter(
            x=end[:1], y=end[1:2], mode="markers",
            name=f"{label + 1}: {basins.log_likelihood[here].max():.1f} nats, {share:.0%}",
            marker={"size": 15, "color": colours[label], "line": {"width": 3, "color": "white"}},
        )  # fmt: skip
    rest = float((basins.label >= NAMED).mean())
    if rest:
        figure.add_scatter(
            x=[None], y=[None], mode="markers", marker={"size": 12, "color": OTHERS},
            name=f"{len(labels) - NAMED} others, {rest:.0%}",
        )  # fmt: skip
    if truth is not None:
        figure.add_scatter(
            x=truth[:1], y=truth[1:2], name="planted T", mode="markers",
            marker={"symbol": "cross", "size": 13, "color": "white", "line": RIM},
        )  # fmt: skip
    step = 0.5 * (xs[1] - xs[0])
    figure.update_xaxes(title="start T, x", range=[xs[0] - step, xs[-1] + step], constrain="domain")
    figure.update_yaxes(
        title="start T, y", range=[ys[0] - step, ys[-1] + step], scaleanchor="x",
        constrain="domain",
    )  # fmt: skip
    return figure.update_layout(height=560, **BARE)


def angle_figure(found: AngleMap) -> go.Figure:
    """The likelihood over the angle, and below it the angle at which each start ends."""
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.08)
    figure.add_scatter(
        x=found.degrees, y=found.log_likelihood, name="log-likelihood", row=1, col=1,
        line={"color": PATH, "width": 3}, hovertemplate="%{x:.0f}°: %{y:.1f} nats<extra></extra>",
    )  # fmt: skip
    for label in np.unique(np.minimum(found.basins.label, NAMED)):
        here = np.minimum(found.basins.label, NAMED) == label
        name = f"optimum {label + 1}: {found.basins.log_likelihood[here].max():.1f} nats"
        figure.add_scatter(
            x=found.starts[here], y=found.ends[here], mode="markers", row=2, col=1,
            name=name if label < NAMED else "others",
            marker={"size": 11, "color": [*BASIN_COLOURS, OTHERS][label]},
            hovertemplate="starts at %{x:.0f}°, ends at %{y:.1f}°<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(title="nats", row=1, col=1)
    figure.update_yaxes(title="turned at the end, °", row=2, col=1)
    figure.update_xaxes(title="turned at the start, °", row=2, col=1, dtick=45)
    return figure.update_layout(height=560, **BARE)
