"""The fourth tab of the Siamese page: a picture asks for its nearest images; two are compared."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from genlab.data.catalogue import find_dataset
from genlab.data.images import load_split
from genlab.data.sprite import gallery
from genlab.errors import GenLabError
from genlab.explore.own_pictures import FORMATS, fitted, read_picture
from genlab.explore.siamese_query import distance_between
from genlab.explore.siamese_view import home_of, map_classes, shown
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.folder import Run
from genlab.ui.components import mount
from genlab.ui.hostile import literal
from genlab.ui.siamese_arrays import bench_of
from genlab.ui.siamese_query import wake
from genlab.ui.siamese_state import SiameseState, take_in
from genlab.ui.siamese_urls import images_url, map_url, query_url, stamp_of
from genlab.ui.siamese_view import COLOURS, SPLITS, PairsView

KINDS = [kind.lower() for kind in (*FORMATS, "JPG", "TIF")]
LARGEST = 20_000_000  # bytes of a picture's file


def show_pictures(state: SiameseState, runs: Sequence[Run]) -> None:
    info = find_dataset(state.dataset)
    with st.spinner("Waking the network…"):
        for run in runs:  # so that no question has to wait for torch
            wake(run)
    stage = st.container()
    cells = st.columns(3)
    asking = own_picture(cells[0], "Ask with a picture of yours", "file", info)
    if asking is not None and st.session_state.get("siamese.asking") != digest(asking):
        state.view = replace(state.view, ask="file")
        state.version += 1
    st.session_state["siamese.asking"] = None if asking is None else digest(asking)
    one = own_picture(cells[1], "Compare this picture …", "one", info)
    other = own_picture(cells[2], "… with this one", "other", info)
    if one is not None and other is not None:
        show_comparison(state, runs, one, other)
    with stage:
        show_query(state, runs, asking)


def show_query(state: SiameseState, runs: Sequence[Run], asking: np.ndarray | None) -> None:
    view, dataset = state.view, state.dataset
    data = {
        "runs": [
            {"name": run.name, "colour": colour, "url": query_url(run)}
            for run, colour in zip(runs, COLOURS, strict=False)
        ],
        "planes": {split: plane_data(runs[0], split) for split in SPLITS}
        | {"note": "where the picture falls"},
        "palette": list(CLASS_COLOURS),
        "counts": {"test": len(load_split(dataset, "test").labels)},
        "home": home_of(dataset),
        "draws": not find_dataset(dataset).of_people,
        "file": None if asking is None else base64.b64encode(asking.tobytes()).decode(),
        "view": {"ask": view.ask, "image": view.image, "ink": view.ink, "among": view.among},
        "version": state.version,
    }
    result = mount("siamese_query", data=data, key="siamese.query", outputs=("view",))
    take_in(state, result.view, "ask", "image", "ink", "among")


def plane_data(run: Run, split: str) -> dict[str, Any]:
    some = shown(run.dataset, split)
    return {
        "points": map_url(run, split),
        "labels": images_url(run.dataset, split, "bin"),
        "classes": list(map_classes(some.labels, some.classes)[1]),
    }


def own_picture(cell, words: str, name: str, info) -> np.ndarray | None:
    """A picture that the visitor brings, (H, W) uint8 like the images of the dataset; None before
    there is one, and with one sentence where it is none."""
    upload = cell.file_uploader(words, type=KINDS, key=f"siamese.upload_{name}")
    if upload is None:
        return None
    try:
        if upload.size > LARGEST:
            raise GenLabError(
                f"The file has {upload.size / 1e6:.0f} MB, and {LARGEST // 10**6} are the most; "
                "make the picture smaller."
            )
        return fitted(read_picture(upload.getvalue()), info)
    except GenLabError as error:
        cell.error(literal(str(error)), icon=":material/error:")
        return None


def digest(picture: np.ndarray) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def show_comparison(
    state: SiameseState, runs: Sequence[Run], one: np.ndarray, other: np.ndarray
) -> None:
    """Both pictures as a network sees them, their distance, and its verdict."""
    pictures, figures = st.columns([1, 2], vertical_alignment="center")
    pictures.image(
        gallery(np.stack([one, other]), 2),
        width=2 * 150,
        caption="cut out as the networks see them",
        alt="The two pictures that are compared",
    )
    given = [*state.view.t, *[None] * len(runs)]
    for run, value in zip(runs, given, strict=False):
        threshold = (
            bench_of(run.name, stamp_of(run), "test", 0).threshold if value is None else value
        )
        distance = distance_between(run, one, other)
        verdict = "the same" if distance <= threshold else "different"
        figures.metric(
            f"{run.name}: distance",
            f"{distance:.3f}",
            delta=f"{verdict}: the threshold is {threshold:.3f}",
            delta_color="off",
            delta_arrow="off",
        )


def pictures_script(names: Sequence[str], dataset: str, view: PairsView) -> str:
    """A script of genlab calls; it leaves `picture` (H, W) and `found`, its neighbours."""
    among = f'"{view.among}"' if view.among else f'home_of("{dataset}")'
    asks = {
        "data": [f'picture = load_split("{dataset}", "test").images[{view.image}]'],
        "drawn": [
            f'ink = "{view.ink}"',
            f'picture = fitted(ink_greys(ink), find_dataset("{dataset}"))',
        ],
        "file": [
            'content = open("picture.png", "rb").read()  # a file of yours',
            f'picture = fitted(read_picture(content), find_dataset("{dataset}"))',
        ],
    }
    ask = "data" if view.ask == "drawn" and not view.ink else view.ask
    own = f'{view.image} if among == "test" else None' if ask == "data" else "None"
    return "\n".join(
        [
            "import numpy as np",
            "",
            "from genlab.data.catalogue import find_dataset",
            "from genlab.data.images import load_split",
            "from genlab.explore.own_pictures import fitted, ink_greys, read_picture",
            "from genlab.explore.siamese_query import embedded, neighbours",
            "from genlab.explore.siamese_view import home_of, pixels_of, points_of, shown",
            "from genlab.runs.folder import find_run",
            "",
            f"among = {among}",
            *asks[ask],
            f"own = {own}",
            f'some = shown("{dataset}", among)',
            f'pixels = pixels_of("{dataset}", among)',
            'found = {"raw pixels": neighbours(pixels, picture.reshape(1, -1) / 255, 8, own)}',
            f"for name in {list(names)!r}:".replace("'", '"'),
            "    run = find_run(name)",
            "    point = embedded(run, picture[np.newaxis])  # (1, E)",
            "    found[name] = neighbours(points_of(run, among), point, 8, own)",
            "for name, nearest in found.items():",
            "    classes = [some.classes[some.labels[i]] for i in nearest.index[0]]",
            "    print(name, classes, nearest.distance[0])",
        ]
    )
