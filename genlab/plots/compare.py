"""Several runs in one figure: their losses, their curves, what their latent dimensions carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from genlab.explore.xray import COLLAPSED_KL
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.families import loss_of

RUN_COLOURS = tuple(CLASS_COLOURS[i] for i in (0, 1, 4, 2, 9, 5, 6, 7))
MARGIN = {"l": 10, "r": 10, "t": 44, "b": 10}
LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


@dataclass(frozen=True)
class Loss:
    """One run's loss on its test images, nats per image, with what it lies between."""

    name: str
    recon_nll: float
    kl: float
    entropy: float  # floor of recon_nll
    mean_image: float  # the reconstruction NLL of always predicting the mean image


def loss_bars(losses: Sequence[Loss]) -> go.Figure:
    """The negative ELBO of each run above its floor, split into its two terms; a line marks what
    the mean image costs."""
    names = [loss.name for loss in losses]
    figure = go.Figure()
    terms = {
        "reconstruction NLL": ([x.recon_nll - x.entropy for x in losses], CLASS_COLOURS[0]),
        "KL": ([x.kl for x in losses], CLASS_COLOURS[1]),
    }
    for term, (values, colour) in terms.items():
        figure.add_bar(
            x=values,
            y=names,
            name=term,
            orientation="h",
            marker_color=colour,
            text=[f"{value:.1f}" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            hovertemplate=f"%{{y}}, {term}: %{{x:.2f}} nats<extra></extra>",
        )
    figure.add_scatter(
        x=[loss.mean_image - loss.entropy for loss in losses],
        y=names,
        name="mean image",
        mode="markers",
        marker={
            "symbol": "line-ns-open",
            "size": 26,
            "line_width": 4,
            "color": CLASS_COLOURS[2],
        },
        hovertemplate="%{y}, mean image: %{x:.2f} nats<extra></extra>",
    )
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        height=130 + 52 * len(losses),
        margin=MARGIN,
        legend=LEGEND | {"traceorder": "normal"},
        xaxis={"title": "nats per image above the entropy of the pixels", "rangemode": "tozero"},
        yaxis={"autorange": "reversed", "ticksuffix": "  "},
    )
    return figure


def overlaid_curves(
    metrics: Mapping[str, list[dict[str, Any]]],
    loss: str,
    colours: Mapping[str, str],
    *,
    train: bool = False,
    by: str = "epoch",
) -> go.Figure:
    """One loss of several runs by "epoch", "step" or "seconds" of training.

    Args:
        metrics: the lines of `read_metrics` of each run.
        loss: its name in the metrics, such as "neg_elbo".
        colours: of each run.
        train: also draw the loss on the training images, dotted.
    """
    figure = go.Figure()
    for name, lines in metrics.items():
        x = positions(lines, by)
        for split in ("validation", "train") if train else ("validation",):
            figure.add_scatter(
                x=x,
                y=[line[split].get(loss) for line in lines],
                name=name if split == "validation" else f"{name}, training images",
                legendgroup=name,
                mode="lines+markers" if len(lines) < 30 else "lines",
                line={
                    "color": colours[name],
                    "width": 3 if split == "validation" else 2,
                    "dash": "solid" if split == "validation" else "dot",
                },
                hovertemplate=f"{name}, {split}: %{{y:.3f}}<extra></extra>",
            )
    figure.update_layout(
        height=380,
        margin=MARGIN,
        legend=LEGEND,
        hovermode="x unified",
        showlegend=True,
        xaxis_title={"seconds": "seconds of training", "step": "updates"}.get(by, by),
        yaxis_title=loss_of(loss).name,
    )
    return figure


def positions(lines: list[dict[str, Any]], by: str) -> list[float]:
    """Where each line of metrics stands; its seconds are those of its epoch alone."""
    found = [line.get(by) or 0 for line in lines]
    return np.cumsum(found).tolist() if by == "seconds" else found


def kl_spectra(kl: Mapping[str, np.ndarray], colours: Mapping[str, str]) -> go.Figure:
    """KL of the latent dimensions (Z,) of each run, the largest first, on a log scale: dimensions
    of different runs have nothing in common but their rank. Those below 0.01 nats collapsed."""
    figure = go.Figure()
    for name, values in kl.items():
        ranked = np.sort(np.asarray(values, float))[::-1]
        figure.add_scatter(
            x=np.arange(1, len(ranked) + 1),
            y=np.maximum(ranked, 1e-5),
            name=name,
            mode="lines+markers",
            line={"color": colours[name], "width": 3},
            marker_size=8,
            hovertemplate=f"{name}, ranked %{{x}}: %{{y:.4f}} nats<extra></extra>",
        )
    most = max((len(values) for values in kl.values()), default=1)
    figure.add_scatter(
        x=[0.5, most + 0.5],
        y=[COLLAPSED_KL] * 2,
        name="collapsed below",
        mode="lines",
        line={"dash": "dash", "width": 2, "color": CLASS_COLOURS[3]},
        hoverinfo="skip",
    )
    axis = {"title": "latent dimensions, the largest KL first", "range": [0.5, most + 0.5]}
    figure.update_layout(
        height=380,
        margin=MARGIN,
        legend=LEGEND,
        showlegend=True,
        xaxis=axis | ({"dtick": 1} if most <= 30 else {}),
        yaxis={"title": "KL, nats per image", "type": "log", "exponentformat": "power"},
    )
    return figure
