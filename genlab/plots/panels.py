"""The panels of a chart of losses: where they stand, their axes, titles and legend, as parts of an
option of ECharts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from genlab.runs.families import loss_of

# Where the panels stand: the first loss large and the others stacked beside it; of more than
# MOST_STACKED losses, all in two columns.
LARGE = {"left": "5.5%", "width": "52%", "top": 34, "bottom": 66}
SMALL = {"left": "65%", "width": "33.5%"}
MOST_STACKED = 3
COLUMNS = ({"left": "5.5%", "width": "41%"}, {"left": "55%", "width": "43.5%"})


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the curves are drawn."""

    smoothing: float = 0.6  # weight of the past in the running mean; 0 draws the reports alone
    log: bool = False  # the losses' axis
    by_epoch: bool = False  # else by update
    # loss -> words -> value: lines across its panel that are kept in view
    floors: Mapping[str, Mapping[str, float]] | None = None


class Line(NamedTuple):
    x: np.ndarray  # (n,) updates or epochs
    raw: np.ndarray  # (n,)
    smooth: np.ndarray  # (n,)


def in_view(
    lines: Sequence[Line], floors: Mapping[str, float], look: Look
) -> tuple[float | None, float | None]:
    """From below the lowest line to above the highest; None, None where there is none."""
    values = np.concatenate([*(line.smooth for line in lines), np.array(list(floors.values()))])
    if not len(values):
        return None, None
    low, high = float(values.min()), float(values.max())
    size = max(abs(low), abs(high))
    room = 0.06 * (high - low) if high - low > 1e-6 * size else 0.05 * size or 1.0
    least = 0.9 * low if look.log else min(low - room, 0.0) if low < 0.0 else 0.0
    return tidy(max(low - room, least), np.floor), tidy(high + room, np.ceil)


def tidy(value: float, rounding) -> float:
    """The value to about two digits, so that the axis does not shiver as the curve grows."""
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 1) / 2 if value else 1.0
    return float(round(rounding(value / unit) * unit, 6))


def y_axis(
    panel: int, lines: Sequence[Line], floors: Mapping[str, float], look: Look
) -> dict[str, Any]:
    """The axis of one panel; a log scale takes positive numbers alone."""
    log = look.log and all((line.raw > 0).all() for line in lines)
    log = log and all(value > 0 for value in floors.values())
    low, high = in_view(lines, floors, replace(look, log=log))
    axis = {
        "gridIndex": panel,
        "type": "log" if log else "value",
        "scale": True,
        "axisLabel": {"fontSize": 12, "showMinLabel": False, "showMaxLabel": False},
        "splitNumber": 5 if panel == 0 else 3,
    }
    return axis if low is None else axis | {"min": low, "max": high}


def x_axis(panel: int, panels: int, look: Look) -> dict[str, Any]:
    named = panel >= panels - 2 if panels > MOST_STACKED else panel in (0, panels - 1)
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
    if panels > MOST_STACKED:
        rows, row = -(-panels // 2), panel // 2
        share = 100 / rows
        last = row == rows - 1
        bottom = LARGE["bottom"] if last else f"{100 - share * (row + 1) + 8:g}%"
        return COLUMNS[panel % 2] | {"top": f"{share * row + 10:g}%", "bottom": bottom}
    if panel == 0:
        return LARGE
    share = 100 / (panels - 1)
    below = f"{100 - share * panel + 12:g}%" if panel < panels - 1 else LARGE["bottom"]
    return SMALL | {"top": f"{share * (panel - 1) + 10:g}%", "bottom": below}


def title(loss: str, panel: int, panels: int) -> dict[str, Any]:
    left, top = "5%" if panel == 0 else "64.5%", 0 if panel < 2 else f"{48 * (panel - 1):g}%"
    if panels > MOST_STACKED:
        share = 100 / -(-panels // 2)
        left, top = ("5%", "54.5%")[panel % 2], f"{share * (panel // 2):g}%" if panel > 1 else 0
    return {
        "text": loss_of(loss).name if panel == 0 else loss_of(loss).title,
        "left": left,
        "top": top,
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
