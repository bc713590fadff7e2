"""A GAN's discriminator as pre-training: how well a linear probe on it does."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

FLOOR = "#888888"


def share_curves(
    by_share: Mapping[str, Mapping[str, Mapping[str, Any]]],
    colours: Sequence[str],
    reference: tuple[float, float] | None = None,
) -> go.Figure:
    """Test accuracy against the share of the labels, on a log axis, of one or several runs.

    Args:
        by_share: run -> share in percent -> test_accuracy, test_accuracy_std (or None) and
            raw_test_accuracy, that of raw pixels with the same labels.
        colours: of the runs, in order.
        reference: lowest and highest accuracy that others report, drawn as a band.
    """
    figure = go.Figure()
    raw: dict[float, float] = {}
    for (name, shares), colour in zip(by_share.items(), colours, strict=False):
        x = sorted(shares, key=float)
        spread = [shares[share].get("test_accuracy_std") or 0.0 for share in x]
        figure.add_scatter(
            x=[float(share) for share in x],
            y=[shares[share]["test_accuracy"] for share in x],
            error_y={"type": "data", "array": spread, "thickness": 2, "width": 6},
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 3},
            marker_size=9,
            hovertemplate=f"{name}, %{{x:g}} % of the labels: %{{y:.2%}}<extra></extra>",
        )
        raw |= {
            float(share): shares[share]["raw_test_accuracy"]
            for share in x
            if shares[share].get("raw_test_accuracy") is not None
        }
    if raw:
        figure.add_scatter(
            x=sorted(raw),
            y=[raw[share] for share in sorted(raw)],
            name="raw pixels",
            mode="lines+markers",
            line={"color": FLOOR, "width": 2, "dash": "dash"},
            hovertemplate="raw pixels, %{x:g} % of the labels: %{y:.2%}<extra></extra>",
        )
    if reference is not None:
        figure.add_hrect(
            *reference,
            line_width=0,
            fillcolor=FLOOR,
            opacity=0.35,
            annotation={"text": "reported by others, 10 %", "font_size": 13},
            annotation_position="top left",
        )
    ticks = sorted({float(share) for shares in by_share.values() for share in shares})
    values = [line[key] for shares in by_share.values() for line in shares.values()
              for key in ("test_accuracy", "raw_test_accuracy") if line.get(key)]  # fmt: skip
    figure.update_layout(
        height=420,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "y": 1.12, "x": 0, "font_size": 14},
        xaxis={
            "type": "log",
            "title": "share of the training labels, %",
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
        },
        yaxis={
            "title": "test accuracy",
            "tickformat": ".0%",
            "range": [np.floor(20 * min(values, default=0.8)) / 20, 1.002],
        },
    )
    return figure
