"""Points in blocks of neighbours, and the E step over blocks that are near one another.

Points are put in the order of a k-d tree, so that BLOCK of them in a row lie close together in a
small box, and GROUP such blocks in a box that is still small. The order stays while the points
move; the boxes are drawn anew. A block of data points visits only the blocks of centres whose box
is within a cutoff of its own.

Shapes: K data points, C centres, B blocks, G groups; boxes are corners low and high (3, B).
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from genlab.registration.exp2 import kernel
from genlab.registration.kernels import LANES, NOWHERE, match_data, share_out

BLOCK = 16  # centres
GROUP = 64  # blocks
DATA = 32  # data points that share a visit


class Boxes(NamedTuple):
    """What encloses each run of some points in a row."""

    low: np.ndarray  # (3, B) float32
    high: np.ndarray  # (3, B) float32

    @staticmethod
    def of(columns: np.ndarray, size: int) -> "Boxes":
        """Boxes of columns (3, N), `size` points in each, fewer in the last."""
        count = -(-columns.shape[1] // size)
        low, high = np.empty((3, count), np.float32), np.empty((3, count), np.float32)
        enclose(columns, size, low, high)
        return Boxes(low, high)


class Region(NamedTuple):
    """Which blocks of centres each block of data points visits."""

    data_boxes: Boxes  # of DATA points each
    boxes: Boxes  # of BLOCK centres each
    groups: Boxes  # of GROUP blocks each
    cutoff: np.float32  # squared distance between boxes


class Near(NamedTuple):
    """A region, and how many pairs of points it holds."""

    region: Region
    pairs: float


def near_region(data: np.ndarray, centres: np.ndarray, cutoff: float) -> Near:
    """The region of data (3, K) and centres (3, C), both in the order of their trees."""
    boxes, groups = Boxes.of(centres, BLOCK), Boxes.of(centres, BLOCK * GROUP)
    rounded = np.float32(cutoff * (1 + 1e-5))  # boxes have the corners' float32 places
    region = Region(Boxes.of(data, DATA), boxes, groups, rounded)
    return Near(region, near_pairs(*region))


def near_tree(points: np.ndarray) -> cKDTree:
    """A tree of points (N, D) whose `indices` put them beside their neighbours."""
    return cKDTree(points, leafsize=BLOCK, compact_nodes=False)


@kernel
def enclose(columns, size, low, high):
    """Fill low and high (3, B) with the corners of each `size` columns of (3, N)."""
    for axis in range(3):
        for b in range(low.shape[1]):
            least = most = columns[axis, b * size]
            for n in range(b * size, min((b + 1) * size, columns.shape[1])):
                least = min(least, columns[axis, n])
                most = max(most, columns[axis, n])
            low[axis, b], high[axis, b] = least, most


@kernel
def apart(low_a, high_a, a, low_b, high_b, b):
    """The squared distance between two boxes; 0 where they touch."""
    squared = np.float32(0)
    for axis in range(3):
        gap = max(low_a[axis, a] - high_b[axis, b], low_b[axis, b] - high_a[axis, a])
        gap = max(gap, np.float32(0))
        squared += gap * gap
    return squared


@kernel
def near_blocks(d, data_boxes, boxes, groups, cutoff, found):
    """Fill found (B,) with the blocks within the squared cutoff of data block d; count them."""
    count = 0
    for g in range(groups.low.shape[1]):
        if apart(data_boxes.low, data_boxes.high, d, groups.low, groups.high, g) > cutoff:
            continue
        for b in range(g * GROUP, min((g + 1) * GROUP, boxes.low.shape[1])):
            if apart(data_boxes.low, data_boxes.high, d, boxes.low, boxes.high, b) <= cutoff:
                found[count] = b
                count += 1
    return count


@kernel
def near_pairs(data_boxes, boxes, groups, cutoff):
    """How many pairs the blocks within the cutoff hold, the last blocks taken as full."""
    found, pairs = np.empty(boxes.low.shape[1], np.int64), 0.0
    for d in range(data_boxes.low.shape[1]):
        pairs += near_blocks(d, data_boxes, boxes, groups, cutoff, found)
    return pairs * BLOCK * DATA


@kernel
def gather(columns, found, count, near):
    """Copy `count` found blocks of columns into near (3, room); return how many columns that fills.

    They are filled up to a multiple of LANES with centres that are too far to count.
    """
    x, y, z = columns[0], columns[1], columns[2]
    near_x, near_y, near_z = near[0], near[1], near[2]
    filled = 0
    for f in range(count):  # plain loops: a slice takes longer to set up than to copy
        start = found[f] * BLOCK
        size = min(BLOCK, x.size - start)
        for n in range(size):
            near_x[filled + n] = x[start + n]
            near_y[filled + n] = y[start + n]
            near_z[filled + n] = z[start + n]
        filled += size
    full = (filled + LANES - 1) // LANES * LANES
    for n in range(filled, full):
        near_x[n] = near_y[n] = near_z[n] = NOWHERE
    return full


@kernel
def match_near_data(
    data, columns, data_boxes, boxes, groups, cutoff, sharpness, background, need,
    sums, log_sum, lo, hi,
):  # fmt: skip
    """`match_data` over near blocks, for data blocks lo to hi."""
    found = np.empty(boxes.low.shape[1], np.int64)
    near = np.empty((3, columns.shape[1] + LANES), np.float32)
    for d in range(lo, hi):
        count = near_blocks(d, data_boxes, boxes, groups, cutoff, found)
        full = gather(columns, found, count, near)
        first, last = d * DATA, min((d + 1) * DATA, data.shape[1])
        match_data(
            data, near[0, :full], near[1, :full], near[2, :full],
            sharpness, background, need, sums, log_sum, first, last,
        )  # fmt: skip


@kernel
def match_near_centres(
    data, columns, data_boxes, boxes, groups, cutoff, sharpness, background, need,
    totals, spread, log_sum, lo, hi,
):  # fmt: skip
    """`match_centres` over near blocks, for data blocks lo to hi. totals is (4, C)."""
    found = np.empty(boxes.low.shape[1], np.int64)
    room = columns.shape[1] + LANES
    near, shares = np.empty((3, room), np.float32), np.zeros((4, room), np.float32)
    rows = np.zeros((4, room), np.float32)
    for d in range(lo, hi):
        count = near_blocks(d, data_boxes, boxes, groups, cutoff, found)
        full = gather(columns, found, count, near)
        first, last = d * DATA, min((d + 1) * DATA, data.shape[1])
        share_out(
            data, near[0, :full], near[1, :full], near[2, :full], sharpness, background, need,
            rows, shares, spread, log_sum, first, last,
        )  # fmt: skip
        for axis in range(4):
            total, share, filled = totals[axis], shares[axis], 0
            for f in range(count):
                start = found[f] * BLOCK
                size = min(BLOCK, total.size - start)
                for n in range(size):
                    total[start + n] += share[filled + n]
                    share[filled + n] = 0
                filled += size
            for n in range(filled, full):
                share[n] = 0
