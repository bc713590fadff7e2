"""The linked maps: the browser component that shows two maps of the same images."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from genlab.data.catalogue import DATASETS
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.selection import read_selection, selection_text
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.folder import Run
from genlab.ui.arrays import decoder_url, latents_url, map_url
from genlab.ui.components import mount
from genlab.ui.maps_view import LIVE, TITLES, MapsView, read_camera

HEIGHT = 480  # of each map, CSS pixels


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
