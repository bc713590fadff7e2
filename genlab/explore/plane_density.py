"""Where the generator puts its mass: evenly spread noises pushed forward, binned and blurred.

They are spread by a lattice, so that no random draw makes the density rough. The blur is the same
that the target's exact density is looked at through: the two can be compared.
Shapes: D axes, N cells along an axis, M noises.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from genlab.explore.plane_normal import distribution
from genlab.explore.plane_target import EDGE, between

BLUR = 0.05  # standard deviation, in the units of the plane
CELLS = {1: 160, 2: 40}  # of the grid along an axis, for 1-D and 2-D
NOISES_ON_LINE = 4096
FIBONACCI = (4181, 2584)  # neighbours in that sequence: the lattice of the square
FINE = {1: 1600, 2: 200}  # bins along an axis, before the blur


@dataclass(frozen=True)
class Grid:
    """The square, or the stretch of the line, within +-EDGE, in equal cells."""

    axes: int

    @property
    def edges(self) -> np.ndarray:
        """(N + 1,) of the cells along an axis."""
        return np.linspace(-EDGE, EDGE, CELLS[self.axes] + 1)

    @property
    def points(self) -> np.ndarray:
        """(N, 1) or (N * N, 2), the cells' middles; the first axis runs fastest."""
        middles = 0.5 * (self.edges[1:] + self.edges[:-1])
        if self.axes == 1:
            return middles[:, None]
        return np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)


def noise_quantiles(noise: str, shares: np.ndarray) -> np.ndarray:
    """The noise below which each share lies, of any shape."""
    if noise == "uniform":
        return 2.0 * shares - 1.0
    return np.vectorize(NormalDist().inv_cdf)(shares)


def noise_net(noise: str, axes: int, along: np.ndarray) -> np.ndarray:
    """(n, 1) or (n * n, 2) noises at the shares `along` (n,) of each axis, the first fastest."""
    steps = noise_quantiles(noise, along)
    if axes == 1:
        return steps[:, None]
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def even_noises(noise: str, axes: int) -> np.ndarray:
    """(M, D) noises that stand for equal shares of all.

    On the line they are quantiles, in the plane those of a Fibonacci lattice, which spreads points
    evenly over a square (Sloan & Joe 1994, Lattice Methods for Multiple Integration).
    """
    if axes == 1:
        shares = (np.arange(NOISES_ON_LINE)[:, None] + 0.5) / NOISES_ON_LINE
    else:
        count, step = FIBONACCI
        turns = np.arange(count)[:, None] * np.array([1, step])
        shares = (turns % count + 0.5) / count
    return noise_quantiles(noise, shares)


def pushed_masses(x: np.ndarray) -> np.ndarray:
    """The mass of each cell of the grid, (N,) or (N * N,), of points x (M, D) of equal weight.

    Each point is a Gaussian of width BLUR; a point outside the grid counts at its border.
    """
    axes = x.shape[1]
    fine, spread = FINE[axes], spread_over_cells(axes)
    bins = np.clip(((x + EDGE) * (fine / (2.0 * EDGE))).astype(int), 0, fine - 1)
    if axes == 1:
        return np.bincount(bins[:, 0], minlength=fine) / len(x) @ spread
    counts = np.bincount(bins[:, 1] * fine + bins[:, 0], minlength=fine * fine)
    return (spread.T @ (counts.reshape(fine, fine) / len(x)) @ spread).reshape(-1)


@lru_cache(maxsize=2)
def spread_over_cells(axes: int) -> np.ndarray:
    """How a fine bin's mass is spread over the cells by the blur: (fine, N), rows sum to 1."""
    middles = (np.arange(FINE[axes]) + 0.5) * (2.0 * EDGE / FINE[axes]) - EDGE
    return between(distribution((Grid(axes).edges - middles[:, None]) / BLUR))
