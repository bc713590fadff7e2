"""A network's layers: where its parameters are."""

from collections.abc import Sequence

import plotly.graph_objects as go

from genlab.explore.layers import Layer
from genlab.plots.palette import CLASS_COLOURS

KINDS = {
    "linear": CLASS_COLOURS[0],
    "convolution": CLASS_COLOURS[1],
    "transposed convolution": CLASS_COLOURS[4],
    "batch normalisation": CLASS_COLOURS[9],
    "other": CLASS_COLOURS[3],
}


def layer_bars(layers: Sequence[Layer]) -> go.Figure:
    """The parameters of each layer in the order of the network, coloured by its kind."""
    figure = go.Figure()
    for kind, colour in KINDS.items():
        mine = [layer for layer in layers if layer.kind == kind]
        if mine:
            figure.add_bar(
                y=[layer.name for layer in mine],
                x=[layer.parameters for layer in mine],
                customdata=[" × ".join(map(str, layer.shape)) for layer in mine],
                name=kind,
                orientation="h",
                marker_color=colour,
                text=[f"{layer.parameters:,}" for layer in mine],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}, %{customdata}: %{x:,} parameters<extra></extra>",
            )
    names = [layer.name for layer in layers]
    figure.update_layout(
        height=100 + 26 * len(layers),
        margin={"l": 10, "r": 70, "t": 44, "b": 10},
        bargap=0.25,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
        xaxis={"title": "parameters", "rangemode": "tozero"},
        yaxis={"categoryorder": "array", "categoryarray": names[::-1], "ticksuffix": "  "},
    )
    return figure
