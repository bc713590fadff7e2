"""Points of a plane as a small picture: a dot each, in the colour of its class, and pictures of the
classes beside their dots. Shapes: N points, K classes, S the side of a square picture in pixels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageColor

from genlab.plots.palette import CLASS_COLOURS

FINER = 2  # drawn so many times larger, then reduced: smooth edges
MANY = 3000  # points from which on the dots are small
FRAME = 4  # pixels of a tile's frame
EDGE = 10  # pixels round the points
FAINT = 90  # of 255
STEP = 4  # pixels, of those drawn, from one place for a tile to the next
WIDEST = 99.0  # per cent of the points along an axis that the picture has room for
COLOURS = np.array([(*ImageColor.getrgb(colour), 255) for colour in CLASS_COLOURS], np.uint8)


class Size(NamedTuple):
    width: int  # pixels
    height: int
    dot: int  # pixels of a dot's side where there are many
    tile: int = 0  # S of a picture of a class, its frame included; 0 for none


def scatter(
    points: np.ndarray,
    groups: np.ndarray,
    size: Size,
    tiles: Mapping[int, np.ndarray] = MappingProxyType({}),
    *,
    faint: int = -1,
) -> np.ndarray:
    """A picture of points on a transparent ground, (height, width, 4) uint8.

    Args:
        points: (N, 2), to one scale along both axes; the second goes up.
        groups: (N,) whole numbers from 0; a later point covers an earlier one.
        tiles: group -> its picture, (H, W) uint8, which is put close to the group's middle where
            it covers the fewest dots.
        faint: a group whose dots are half transparent.
    """
    W, H = FINER * size.width, FINER * size.height
    spots = places(points, W, H, margin=FINER * (size.tile // 2 + EDGE))
    canvas = np.zeros((H, W, 4), np.uint8)
    colours = COLOURS[groups % len(COLOURS)]
    colours[groups == faint, 3] = FAINT
    draw_dots(canvas, spots, colours, FINER * dot_side(size, len(points)))
    side, dots = FINER * size.tile, canvas[..., 3] > 0
    corners: list[np.ndarray] = []
    for group, picture in tiles.items():
        corners.append(free_corner(dots, spots[groups == group], side, corners))
        draw_tile(canvas, corners[-1], picture, COLOURS[group % len(COLOURS)], side)
    small = Image.fromarray(canvas).resize((size.width, size.height), Image.Resampling.LANCZOS)
    return np.asarray(small)


def places(points: np.ndarray, width: int, height: int, margin: int) -> np.ndarray:
    """(N, 2) columns and rows of points in a picture, most of them inside its margin."""
    rest = (100.0 - WIDEST) / 2.0
    low, high = np.percentile(points, [rest, 100.0 - rest], axis=0)
    room = np.array([width - 2 * margin, height - 2 * margin])
    scale = (room / np.maximum(high - low, 1e-9)).min()
    return (points - (low + high) / 2.0) * [scale, -scale] + np.array([width, height]) / 2.0


def dot_side(size: Size, count: int) -> int:
    return size.dot if count > MANY else 2 * size.dot


def draw_dots(canvas: np.ndarray, spots: np.ndarray, colours: np.ndarray, side: int) -> None:
    """Dots of side x side pixels, their corners cut off; what is outside is left out."""
    H, W, _ = canvas.shape
    for dx, dy in np.ndindex(side, side):
        away = np.array([dx, dy]) - (side - 1) / 2.0
        if np.hypot(*away) > 0.55 * side:
            continue
        x, y = np.floor(spots + away).astype(int).T
        seen = (x >= 0) & (x < W) & (y >= 0) & (y < H)
        canvas[y[seen], x[seen]] = colours[seen]


def free_corner(
    dots: np.ndarray, own: np.ndarray, side: int, taken: list[np.ndarray]
) -> np.ndarray:
    """The upper left corner, column and row, of a square for a tile: near to the middle of its
    group, where it hides few dots, of the group above all; over no other tile while there is room.

    dots: (H, W) bool; own: (n, 2), where the group's dots are; taken: corners of other tiles.
    """
    H, W = dots.shape
    edges = [np.arange(0, length + 1, STEP) for length in (H, W)]
    hidden = window_sums(np.histogram2d(*own.T[::-1], bins=edges)[0], side // STEP) / len(own)
    cells = dots[: H // STEP * STEP, : W // STEP * STEP].reshape(H // STEP, STEP, W // STEP, STEP)
    covered = window_sums(cells.mean(axis=(1, 3)), side // STEP) / (side // STEP) ** 2
    y, x = (STEP * index for index in np.indices(covered.shape))
    middle = np.median(own, axis=0)
    away = np.hypot(x + side / 2 - middle[0], y + side / 2 - middle[1]) / side
    cost = hidden + covered + 0.25 * away
    for corner in taken:
        cost[(abs(x - corner[0]) < side) & (abs(y - corner[1]) < side)] += 100.0
    best = np.unravel_index(cost.argmin(), cost.shape)
    return np.array([x[best], y[best]])


def window_sums(values: np.ndarray, side: int) -> np.ndarray:
    """The sum of each square of side x side values (H, W): (H - side + 1, W - side + 1)."""
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]


def draw_tile(
    canvas: np.ndarray, corner: np.ndarray, picture: np.ndarray, colour: np.ndarray, side: int
) -> None:
    """A grey picture (H, W) in a coloured frame, as a square of side x side pixels."""
    x, y = corner
    frame = FINER * FRAME
    inner = side - 2 * frame
    shrink = inner / max(picture.shape)
    H, W = (max(1, round(shrink * length)) for length in picture.shape)
    grey = Image.fromarray(picture).resize((W, H), Image.Resampling.LANCZOS)
    square = Image.new("L", (inner, inner))
    square.paste(grey, ((inner - W) // 2, (inner - H) // 2))
    canvas[y : y + side, x : x + side] = colour
    canvas[y + frame : y + side - frame, x + frame : x + side - frame, :3] = np.asarray(square)[
        ..., None
    ]
