"""Two maps of the same images side by side, coloured by class."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.plots.palette import CLASS_COLOURS


def paired_maps(
    left: np.ndarray,
    right: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    *,
    titles: tuple[str, str] = ("", ""),
    chosen: np.ndarray | None = None,
    hidden: tuple[int, ...] = (),
) -> go.Figure:
    """A figure of left (N, 2) and right (N, 2), point i of both being image i.

    Args:
        labels: (N,) class of each image; classes: their names.
        chosen: (N,) bool; where any is set, the other images fade.
        hidden: classes that are not drawn.
    """
    figure = make_subplots(cols=2, subplot_titles=titles, horizontal_spacing=0.04)
    any_chosen = chosen is not None and chosen.any()
    for column, embedding in enumerate((left, right), start=1):
        for label, name in enumerate(classes):
            if label in hidden:
                continue
            of_class = np.flatnonzero(labels == label)
            opacity = np.where(chosen[of_class], 0.95, 0.1) if any_chosen else 0.8
            figure.add_scattergl(
                x=embedding[of_class, 0],
                y=embedding[of_class, 1],
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                customdata=of_class,
                hovertemplate=f"{name}, image %{{customdata}}<extra></extra>",
                mode="markers",
                marker={"size": 4, "color": CLASS_COLOURS[label], "opacity": opacity},
                row=1,
                col=column,
            )
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False)
    for column in ("", "2"):
        figure.update_layout({f"yaxis{column}": {"scaleanchor": f"x{column}"}})
    figure.update_layout(height=560, margin={"l": 10, "r": 10, "t": 40, "b": 10})
    return figure
