"""Loss curves of a training."""

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genlab.plots.palette import CLASS_COLOURS

COLOURS = {"train": CLASS_COLOURS[0], "validation": CLASS_COLOURS[1]}
TITLES = {"neg_elbo": "negative ELBO", "recon_nll": "reconstruction NLL", "kl": "KL"}


def loss_curves(metrics: list[dict[str, Any]], best_epoch: int | None = None) -> go.Figure:
    """One panel for each loss of `read_metrics`, training and validation by epoch, in nats per
    image; the epoch whose weights were kept is marked."""
    losses = list(metrics[0]["validation"])
    figure = make_subplots(1, len(losses), subplot_titles=[TITLES.get(n, n) for n in losses])
    epochs = [line["epoch"] for line in metrics]
    for column, loss in enumerate(losses, start=1):
        for split, colour in COLOURS.items():
            figure.add_scatter(
                x=epochs,
                y=[line[split].get(loss) for line in metrics],
                name=split,
                legendgroup=split,
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": colour, "width": 3, "dash": "solid" if split == "train" else "dot"},
                marker_size=6,
                hovertemplate=f"epoch %{{x}}, {split}: %{{y:.2f}}<extra></extra>",
                row=1,
                col=column,
            )
        if best_epoch is not None:
            figure.add_vline(
                x=best_epoch,
                line={"dash": "dash", "width": 1, "color": CLASS_COLOURS[3]},
                row=1,
                col=column,
            )
    figure.update_xaxes(title_text="epoch")
    figure.update_yaxes(title_text="nats per image", col=1)
    figure.update_layout(
        height=360,
        margin={"l": 10, "r": 10, "t": 70, "b": 10},
        legend={"orientation": "h", "y": 1.28, "x": 0},
        hovermode="x unified",
    )
    return figure
