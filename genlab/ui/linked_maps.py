"""The linked maps: what their browser component shows, as a value, a link and a script."""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genlab.data.catalogue import DATASETS
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.maps import METHODS, ready_methods
from genlab.explore.selection import read_selection, selection_text
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.folder import Run
from genlab.ui import live
from genlab.ui.arrays import decoder_url, latents_url, map_coordinates, map_url
from genlab.ui.components import mount

Camera = tuple[float, float, float]  # x and y of its middle in map units, zoom

LIVE = "live"  # the method of a map that is computed while one looks
TITLES = METHODS | {LIVE: "t-SNE, live"}
HEIGHT = 480  # of each map, CSS pixels


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


# The first view, and the view of a link


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


# The component


def linked_maps(
    left: Run, right: Run, view: MapsView, films: Mapping[str, str], *, version: int, key: str
) -> Any:
    """Show both maps; the result has `choice` (see read_choice) and `stop`, "a" or "b" or None.

    Args:
        films: the live t-SNE of each map whose method is LIVE, by "a" (left) and "b" (right).
        version: a new number makes the browser take over the view's choice and hidden classes.
    """
    info = DATASETS[left.dataset]
    count = len(load_split(left.dataset, "test").labels)
    chosen = read_selection(view.chosen, count)
    bits = np.packbits(chosen, bitorder="little").tobytes()
    saved = LIVE not in (view.left_map, view.right_map)
    onto = (left, view.left_map) if view.aligned and saved else None
    data = {
        "classes": list(info.classes),
        "palette": list(CLASS_COLOURS),
        "sprite": {"url": f"genlab/sprite/{info.name}.png", "columns": 100, "tile": 28},
        "labels_url": f"genlab/labels/{info.name}.bin",
        "maps": [
            map_data("a", left, view.left_map, films.get("a")) | {"camera": view.left_zoom},
            map_data("b", right, view.right_map, films.get("b"), onto)
            | {"camera": view.right_zoom},
        ],
        "selection": base64.b64encode(bits).decode() if chosen.any() else None,
        "selection_version": version,
        "hidden": list(view.hidden),
        "height": HEIGHT,
    }
    return mount("linked_maps", data=data, key=key, outputs=("choice", "stop"))


def map_data(
    place: str, run: Run, method: str, film: str | None, onto: tuple[Run, str] | None = None
) -> dict[str, Any]:
    aligned = ", aligned to the left map" if onto else ""
    return {
        "id": place,
        "title": run.name,
        "subtitle": TITLES[method] + aligned,
        "coords_url": map_url(run, "pca" if method == LIVE else method, onto),
        "live_url": film and f"genlab/live/{film}.bin",
        "decoder_url": decoder_url(run),
        "latents_url": latents_url(run),
        "conditional": run.conditional,
        "latent_dim": run.latent_dim,
    }


