"""Pictures that ask a Siamese network: where it puts them, how far apart, and which images it puts
next to them. What questions need is kept between them.

Torch is loaded where pictures are embedded, and only there.
Shapes: N images, H x W pixels, E embedding, Q pictures that ask.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genlab.data.images import ImageSplit, load_split, stamp
from genlab.explore.neighbours import Points
from genlab.explore.siamese import embed, pair_distances
from genlab.explore.siamese_view import pixels_of, points_of
from genlab.runs.folder import Run, find_run, weights_path

if TYPE_CHECKING:
    from torch import nn


class Neighbours(NamedTuple):
    index: np.ndarray  # (Q, count) rows of the split they are among
    distance: np.ndarray  # (Q, count), the nearest first


def neighbours(
    points: np.ndarray | Points, asked: np.ndarray, count: int = 8, leave_out: int | None = None
) -> Neighbours:
    """The exact nearest of points (N, E) to asked (Q, E), but for the row `leave_out`."""
    ready = points if isinstance(points, Points) else Points(points)
    more = min(count + (leave_out is not None), len(ready.points))
    index, distance = ready.nearest(asked, more)
    if leave_out is not None:
        # the asked image itself where it is there, else the last: (Q, count) of (Q, count + 1)
        kept = np.argsort(index == leave_out, axis=1, kind="stable")[:, :count]
        index = np.take_along_axis(index, kept, axis=1)
        distance = np.take_along_axis(distance, kept, axis=1)
    return Neighbours(index, distance)


def ready_points(run: Run, split: str) -> Points:
    """`points_of`, made ready for questions; kept as they are."""
    return _ready(run.name, stamp(weights_path(run)), load_split(run.dataset, split))


@lru_cache(maxsize=8)  # at most 2.6 MB each beside the points
def _ready(name: str, _stamp: tuple[int, int], split: ImageSplit) -> Points:
    return Points(points_of(find_run(name), split.split))


def ready_pixels(dataset: str, split: str) -> Points:
    """`pixels_of`, made ready for questions; kept as they are."""
    return _ready_pixels(load_split(dataset, split))


@lru_cache(maxsize=2)  # 31 MB each beside the pixels, of 10,000 digits
def _ready_pixels(split: ImageSplit) -> Points:
    return Points(pixels_of(split.info.name, split.split))


def embedded(run: Run, images: np.ndarray) -> np.ndarray:
    """Pictures (Q, H, W) uint8 of the run's size to (Q, E) float32; loads torch."""
    return embed(_model(run.name, stamp(weights_path(run))), images)


@lru_cache(maxsize=8)  # at most 2.5 MB each, of 630,000 parameters
def _model(name: str, _stamp: tuple[int, int]) -> "nn.Module":
    from genlab.runs.models import load_model

    return load_model(find_run(name))


def distance_between(run: Run, one: np.ndarray, other: np.ndarray) -> float:
    """How far apart a run puts two pictures (H, W) uint8 of its size; loads torch."""
    return float(pair_distances(embedded(run, np.stack([one, other])), np.array([[0, 1]]))[0])
