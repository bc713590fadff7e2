"""A confusion matrix as a table of shades."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from genlab.plots.palette import CLASS_COLOURS


def confusion_matrix(counts: np.ndarray, classes: Sequence[str]) -> go.Figure:
    """How many images of each class, a row, are taken for which, a column: counts (K, K).

    A cell's shade is the square root of its share of the row, so that rare mistakes are seen; its
    number is the count, left out where it is 0.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(shares),
            x=list(classes),
            y=list(classes),
            text=[[f"{int(n):,}" if n else "" for n in row] for row in counts],
            texttemplate="%{text}",
            customdata=shares,
            hovertemplate="%{y} taken for %{x}: %{text} (%{customdata:.2%})<extra></extra>",
            colorscale=[[0.0, "rgba(63,144,218,0)"], [1.0, CLASS_COLOURS[0]]],
            zmin=0.0,
            zmax=1.0,
            showscale=False,
            xgap=1,
            ygap=1,
        )
    )
    figure.update_layout(
        height=420,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"title": "taken for", "type": "category", "constrain": "domain"},
        yaxis={"title": "class", "type": "category", "autorange": "reversed"},
    )
    return figure
