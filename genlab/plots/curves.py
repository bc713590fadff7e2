"""Loss curves of a training."""

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.families import in_order, loss_of

COLOURS = {"train": CLASS_COLOURS[0], "validation": CLASS_COLOURS[1]}
IN_A_ROW = 3  # panels


def loss_curves(metrics: list[dict[str, Any]], best_epoch: int | None = None) -> go.Figure:
    """One panel for each loss of `read_metrics`, training and validation by epoch; the epoch whose
    weights were kept is marked."""
    losses = in_order(list(metrics[0]["train"] | metrics[0]["validation"]))
    columns = len(losses) if len(losses) <= IN_A_ROW else 2
    rows = -(-len(losses) // columns)
    titles = [loss_of(name).title for name in losses]
    figure = make_subplots(rows, columns, subplot_titles=titles, vertical_spacing=0.25 / rows)
    epochs = [line["epoch"] for line in metrics]
    for place, loss in enumerate(losses):
        row, column = place // columns + 1, place % columns + 1
        if column == 1:
            figure.update_yaxes(title_text=loss_of(loss).unit, row=row, col=column)
        for split, colour in COLOURS.items():
            figure.add_scatter(
                x=epochs,
                y=[line[split].get(loss) for line in metrics],
                name=split,
                legendgroup=split,
                showlegend=place == 0,
                mode="lines+markers",
                line={"color": colour, "width": 3, "dash": "solid" if split == "train" else "dot"},
                marker_size=6,
                hovertemplate=f"epoch %{{x}}, {split}: %{{y:.3f}}<extra></extra>",
                row=row,
                col=column,
            )
        if best_epoch is not None:
            figure.add_vline(
                x=best_epoch,
                line={"dash": "dash", "width": 1, "color": CLASS_COLOURS[3]},
                row=row,
                col=column,
            )
    figure.update_xaxes(title_text="epoch", row=rows)
    figure.update_layout(
        height=360 if rows == 1 else 110 + 230 * rows,
        margin={"l": 10, "r": 10, "t": 70, "b": 10},
        legend={"orientation": "h", "y": 1 + 0.28 / rows, "x": 0},
        hovermode="x unified",
    )
    return figure
