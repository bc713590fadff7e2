"""Point clouds to register: drawn shapes, and pairs whose true answer is known.

Shapes are about two units across. K points, D axes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genlab.registration.transforms import Transform

Shape = Callable[[int, np.random.Generator], np.ndarray]  # (count, rng) -> (count, D)

# Strokes of letters as corner points, in a box from (-1, -1) to (1, 1).
STROKES = {
    "L": [[(-0.6, 1), (-0.6, -1), (0.7, -1)]],
    "A": [[(-0.8, -1), (0, 1), (0.8, -1)], [(-0.45, -0.15), (0.45, -0.15)]],
    "E": [[(0.7, 1), (-0.6, 1), (-0.6, -1), (0.7, -1)], [(-0.6, 0), (0.5, 0)]],
    "M": [[(-0.9, -1), (-0.8, 1), (0, -0.3), (0.8, 1), (0.9, -1)]],
    "R": [[(-0.6, -1), (-0.6, 1), (0.3, 1), (0.6, 0.75), (0.6, 0.3), (0.3, 0.05), (-0.6, 0.05)],
          [(0, 0.05), (0.7, -1)]],
}  # fmt: skip


def letter(name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 2) points spread evenly along the strokes of a letter, in random order."""
    ends = [pair for stroke in STROKES[name] for pair in pairwise(stroke)]
    starts, stops = np.array(ends, float).transpose(1, 0, 2)
    reach = np.concatenate([[0], np.linalg.norm(stops - starts, axis=1).cumsum()])
    at = (rng.permutation(count) + 0.5) / count * reach[-1]
    piece = np.clip(np.searchsorted(reach, at, side="right") - 1, 0, len(starts) - 1)
    along = (at - reach[piece]) / (reach[piece + 1] - reach[piece])
    return starts[piece] + along[:, None] * (stops - starts)[piece]


def spiral(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 2): two turns, from the middle outwards."""
    turn = np.sqrt(rng.permutation(count) + 0.5) / np.sqrt(count)
    angle = 4 * np.pi * turn
    return turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def fish(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 2): one closed line with a body and a tail."""
    t = 2 * np.pi * (rng.permutation(count) + 0.5) / count
    x = np.cos(t) - np.sin(t) ** 2 / np.sqrt(2)
    return np.stack([x, np.cos(t) * np.sin(t)], axis=1)


def knot(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3): the trefoil knot, a line in space."""
    t = 2 * np.pi * (rng.permutation(count) + 0.5) / count
    x, y = np.sin(t) + 2 * np.sin(2 * t), np.cos(t) - 2 * np.cos(2 * t)
    return np.stack([x, y, -np.sin(3 * t)], axis=1) / 3


def star(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3): the surface of a ball with five unequal arms, no two views alike."""
    z, angle = rng.uniform(-1, 1, count), rng.uniform(0, 2 * np.pi, count)
    ring = np.sqrt(1 - z**2)
    radius = 0.7 + 0.3 * ring**3 * np.cos(5 * angle) + 0.15 * z * ring * np.cos(angle - 0.5)
    return radius[:, None] * np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)


def named_letter(name: str) -> Shape:
    return lambda count, rng: letter(name, count, rng)


SHAPES: dict[str, Shape] = {
    **{name: named_letter(name) for name in STROKES},
    "spiral": spiral,
    "fish": fish,
    "knot": knot,
    "star": star,
}


@dataclass(frozen=True, eq=False)
class Planted:
    """Two clouds and the answer. Indices are -1 where a point has no partner."""

    source: np.ndarray  # (M, D)
    target: np.ndarray  # (N, D)
    truth: Transform  # from source to target
    partner: np.ndarray  # (M,) int, which target point is this source point's image


def planted(
    shape: Shape,
    count: int,
    truth: Transform,
    *,
    noise: float = 0.0,
    outliers: float = 0.0,
    missing: float = 0.0,
    shuffle: bool = True,
    seed: int = 0,
) -> Planted:
    """A cloud and its moved, spoilt copy.

    Args:
        noise: standard deviation added to every coordinate of the target.
        outliers: stray points added to the target, as a share of count, evenly over its box.
        missing: share of the points that the target lacks: those furthest to one random side.
    """
    rng = np.random.default_rng(seed)
    source = shape(count, rng)
    image = truth.apply(source)
    direction = rng.normal(size=source.shape[1])
    kept = np.argsort(image @ direction)[round(missing * count) :]
    target = image[kept] + noise * rng.normal(size=(len(kept), source.shape[1]))
    low, high = image.min(axis=0), image.max(axis=0)
    strays = rng.uniform(low, high, (round(outliers * count), source.shape[1]))
    target = np.concatenate([target, strays])
    order = rng.permutation(len(target)) if shuffle else np.arange(len(target))
    places = np.argsort(order)  # where each target point went
    partner = np.full(count, -1)
    partner[kept] = places[: len(kept)]
    return Planted(source, target[order], truth, partner)
