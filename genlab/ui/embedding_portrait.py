"""The portrait of a Siamese network: the same images before it and after it, as two maps. Without
torch where the run brings its embeddings or a film. Shapes: N images of H x W pixels."""

from typing import Literal, NamedTuple

import numpy as np

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.siamese_view import (
    OTHERS,
    film_places,
    map_classes,
    pixels_of,
    plane_of,
    points_of,
    shown,
)
from genlab.runs.film import has_film, load_film
from genlab.runs.folder import Run, saved_arrays
from genlab.ui.scatter import Size, scatter
from genlab.ui.siamese_arrays import film_rows
from genlab.ui.siamese_state import missing_images

SMALL = Size(width=540, height=290, dot=4)
LARGE = Size(width=680, height=480, dot=3, tile=56)
GAP = 40  # pixels between the two maps
OF_IMAGES = (
    "Left: the test images of {data} by the principal components of their pixels. Right: the same "
    "images where the network puts them{by}. A point each, in the colour of its class; beside the "
    "points of a class stands one image of it."
)
OF_FILM = (
    "Held-out images of {data} where the network puts them: left before the first update, right "
    "after the last. A point each, in the colour of its class."
)


class Map(NamedTuple):
    points: np.ndarray  # (N, 2) float32
    labels: np.ndarray  # (N,)
    classes: tuple[str, ...]


def source_of(run: Run) -> Literal["images", "film", "nothing"]:
    """What the maps are made of. Embeddings that are not kept are computed, which loads torch, only
    where there is no film; without images they mean nothing."""
    kept = "test" in saved_arrays(run, "embeddings")
    if (kept or not has_film(run)) and not missing_images(run.dataset):
        return "images"
    return "film" if has_film(run) else "nothing"


def small_embedding(run: Run) -> np.ndarray | None:
    """Where the network puts images, (H, W, 4) uint8; None where there is nothing to make it of.

    Raises:
        GenLabError: the film cannot be read, or the run cannot embed the images.
    """
    source = source_of(run)
    if source == "nothing":
        return None
    return drawn(map_after(run) if source == "images" else maps_of_film(run)[1], SMALL, {})


def large_embedding(run: Run) -> np.ndarray | None:
    """The same beside a map from before the network, with pictures; result and errors as there."""
    source = source_of(run)
    if source == "nothing":
        return None
    if source == "images":
        after = map_after(run)
        before = after._replace(points=flat(pixels_of(run.dataset, "test")))
        pictures = shown(run.dataset, "test").images
    else:
        before, after = maps_of_film(run)
        pictures = film_pictures(run)
    tiles = {}
    if pictures is not None:
        groups, _ = map_classes(after.labels, after.classes)
        tiles = {k: pictures[row] for k, row in middle_rows(after.points, groups).items()}
    left, right = drawn(before, LARGE, tiles), drawn(after, LARGE, tiles)
    return np.hstack([left, np.zeros((len(left), GAP, 4), np.uint8), right])


def embedding_caption(run: Run, data: str) -> str:
    """What `large_embedding` shows; data: the images' name."""
    if source_of(run) == "film":
        return OF_FILM.format(data=data)
    E = run.config["model"].get("embedding_dim")
    wide = isinstance(E, int) and E > 2
    by = f", by the principal components of its {E} numbers" if wide else ""
    return OF_IMAGES.format(data=data, by=by)


def map_after(run: Run) -> Map:
    some = shown(run.dataset, "test")
    return Map(flat(points_of(run, "test")), some.labels, some.classes)


def flat(points: np.ndarray) -> np.ndarray:
    """(N, E) to (N, 2), on the points' own principal components where E is more than 2."""
    return plane_of(points).place(points)


def maps_of_film(run: Run) -> tuple[Map, Map]:
    """Its first frame and its last."""
    film = load_film(run)
    places = film_places(film)
    labels = film.fixed.get("labels", np.empty(0)).astype(np.int64).ravel()
    if len(labels) != places.shape[1]:
        raise GenLabError("This film does not say what its images are; train the run again.")
    return Map(places[0], labels, ()), Map(places[-1], labels, ())


def film_pictures(run: Run) -> np.ndarray | None:
    """(N, H, W) uint8; None where some are not on this machine."""
    if missing_images(run.dataset):
        return None
    train = load_split(run.dataset, "train")
    rows = film_rows(load_film(run), train)
    return train.images[rows] if (rows >= 0).all() else None


def drawn(seen: Map, size: Size, tiles: dict[int, np.ndarray]) -> np.ndarray:
    groups, names = map_classes(seen.labels, seen.classes)
    others = len(names) - 1 if names[-1:] == (OTHERS,) else -1
    named = {group: picture for group, picture in tiles.items() if group != others}
    order = np.argsort(groups != others, kind="stable")  # the others lie below those with a name
    return scatter(seen.points[order], groups[order], size, named, faint=others)


def middle_rows(points: np.ndarray, groups: np.ndarray) -> dict[int, int]:
    """The row of each group's point that is nearest to the group's middle."""
    found = {}
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        away = np.linalg.norm(points[rows] - np.median(points[rows], axis=0), axis=1)
        found[int(group)] = int(rows[away.argmin()])
    return found
