"""The third tab of the Siamese page: embeddings as linked maps, beside the raw pixels or another
run."""

import base64
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from genlab.errors import GenLabError
from genlab.explore.selection import read_selection
from genlab.explore.siamese_view import RAW, map_classes, shown
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.folder import Run
from genlab.ui.components import mount
from genlab.ui.linked_maps import HEIGHT, read_choice
from genlab.ui.maps_view import MapsView
from genlab.ui.siamese_arrays import COLUMNS
from genlab.ui.siamese_state import SiameseState, held_run
from genlab.ui.siamese_urls import images_url, map_url, raw_map_url
from genlab.ui.siamese_view import PairsView

SPLIT_WORDS = {"test": "Test", "train": "Training"}


def show_maps(state: SiameseState, runs: Sequence[Run]) -> None:
    cells = st.columns([3, 2.5, 2.5], vertical_alignment="bottom")
    left, right = choose(state, runs, cells)
    view, some = state.view, shown(state.dataset, state.view.images)
    _, classes = map_classes(some.labels, some.classes)
    seen, chosen = as_maps(view), readable_choice(view.sel, len(some.labels))
    split = view.images
    data = {
        "classes": list(classes),
        "palette": list(CLASS_COLOURS[: len(classes)]),
        "sprite": {
            "url": images_url(state.dataset, split, "png"),
            "columns": COLUMNS,
            "tile": max(some.images.shape[1:]),
        },
        "labels_url": images_url(state.dataset, split, "bin"),
        "maps": [
            map_data("a", left, state.dataset, split) | {"camera": seen.left_zoom},
            map_data("b", right, state.dataset, split) | {"camera": seen.right_zoom},
        ],
        "selection": as_bits(chosen) if chosen.any() else None,
        "selection_version": state.version,
        "hidden": [label for label in seen.hidden if label < len(classes)],
        "height": HEIGHT,
    }
    result = mount("linked_maps", data=data, key="siamese.maps", outputs=("choice", "stop"))
    told = read_choice(result.choice, seen, len(some.labels), state.version)
    state.view = replace(
        view,
        sel=told.chosen,
        hide=told.hidden,
        left_zoom=told.left_zoom,
        right_zoom=told.right_zoom,
    )


def as_maps(view: PairsView) -> MapsView:
    """What the linked maps call the part of the view that is theirs."""
    return MapsView(
        left="", left_map="", right="", right_map="",
        chosen=view.sel, hidden=view.hide, left_zoom=view.left_zoom, right_zoom=view.right_zoom,
    )  # fmt: skip


def readable_choice(text: str, count: int) -> np.ndarray:
    """The images that a link has chosen, (N,) bool; none where it is of other images."""
    try:
        return read_selection(text, count)
    except GenLabError:
        return np.zeros(count, bool)


def as_bits(chosen: np.ndarray) -> str:
    return base64.b64encode(np.packbits(chosen, bitorder="little").tobytes()).decode()


def choose(state: SiameseState, runs: Sequence[Run], cells: list) -> tuple[Run, Run | None]:
    """The widgets above the maps: which images, and what stands beside which run."""
    view, names = state.view, [run.name for run in runs]
    keys = {name: f"siamese.map_{name}.{state.version}" for name in ("images", "held", "other")}
    images = cells[0].segmented_control(
        "Images",
        list(SPLIT_WORDS),
        default=view.images,
        format_func=SPLIT_WORDS.get,
        key=keys["images"],
        required=True,
    )
    held = names.index(held_run(state, runs).name)
    left = cells[1].selectbox("Left", names, index=held, key=keys["held"])
    others = [RAW, *(name for name in names if name != left)]
    place = others.index(view.other) if view.other in others else 0
    if not view.other and len(others) > 1:
        place = 1
    right = cells[2].selectbox("Right", others, index=place, key=keys["other"])
    by_name = {run.name: run for run in runs}
    state.view = chosen_view(view, images, left, right, names)
    return by_name[left], by_name.get(right)


def chosen_view(view: PairsView, images: str, left: str, right: str, names: list[str]) -> PairsView:
    """The view with what the widgets say; other images begin with no detail."""
    fresh = {"sel": "", "left_zoom": None, "right_zoom": None, "hide": ()}
    if images == view.images:
        fresh = {}
    held = "" if left == names[0] else left
    return replace(view, images=images, held=held, other=right, **fresh)


def map_data(place: str, run: Run | None, dataset: str, split: str) -> dict:
    """run: None for the raw pixels."""
    flat = run is not None and run.config["model"].get("embedding_dim") in (1, 2)
    subtitle = "the embedding itself" if flat else "two principal components"
    return {
        "id": place,
        "title": RAW if run is None else run.name,
        "subtitle": subtitle,
        "coords_url": raw_map_url(dataset, split) if run is None else map_url(run, split),
        "live_url": None,
        "decoder_url": None,
        "latents_url": None,
        "conditional": False,
        "latent_dim": 2,
    }


def maps_script(names: Sequence[str], dataset: str, view: PairsView) -> str:
    """A script of genlab calls; it leaves `left` and `right` (N, 2), `chosen` (N,) bool and the
    Plotly `figure`."""
    held = view.held if view.held in names else names[0]
    beside = view.other if view.other in names and view.other != held else RAW
    right = f'map_of(find_run("{beside}"), "{view.images}")'
    if beside == RAW:
        right = f'raw_map("{dataset}", "{view.images}")  # of the pixels'
    return "\n".join(
        [
            "from genlab.explore.selection import read_selection",
            "from genlab.explore.siamese_view import map_classes, map_of, raw_map, shown",
            "from genlab.plots.maps import paired_maps",
            "from genlab.runs.folder import find_run",
            "",
            f'some = shown("{dataset}", "{view.images}")',
            "groups, classes = map_classes(some.labels, some.classes)",
            f'left = map_of(find_run("{held}"), "{view.images}")  # (N, 2)',
            f"right = {right}",
            f'chosen = read_selection("{view.sel}", len(groups))  # (N,) bool',
            "figure = paired_maps(",
            f'    left, right, groups, classes, titles=("{held}", "{beside}"),',
            f"    chosen=chosen, hidden={view.hide},",
            ")",
            'figure.write_html("maps.html")',
        ]
    )
