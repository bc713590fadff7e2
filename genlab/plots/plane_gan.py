"""Moments of GANs on the line or in the plane, side by side."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.explore.plane_density import BLUR, Grid
from genlab.explore.plane_film import Frame
from genlab.explore.plane_gan import PlaneConfig
from genlab.explore.plane_target import EDGE, build_target
from genlab.plots.palette import CLASS_COLOURS

REAL, FAKE = CLASS_COLOURS[:2]


def plane_panels(configs: list[PlaneConfig], frames: list[Frame]) -> go.Figure:
    """D beside D* for each training, with its fakes and where they are pushed; on the line both
    in one panel, with the densities.

    Args:
        configs: of one number of axes; frames: the moment to show of each.
    """
    on_line = configs[0].axes == 1
    names = ("",) if on_line else ("D", "D*")
    titles = [f"{config.loss} {name}" for config in configs for name in names]
    figure = make_subplots(cols=len(titles), subplot_titles=titles, horizontal_spacing=0.03)
    for place, (config, frame) in enumerate(zip(configs, frames, strict=True)):
        first = place * len(names) + 1
        if on_line:
            add_line(figure, first, config, frame)
            continue
        for column, opinion in enumerate((frame.discriminator, frame.optimum), start=first):
            add_square(figure, column, opinion, frame)
    if not on_line:
        for column in range(1, len(titles) + 1):
            figure.update_xaxes(range=[-EDGE, EDGE], row=1, col=column)
            figure.update_yaxes(range=[-EDGE, EDGE], scaleanchor=f"x{column}", row=1, col=column)
    figure.update_layout(
        height=420, showlegend=on_line, margin={"l": 20, "r": 20, "t": 40, "b": 20}
    )
    return figure


def add_line(figure: go.Figure, column: int, config: PlaneConfig, frame: Frame) -> None:
    grid, x = Grid(1), Grid(1).points[:, 0]
    data = build_target(1, config.target, config.ink).cell_masses(grid.edges, BLUR)
    width, peak = x[1] - x[0], data.max()
    for name, values, line in (
        ("p_data", data / peak / 2, {"color": REAL}),
        ("p_g", frame.made / peak / 2, {"color": FAKE}),
        ("D", frame.discriminator, {"color": "black"}),
        ("D*", frame.optimum, {"color": "black", "dash": "dash"}),
    ):
        trace = go.Scatter(x=x, y=values, name=name, line=line, showlegend=column == 1)
        figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(title=f"densities by {2 * peak / width:.2f} per unit", row=1, col=column)


def add_square(figure: go.Figure, column: int, opinion: np.ndarray, frame: Frame) -> None:
    grid, side = Grid(2), len(Grid(2).edges) - 1
    middles = 0.5 * (grid.edges[1:] + grid.edges[:-1])
    heat = go.Heatmap(
        x=middles,
        y=middles,
        z=opinion.reshape(side, side),
        zmin=0.0,
        zmax=1.0,
        colorscale=[FAKE, "white", REAL],
        showscale=False,
        zsmooth="best",
    )
    figure.add_trace(heat, row=1, col=column)
    length = np.linalg.norm(frame.slopes, axis=1, keepdims=True)
    ends = frame.fakes - 0.42 * frame.slopes / (1.0 + length)  # the arrows of the page
    gap = np.full_like(ends, np.nan)
    ways = np.stack([frame.fakes, ends, gap], axis=1).reshape(-1, 2)
    arrows = go.Scatter(
        x=ways[:, 0], y=ways[:, 1], mode="lines", line={"color": "black", "width": 1}
    )
    dots = go.Scatter(
        x=frame.fakes[:, 0], y=frame.fakes[:, 1], mode="markers", marker={"color": FAKE, "size": 5}
    )
    figure.add_traces([arrows, dots], rows=[1, 1], cols=[column, column])
