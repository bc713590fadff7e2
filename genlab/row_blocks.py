"""Rows of one computation, shared out among threads of this process.

For kernels that let go of the GIL. The threads are Python's own, not those of numba's parallel
loops: numba's fallback layer aborts the process when two threads enter it at once, and OpenMP's
spin at every barrier, which on busy cores costs more than the second thread gains.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import numpy as np

BLOCKS_PER_THREAD = 4  # a thread that was held up leaves its other blocks to the others


def usable_cores() -> int:
    """The cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def helpers() -> ThreadPoolExecutor:
    """Threads that all computations share, one less than there are cores."""
    return ThreadPoolExecutor(max(usable_cores() - 1, 1), thread_name_prefix="row-blocks")


def in_blocks(work: Callable[[int, int], None], rows: int, threads: int | None = None) -> None:
    """Call work(lo, hi) for blocks that cover range(rows), on this thread and on free helpers.

    A helper that has not begun by the time this thread runs out of blocks is not waited for, so
    computations that run at once share the cores and never wait for one another.

    Args:
        threads: at most so many, this one among them; None for one a core.
    """
    threads = threads or usable_cores()
    if threads == 1 or rows < 2:
        work(0, rows)
        return
    edges = np.unique(np.linspace(0, rows, threads * BLOCKS_PER_THREAD + 1).astype(int)).tolist()
    blocks = iter(list(pairwise(edges)))

    def take() -> None:
        for lo, hi in blocks:
            work(lo, hi)

    helping = [helpers().submit(take) for _ in range(threads - 1)]
    try:
        take()
    finally:
        for helper in helping:
            if not helper.cancel():
                helper.result()
