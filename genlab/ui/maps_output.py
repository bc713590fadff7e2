"""What is taken away from the Latent maps page: a table of its points, and a script."""

from collections.abc import Callable, Mapping

import numpy as np

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.runs.folder import Run
from genlab.ui import live
from genlab.ui.arrays import map_coordinates
from genlab.ui.linked_maps import chosen_images
from genlab.ui.maps_view import LIMITS, LIVE, MapsView


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
