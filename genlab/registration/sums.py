"""One E step's sums by the kernels, shared out among threads.

Shapes: K data points, C centres; columns are (3, K) or (3, C) float32 as the kernels want them.
"""

import threading
from typing import NamedTuple

import numpy as np

from genlab.registration.blocks import Near, match_near_centres, match_near_data
from genlab.registration.kernels import LANES, NOWHERE, match_centres, match_data
from genlab.row_blocks import in_blocks, usable_cores

WORTH_THREADS = 500_000  # pairs; below, a second thread comes too late


class Sums(NamedTuple):
    """Per data point where rows sum to 1, per centre where columns do; in kernel units."""

    weight: np.ndarray  # (K or C,) sums of r
    offset: np.ndarray  # (K or C, 3) sums of r (centre - data), or of r data
    spread: np.ndarray  # (K,) sums of r d^2
    log_sum: np.ndarray  # (K,) nan where the point was left out as a stray


class Rooms:
    """Totals (4, C) that each thread adds to on its own."""

    def __init__(self, centres: int) -> None:
        self.centres, self.by_thread = centres, {}

    def mine(self) -> np.ndarray:
        thread = threading.get_ident()
        if thread not in self.by_thread:
            self.by_thread[thread] = np.zeros((4, self.centres))
        return self.by_thread[thread]

    def total(self) -> np.ndarray:
        first, *others = self.by_thread.values()
        for other in others:
            first += other
        return first


def data_sums(data, centres, sharpness, background: float) -> Sums:
    """Rows sum to 1; all pairs. offset is sum_c r (centre - data)."""
    K, (x, y, z) = data.shape[1], filled_up(centres)
    sums, log_sum = np.empty((K, 5)), np.empty(K)

    def work(lo: int, hi: int) -> None:
        match_data(data, x, y, z, sharpness, background, 0.0, sums, log_sum, lo, hi)

    in_blocks(work, K, threads_for(K * x.size))
    return Sums(sums[:, 0], sums[:, 1:4], sums[:, 4], log_sum)


def centre_sums(data, centres, sharpness, background: float) -> Sums:
    """Columns sum to 1; all pairs. offset is sum_k r data."""
    K, (x, y, z) = data.shape[1], filled_up(centres)
    spread, log_sum, rooms = np.empty(K), np.empty(K), Rooms(x.size)

    def work(lo: int, hi: int) -> None:
        rows, shares = np.zeros((4, x.size), np.float32), np.zeros((4, x.size), np.float32)
        match_centres(
            data, x, y, z, sharpness, background, 0.0,
            rows, shares, rooms.mine(), spread, log_sum, lo, hi,
        )  # fmt: skip

    in_blocks(work, K, threads_for(K * x.size))
    totals = rooms.total()[:, : centres.shape[1]]
    return Sums(totals[0], totals[1:].T, spread, log_sum)


def near_data_sums(data, centres, near: Near, sharpness, background: float, need: float) -> Sums:
    """`data_sums` over near blocks; strays, whose total is below need, are left out."""
    K = data.shape[1]
    sums, log_sum = np.empty((K, 5)), np.empty(K)

    def work(lo: int, hi: int) -> None:
        match_near_data(
            data, centres, *near.region, sharpness, background, need, sums, log_sum, lo, hi
        )

    in_blocks(work, near.region.data_boxes.low.shape[1], threads_for(near.pairs))
    return Sums(sums[:, 0], sums[:, 1:4], sums[:, 4], log_sum)


def near_centre_sums(data, centres, near: Near, sharpness, background: float, need: float) -> Sums:
    """`centre_sums` over near blocks; strays, whose total is below need, are left out."""
    K, C = data.shape[1], centres.shape[1]
    spread, log_sum, rooms = np.empty(K), np.empty(K), Rooms(C)

    def work(lo: int, hi: int) -> None:
        match_near_centres(
            data, centres, *near.region, sharpness, background, need,
            rooms.mine(), spread, log_sum, lo, hi,
        )  # fmt: skip

    in_blocks(work, near.region.data_boxes.low.shape[1], threads_for(near.pairs))
    totals = rooms.total()
    return Sums(totals[0], totals[1:].T, spread, log_sum)


def filled_up(centres: np.ndarray) -> np.ndarray:
    """(3, C) with centres that are too far to count, up to a multiple of LANES.

    A vectorised loop takes as long for the few that are left over as for hundreds of others.
    """
    C = centres.shape[1]
    full = np.full((3, -(-C // LANES) * LANES), NOWHERE, np.float32)
    full[:, :C] = centres
    return full


def threads_for(pairs: int) -> int:
    return usable_cores() if pairs > WORTH_THREADS else 1
