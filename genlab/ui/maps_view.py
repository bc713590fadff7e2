"""What the Latent maps page shows, as a value and as a link."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from genlab.data.catalogue import DATASETS
from genlab.explore.maps import METHODS, ready_methods
from genlab.runs.folder import Run

Camera = tuple[float, float, float]  # x and y of its middle in map units, zoom

LIVE = "live"  # the method of a map that is computed while one looks
TITLES = METHODS | {LIVE: "t-SNE, live"}


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """Of a live t-SNE; the bounds of each are in LIMITS."""

    perplexity: float = 30.0
    exaggeration: float = 12.0
    seed: int = 0
    steps: int = 250


LIMITS = {
    "perplexity": (2.0, 200.0),
    "exaggeration": (1.0, 50.0),
    "seed": (0, 9999),
    "steps": (60, 1000),
}


@dataclass(frozen=True, kw_only=True)
class MapsView:
    """What the page shows: two runs and their maps, the choice of images, the hidden classes."""

    left: str
    left_map: str  # one of METHODS, or LIVE
    right: str
    right_map: str
    aligned: bool = True
    live: LiveSettings = LiveSettings()
    chosen: str = ""  # as selection_text writes it
    hidden: tuple[int, ...] = ()
    left_zoom: Camera | None = None  # None shows all points
    right_zoom: Camera | None = None


def first_view(runs: list[Run]) -> MapsView:
    """vae-fashion beside cvae-fashion; else the first run beside another of its dataset."""
    by_name = {run.name: run for run in runs}
    left = by_name.get("vae-fashion", runs[0])
    right = by_name.get("cvae-fashion") if left.name == "vae-fashion" else None
    return view_of(left, right or partner(left, runs))


def view_of(left: Run, right: Run) -> MapsView:
    return MapsView(
        left=left.name,
        left_map=ready_methods(left)[0],
        right=right.name,
        right_map=ready_methods(right)[0],
    )


def partner(left: Run, runs: list[Run]) -> Run:
    """A run of the same images, another one if there is one."""
    same = [run for run in runs if run.dataset == left.dataset]
    return next((run for run in same if run.name != left.name), left)


def read_view(raw: Mapping[str, str], runs: list[Run]) -> MapsView:
    """A view out of a link's parameters; what does not fit is left out."""
    by_name = {run.name: run for run in runs}
    first = first_view(runs)
    left = by_name.get(raw.get("left", first.left), by_name[first.left])
    right = by_name.get(raw.get("right", first.right))
    if right is None or right.dataset != left.dataset:
        right = partner(left, runs)
    view = view_of(left, right)
    if raw.get("left_map") in [*ready_methods(left), LIVE]:
        view = replace(view, left_map=raw["left_map"])
    if raw.get("right_map") in [*ready_methods(right), LIVE]:
        view = replace(view, right_map=raw["right_map"])
    classes = len(DATASETS[left.dataset].classes)
    hidden = {
        int(part) for part in raw.get("hide", "").split("_") if part.isascii() and part.isdigit()
    }
    return replace(
        view,
        aligned=raw.get("align", "1") != "0",
        live=read_settings(raw),
        chosen=raw.get("sel", ""),
        hidden=tuple(sorted(label for label in hidden if label < classes)),
        left_zoom=read_camera(raw.get("left_zoom", "").split("_")),
        right_zoom=read_camera(raw.get("right_zoom", "").split("_")),
    )


def read_camera(parts: Any) -> Camera | None:
    """A camera out of three numbers, given as such or as text; None for anything else."""
    try:
        x, y, zoom = (round(float(part), 3) for part in parts)
    except (TypeError, ValueError, OverflowError):
        return None
    return (x, y, zoom) if abs(x) <= 2 and abs(y) <= 2 and 0.1 <= zoom <= 1000 else None


def read_settings(raw: Mapping[str, Any]) -> LiveSettings:
    """Settings out of numbers or their text; what is not within LIMITS is left out."""
    settings = LiveSettings()
    for name, (low, high) in LIMITS.items():
        try:
            value = float(raw.get(name, "nan"))
        except (TypeError, ValueError):
            continue
        if math.isfinite(value) and low <= value <= high:
            kind = type(getattr(settings, name))
            settings = replace(settings, **{name: kind(value)})
    return settings


def link_of(view: MapsView) -> dict[str, str]:
    """The view as URL parameters; read_view reads them back."""
    link = {name: getattr(view, name) for name in ("left", "left_map", "right", "right_map")}
    if not view.aligned:
        link["align"] = "0"
    fresh = LiveSettings()
    for name in LIMITS:
        if getattr(view.live, name) != getattr(fresh, name):
            link[name] = f"{getattr(view.live, name):g}"
    if view.chosen:
        link["sel"] = view.chosen
    if view.hidden:
        link["hide"] = "_".join(map(str, view.hidden))
    for name in ("left_zoom", "right_zoom"):
        if getattr(view, name) is not None:
            link[name] = "_".join(f"{number:g}" for number in getattr(view, name))
    return link
