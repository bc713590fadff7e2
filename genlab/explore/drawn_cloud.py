"""A cloud from a drawing: points within painted cells."""

from collections.abc import Callable

import numpy as np

from genlab.explore.plane_ink import CELLS, read_painting


def drawn_shape(ink: str) -> Callable[[int, np.random.Generator], np.ndarray]:
    """(count, rng) -> (count, 2) points spread over the painted cells, about two units across.

    Raises:
        GenLabError: the drawing is empty or damaged; see `plane_ink`.
    """
    rows, columns = np.nonzero(read_painting(ink))
    corners = np.stack([columns, CELLS - 1 - rows], axis=1)  # the first row is the top

    def shape(count: int, rng: np.random.Generator) -> np.ndarray:
        rounds = -(-count // len(corners))
        order = np.concatenate([rng.permutation(len(corners)) for _ in range(rounds)])[:count]
        return (corners[order] + rng.uniform(0.0, 1.0, (count, 2))) * (2.0 / CELLS) - 1.0

    return shape
