"""Curves of trainings while they run, as an option of ECharts: plain values, a dict per chart.

ECharts draws these because a live page asks for one each second and Plotly's figures cost more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlab.plots.palette import CLASS_COLOURS

TITLES = {
    "neg_elbo": "Negative ELBO, nats per image",
    "recon_nll": "Reconstruction NLL",
    "kl": "KL",
}
MOST_POINTS = 300  # of a line: more than a projector shows
REPORT = 20  # updates over which the past keeps the weight that smoothing gives it
SETTLED = 0.1  # share of the updates that is left out of the axis' range: they fall from far above
TRAIN, VALIDATION, FLOOR = CLASS_COLOURS[0], CLASS_COLOURS[1], "#888888"
# Where the panels stand: the first loss large, the others stacked beside it.
LARGE = {"left": "5.5%", "width": "52%", "top": 34, "bottom": 66}
SMALL = {"left": "65%", "width": "33.5%"}
MOST_MARKS = 40  # epochs whose validation is marked by a dot


@dataclass(frozen=True)
class Curve:
    """The losses of one training, nats per image."""

    title: str
    group: str  # runs of one group differ in their seed alone
    batches: int  # updates of an epoch
    steps: np.ndarray  # (S,) updates made at each report
    train: Mapping[str, np.ndarray]  # loss -> (S,) means since the report before
    ends: np.ndarray  # (E,) updates made at the end of each epoch
    validation: Mapping[str, np.ndarray]  # loss -> (E,)


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the curves are drawn."""

    smoothing: float = 0.6  # weight of the past in the running mean; 0 draws the reports alone
    log: bool = False  # the losses' axis
    by_epoch: bool = False  # else by update
    floors: Mapping[str, float] | None = None  # words -> nats, drawn as lines and kept in view


class Line(NamedTuple):
    x: np.ndarray  # (n,) updates or epochs
    raw: np.ndarray  # (n,)
    smooth: np.ndarray  # (n,)


def training_chart(curves: Sequence[Curve], look: Look) -> dict[str, Any]:
    """One panel for each loss, all under one pointer; colours tell the groups apart.

    One run alone has a colour for training and one for validation. Runs of a group are drawn as
    their mean in a band from the lowest to the highest.
    """
    losses = list(dict.fromkeys(loss for curve in curves for loss in curve.train))
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        groups.setdefault(curve.group, []).append(curve)
    series, axes = [], []
    for panel, loss in enumerate(losses):
        drawn: list[Line] = []
        for index, (group, members) in enumerate(groups.items()):
            colour = CLASS_COLOURS[index % len(CLASS_COLOURS)]
            colours, names = (colour, colour), (group, group)
            if len(groups) == 1:
                colours, names = (TRAIN, VALIDATION), ("training", "validation")
            train = present(train_line(curve, loss, look) for curve in members)
            validation = present(validation_line(curve, loss, look) for curve in members)
            above = {"z": 20 - index}  # the first group is the one that was asked for
            one = train_series(train, panel, names[0], colours[0], look)
            one += validation_series(validation, panel, names[1], colours[1], len(groups) == 1)
            series += [line | above for line in one]
            drawn += [settled(line) for line in train] + validation
        floors = look.floors if look.floors and loss != "kl" else {}
        series += [floor_line(name, nats, panel, floors) for name, nats in floors.items()]
        axes.append(y_axis(panel, in_view(drawn, floors, look), look))
    return {
        "animation": False,
        "title": [title(loss, panel) for panel, loss in enumerate(losses)],
        "legend": legend(series),
        "grid": [grid(panel, len(losses)) for panel in range(len(losses))],
        "xAxis": [x_axis(panel, len(losses), look) for panel in range(len(losses))],
        "yAxis": axes,
        "tooltip": {"trigger": "axis", "valueFormatter": "%.2f", "confine": True},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "series": series,
    }


# --- lines ---------------------------------------------------------------------------------------


def present(lines) -> list[Line]:
    return [line for line in lines if len(line.x)]


