"""Figures of two clouds: matches at several sigmas, and both in space, to turn and to play.

Shapes: M source points, N target points, D axes, L lines.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.plots.palette import CLASS_COLOURS
from genlab.plots.registration import BARE, OTHERS
from genlab.registration.states import Lines

STAYS, MOVES = CLASS_COLOURS[:2]


def sigma_figure(
    moved: np.ndarray, target: np.ndarray, matches: Sequence[Lines], titles: Sequence[str]
) -> go.Figure:
    """The same clouds under the matches of several sigmas, from hard to soft.

    Args:
        moved: (M, D), target: (N, D), drawn by their first two axes; matches, titles: of each.
    """
    figure = make_subplots(cols=len(matches), subplot_titles=list(titles), horizontal_spacing=0.02)
    for column, found in enumerate(matches, start=1):
        for low, high in ((0.01, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 1.01)):
            some = (found.weight >= low) & (found.weight < high)
            if not some.any():
                continue
            ends = between(moved[found.source[some], :2], target[found.target[some], :2])
            figure.add_scatter(
                x=ends[:, 0], y=ends[:, 1], mode="lines", hoverinfo="skip", showlegend=False,
                line={"color": OTHERS, "width": 1 + 1.5 * low},
                opacity=min(1.0, 0.3 + 1.4 * low), row=1, col=column,
            )  # fmt: skip
        for points, name, colour in ((target, "target", STAYS), (moved, "source", MOVES)):
            figure.add_scatter(
                x=points[:, 0], y=points[:, 1], name=name, legendgroup=name, mode="markers",
                showlegend=column == 1, marker={"size": 6, "color": colour}, row=1, col=column,
            )  # fmt: skip
        first = "" if column == 1 else str(column)
        figure.update_yaxes(
            scaleanchor=f"x{first}", showticklabels=False, matches="y", row=1, col=column
        )
        figure.update_xaxes(showticklabels=False, matches="x", row=1, col=column)
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(showgrid=False, zeroline=False)
    return figure.update_layout(height=360, **BARE)


def between(starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """(3 L, D) one line after another, with gaps, from starts (L, D) to stops (L, D)."""
    return np.stack([starts, stops, np.full_like(starts, np.nan)], axis=1).reshape(
        -1, starts.shape[1]
    )


def space_figure(
    target: np.ndarray,
    moved: Sequence[np.ndarray],
    matches: Sequence[Lines],
    steps: Sequence[int],
) -> go.Figure:
    """Clouds in space (D = 3, or the plane at depth 0) to turn and to play.

    Args:
        target: (N, D); moved: the source (M, D) at each of `steps`; matches: the lines of each.
    """

    def axes(points: np.ndarray) -> dict[str, np.ndarray]:
        z = points[:, 2] if points.shape[1] == 3 else np.zeros(len(points))
        return {"x": points[:, 0], "y": points[:, 1], "z": z}

    def changing(k: int) -> list[go.Scatter3d]:
        found = matches[k]
        ends = between(moved[k][found.source], target[found.target])
        return [
            go.Scatter3d(
                **axes(moved[k]), mode="markers", name="source",
                marker={"size": 3.5, "color": MOVES},
            ),
            go.Scatter3d(
                **axes(ends), mode="lines", name="strongest matches",
                line={"color": OTHERS, "width": 2}, opacity=0.5,
            ),
        ]  # fmt: skip

    stays = go.Scatter3d(
        **axes(target), mode="markers", name="target", marker={"size": 3.5, "color": STAYS}
    )
    frames = [
        go.Frame(data=changing(k), traces=[1, 2], name=str(steps[k])) for k in range(len(moved))
    ]
    figure = go.Figure([stays, *changing(0)], frames=frames)
    at_once = {"mode": "immediate", "frame": {"duration": 350, "redraw": True},
               "transition": {"duration": 0}, "fromcurrent": True}  # fmt: skip
    every = np.vstack([target, *moved])
    low, high = every.min(axis=0), every.max(axis=0)
    half, centre = 0.53 * float((high - low).max() or 1.0), 0.5 * (low + high)
    sides = [*centre, 0.0][:3]
    return figure.update_layout(
        height=600,
        scene={
            **{
                f"{axis}axis": {"range": [side - half, side + half], "title": axis}
                for axis, side in zip("xyz", sides, strict=True)
            },
            "aspectmode": "cube",
            "camera": {"eye": {"x": 1.1, "y": 1.1, "z": 0.7}},
        },
        updatemenus=[{
            "type": "buttons", "direction": "left", "x": 0.0, "y": 0.0, "xanchor": "left",
            "yanchor": "top", "pad": {"t": 30}, "showactive": False,
            "buttons": [
                {"label": "Play", "method": "animate", "args": [None, at_once]},
                {"label": "Pause", "method": "animate",
                 "args": [[None], at_once | {"frame": {"duration": 0, "redraw": False}}]},
            ],
        }],
        sliders=[{
            "x": 0.18, "len": 0.8, "currentvalue": {"prefix": "step "}, "pad": {"t": 10},
            "steps": [{"label": str(steps[k]), "method": "animate",
                       "args": [[str(steps[k])], at_once]} for k in range(len(moved))],
        }],
        margin={"l": 0, "r": 0, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02},
    )  # fmt: skip