def read_choice(choice: Any, view: MapsView, count: int, version: int) -> MapsView:
    """The view with what the browser last chose; its message is not trusted to be well formed.

    choice: {"version", "selection": base64 bitset of `count` bits or None, "hidden": class ids,
    "cameras": [x, y, zoom] or None for each map}.
    A message about an older version is left out.
    """
    if not isinstance(choice, Mapping) or choice.get("version") != version:
        return view
    bits, hidden = choice.get("selection"), choice.get("hidden")
    try:
        packed = np.zeros((count + 7) // 8, np.uint8)
        if bits is not None:
            packed[:] = np.frombuffer(base64.b64decode(bits, validate=True), np.uint8)
        chosen = np.unpackbits(packed, bitorder="little", count=count).astype(bool)
        hidden = tuple(sorted({int(label) for label in hidden}))
        left_zoom, right_zoom = map(read_camera, choice.get("cameras") or (None, None))
    except (TypeError, ValueError) as error:
        raise GenLabError("The browser's choice cannot be read; reload the page.") from error
    return replace(
        view,
        chosen=selection_text(chosen),
        hidden=hidden,
        left_zoom=left_zoom,
        right_zoom=right_zoom,
    )


def chosen_images(view: MapsView, labels: np.ndarray) -> np.ndarray:
    """Which images are chosen and not hidden, (N,) bool, as the browser counts them."""
    return read_selection(view.chosen, len(labels)) & ~np.isin(labels, view.hidden)


# Coordinates, a table of them, and the script


def coordinates(
    left: Run, right: Run, view: MapsView, films: Mapping[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """Both maps as shown now, (N, 2) float32 each.

    Raises:
        GenLabError: a live map has no coordinates yet.
    """
    saved = LIVE not in (view.left_map, view.right_map)
    onto = f"{left.name}:{view.left_map}" if view.aligned and saved else None
    return (
        film_or_map(left, view.left_map, films.get("a")),
        film_or_map(right, view.right_map, films.get("b"), onto),
    )


def film_or_map(run: Run, method: str, film: str | None, onto: str | None = None) -> np.ndarray:
    if film is None:
        return map_coordinates(run, method, onto)
    now = live.find_film(film).coordinates
    if now is None:
        raise GenLabError(f"The live t-SNE of {run.name} has not begun; wait a moment.")
    return now


def csv_writer(
    left: Run, right: Run, view: MapsView, films: Mapping[str, str]
) -> Callable[[], str]:
    """A function that writes the table of the view: one row for each image."""

    def write() -> str:
        test = load_split(left.dataset, "test")
        chosen = chosen_images(view, test.labels)
        columns = np.hstack(coordinates(left, right, view, films))  # (N, 4)
        lines = ["index,class,left_x,left_y,right_x,right_y,selected"]
        for index, (label, row) in enumerate(zip(test.labels, columns, strict=True)):
            numbers = ",".join(f"{value:.6g}" for value in row)
            lines.append(f'{index},"{test.info.classes[label]}",{numbers},{int(chosen[index])}')
        return "\n".join(lines) + "\n"

    return write


def maps_script(view: MapsView, dataset: str) -> str:
    """A script of genlab calls that gives the same view.

    It leaves `left_map` and `right_map` (N, 2), `chosen` (N,) bool and the Plotly `figure`.
    """
    live_maps = LIVE in (view.left_map, view.right_map)
    aligned = view.aligned and not live_maps
    saved = not (view.left_map == view.right_map == LIVE)
    map_names = ["align"] * aligned + ["load_map"] * saved + ["map_scores"]
    lines = [
        "import numpy as np",
        "",
        "from genlab.data.images import load_split",
        *(["from genlab.explore.latent import latent_means"] if live_maps else []),
        f"from genlab.explore.maps import {', '.join(map_names)}",
        "from genlab.explore.selection import read_selection",
        *(["from genlab.explore.tsne import TSNEConfig, tsne"] if live_maps else []),
        "from genlab.plots.maps import paired_maps",
        "from genlab.runs.folder import find_run",
        "",
        f'left, right = find_run("{view.left}"), find_run("{view.right}")',
        f'test = load_split("{dataset}", "test")',
    ]
    if live_maps:
        settings = ", ".join(f"{name}={getattr(view.live, name)}" for name in LIMITS)
        lines.append(f"config = TSNEConfig({settings})")
    lines += script_map("left", view.left_map) + script_map("right", view.right_map)
    if aligned:
        lines.append("right_map = align(right_map, left_map)  # Procrustes")
    hidden = f", hidden={view.hidden}" if view.hidden else ""
    lines += [
        f'chosen = read_selection("{view.chosen}", len(test.labels))  # (N,) bool',
        "",
        "print(map_scores(test.labels, left_map), map_scores(test.labels, right_map))",
        "print(dict(zip(test.info.classes, np.bincount(test.labels[chosen], minlength=10))))",
        "figure = paired_maps(",
        "    left_map, right_map, test.labels, test.info.classes,",
        f"    titles=(left.name, right.name), chosen=chosen{hidden},",
        ")",
        'figure.write_html("maps.html")',
    ]
    return "\n".join(lines)


def script_map(side: str, method: str) -> list[str]:
    if method == LIVE:
        return [
            f"*_, last = tsne(latent_means({side}), config)",
            f"{side}_map = last.embedding",
        ]
    return [f'{side}_map = load_map({side}, "{method}")']
