"""Curves of trainings while they run, as an option of ECharts: plain values, a dict per chart.

ECharts draws these because a live page asks for one each second and Plotly's figures cost more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlab.plots.palette import CLASS_COLOURS
from genlab.plots.panels import Line, Look, grid, legend, title, x_axis, y_axis
from genlab.runs.families import in_order

MOST_POINTS = 300  # of a line: more than a projector shows
REPORT = 20  # updates over which the past keeps the weight that smoothing gives it
SETTLED = 0.1  # share of the updates that is left out of the axis' range: they fall from far above
TRAIN, VALIDATION, FLOOR = CLASS_COLOURS[0], CLASS_COLOURS[1], "#888888"
MOST_MARKS = 40  # epochs whose validation is marked by a dot


@dataclass(frozen=True)
class Curve:
    """The losses of one training."""

    title: str
    group: str  # runs of one group differ in their seed alone
    batches: int  # updates of an epoch
    steps: np.ndarray  # (S,) updates made at each report
    train: Mapping[str, np.ndarray]  # loss -> (S,) means since the report before
    ends: np.ndarray  # (E,) updates made at the end of each epoch
    validation: Mapping[str, np.ndarray]  # loss -> (E,)


def training_chart(curves: Sequence[Curve], look: Look) -> dict[str, Any]:
    """One panel for each loss of the first curve, all under one pointer; colours tell the groups
    apart.

    One run alone has a colour for training and one for validation. Runs of a group are drawn as
    their mean in a band from the lowest to the highest.
    """
    losses = in_order(list(curves[0].train)) if curves else []
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
        floors = (look.floors or {}).get(loss, {})
        series += [floor_line(name, value, panel, floors) for name, value in floors.items()]
        axes.append(y_axis(panel, drawn, floors, look))
    return {
        "animation": False,
        "title": [title(loss, panel, len(losses)) for panel, loss in enumerate(losses)],
        "legend": legend(series),
        "grid": [grid(panel, len(losses)) for panel in range(len(losses))],
        "xAxis": [x_axis(panel, len(losses), look) for panel in range(len(losses))],
        "yAxis": axes,
        "tooltip": {"trigger": "axis", "valueFormatter": "%.3f", "confine": True},
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
        "data": np.column_stack([np.round(x, 3), np.round(y, 6)]).tolist(),
        "showSymbol": False,
        "lineStyle": {"width": width, "opacity": opacity, "type": dash, "color": colour},
        "itemStyle": {"color": colour},
        **more,
    }


def floor_line(name: str, value: float, panel: int, floors: Mapping[str, float]) -> dict[str, Any]:
    """A line across, named in the first panel only."""
    side = "Bottom" if value == min(floors.values()) else "Top"
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
            "data": [{"name": name, "yAxis": round(value, 1 if abs(value) >= 10 else 3)}],
        },
    }