def train_line(curve: Curve, loss: str, look: Look) -> Line:
    steps, values = thinned(curve.steps, curve.train.get(loss, np.empty(0)))
    unit = curve.batches if look.by_epoch else 1
    return Line(steps / unit, values, smoothed(steps, values, look.smoothing))


def validation_line(curve: Curve, loss: str, look: Look) -> Line:
    values = curve.validation.get(loss, np.empty(0))
    steps, finite = curve.ends[: len(values)], np.isfinite(values)
    unit = curve.batches if look.by_epoch else 1
    return Line(steps[finite] / unit, values[finite], values[finite])


def settled(line: Line) -> Line:
    """The line without the fall at its beginning."""
    late = line.x > SETTLED * line.x[-1]
    return Line(*(part[late] for part in line))


def thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most MOST_POINTS points, evenly along the updates: each the mean of those it stands for,
    weighted by the updates that a report covers. (n,) and (n,) to (m,) and (m,), no NaN."""
    finite = np.isfinite(values)
    steps, values = steps[: len(values)][finite].astype(float), values[finite]
    if len(steps) <= MOST_POINTS:
        return steps, values
    covered = np.diff(steps, prepend=0.0)
    place = np.floor(steps * (MOST_POINTS - 1) / steps[-1])
    starts = np.flatnonzero(np.diff(place, prepend=-1.0))
    mass = np.add.reduceat(covered, starts)
    ends = np.append(starts[1:], len(steps)) - 1
    return steps[ends], np.add.reduceat(values * covered, starts) / mass


def smoothed(steps: np.ndarray, values: np.ndarray, weight: float) -> np.ndarray:
    """The running mean in which the past keeps `weight` over each REPORT updates, so that many
    short reports count no more than a long one; without the pull to 0 at its beginning."""
    if not weight:
        return values
    kept = weight ** (np.diff(steps, prepend=0.0) / REPORT)
    result, past, mass = np.empty(len(values)), 0.0, 0.0
    for index, (value, share) in enumerate(zip(values.tolist(), kept.tolist(), strict=True)):
        past = share * past + (1.0 - share) * value
        mass = share * mass + (1.0 - share)
        result[index] = past / mass
    return result


def band(lines: Sequence[Line]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """x, mean, lowest and highest of the smooth lines, as far as all of them reach, each (n,)."""
    x = min((line.x for line in lines), key=lambda x: x[-1])
    values = np.stack([np.interp(x, line.x, line.smooth) for line in lines])
    return x, values.mean(axis=0), values.min(axis=0), values.max(axis=0)


# --- series --------------------------------------------------------------------------------------


def train_series(
    lines: Sequence[Line], panel: int, name: str, colour: str, look: Look
) -> list[dict[str, Any]]:
    if not lines:
        return []
    x, mean, low, high = band(lines)
    drawn = [drawn_line(panel, name, x, mean, colour, width=2.5)]
    if len(lines) > 1:
        return band_series(panel, name, x, low, high, colour) + drawn
    if look.smoothing:
        faint = {"width": 1, "opacity": 0.3, "tooltip": {"show": False}}
        drawn.insert(0, drawn_line(panel, name, x, lines[0].raw, colour, **faint))
    return drawn


def validation_series(
    lines: Sequence[Line], panel: int, name: str, colour: str, alone: bool
) -> list[dict[str, Any]]:
    if not lines:
        return []
    x, mean, low, high = band(lines)
    marks = {"symbol": "circle", "symbolSize": 6, "showSymbol": alone and len(x) <= MOST_MARKS}
    drawn = drawn_line(panel, name, x, mean, colour, width=2, dash="dotted", **marks)
    across = band_series(panel, name, x, low, high, colour) if len(lines) > 1 else []
    return [*across, drawn]


def band_series(panel: int, name: str, x, low, high, colour: str) -> list[dict[str, Any]]:
    """Two stacked lines that nobody sees, with the area between them filled."""
    unseen = {"tooltip": {"show": False}, "stack": f"{name} {panel} {len(x)}", "width": 0}
    bottom = drawn_line(panel, name, x, low, colour, **unseen)
    top = drawn_line(panel, name, x, high - low, colour, **unseen)
    return [bottom, top | {"areaStyle": {"color": colour, "opacity": 0.22}}]


def drawn_line(
    panel: int, name: str, x, y, colour: str, *,
    width: float, opacity: float = 1.0, dash: str = "solid", **more: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        "type": "line",
        "name": name,
        "xAxisIndex": panel,
        "yAxisIndex": panel,
        "data": np.column_stack([np.round(x, 3), np.round(y, 3)]).tolist(),
        "showSymbol": False,
        "lineStyle": {"width": width, "opacity": opacity, "type": dash, "color": colour},
        "itemStyle": {"color": colour},
        **more,
    }


def floor_line(name: str, nats: float, panel: int, floors: Mapping[str, float]) -> dict[str, Any]:
    """A line across, named in the large panel only."""
    side = "Bottom" if nats == min(floors.values()) else "Top"
    return {
        "type": "line",
        "xAxisIndex": panel,
        "yAxisIndex": panel,
        "data": [],
        "silent": True,
        "markLine": {
            "symbol": "none",
            "silent": True,
            "animation": False,
            "label": {
                "show": panel == 0,
                "position": f"insideEnd{side}",
                "formatter": "{b} {c}",
                "color": FLOOR,
                "fontSize": 12,
            },
            "lineStyle": {"color": FLOOR, "type": "dashed", "width": 1.5},
            "data": [{"name": name, "yAxis": round(nats, 1)}],
        },
    }


# --- axes and words ------------------------------------------------------------------------------


def in_view(
    lines: Sequence[Line], floors: Mapping[str, float], look: Look
) -> tuple[float | None, float | None]:
    """From below the lowest line to above the highest; None, None where there is none."""
    values = np.concatenate([*(line.smooth for line in lines), np.array(list(floors.values()))])
    if not len(values):
        return None, None
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    least = 0.9 * low if look.log else 0.0
    return tidy(max(low - room, least), np.floor), tidy(high + room, np.ceil)


def tidy(value: float, rounding) -> float:
    """The value to about two digits, so that the axis does not shiver as the curve grows."""
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 1) / 2 if value else 1.0
    return float(round(rounding(value / unit) * unit, 6))


def y_axis(panel: int, ends: tuple[float | None, float | None], look: Look) -> dict[str, Any]:
    axis = {
        "gridIndex": panel,
        "type": "log" if look.log else "value",
        "scale": True,
        "axisLabel": {"fontSize": 12, "showMinLabel": False, "showMaxLabel": False},
        "splitNumber": 5 if panel == 0 else 3,
    }
    low, high = ends
    return axis if low is None else axis | {"min": low, "max": high}


def x_axis(panel: int, panels: int, look: Look) -> dict[str, Any]:
    named = panel in (0, panels - 1)
    return {
        "gridIndex": panel,
        "type": "value",
        "min": 0,
        "max": "dataMax",
        "splitLine": {"show": False},
        "axisLabel": {"fontSize": 12, "hideOverlap": True, "showMaxLabel": False},
        "name": ("epoch" if look.by_epoch else "update") if named else "",
        "nameLocation": "middle",
        "nameGap": 26,
    }


def grid(panel: int, panels: int) -> dict[str, Any]:
    if panel == 0:
        return LARGE
    share = 100 / (panels - 1)
    below = f"{100 - share * panel + 12:g}%" if panel < panels - 1 else LARGE["bottom"]
    return SMALL | {"top": f"{share * (panel - 1) + 10:g}%", "bottom": below}


def title(loss: str, panel: int) -> dict[str, Any]:
    return {
        "text": TITLES.get(loss, loss),
        "left": "5%" if panel == 0 else "64.5%",
        "top": 0 if panel < 2 else f"{48 * (panel - 1):g}%",
        "padding": [8, 4, 4, 4],
        "textStyle": {"fontSize": 15, "fontWeight": 600},
    }


def legend(series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(one["name"] for one in series if "name" in one))
    return {
        "bottom": 2,
        "left": "5.5%",
        "width": "92%",
        "type": "scroll",
        "itemWidth": 22,
        "textStyle": {"fontSize": 13},
        "data": [{"name": name, "icon": "roundRect"} for name in names],
    }
