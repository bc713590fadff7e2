"""Target densities on the line and in the plane, that can be sampled and are known exactly.

Everything lives within +-EDGE. A density is read as the mass of each cell of a grid, after a blur
of stated width; both are closed forms. The outermost cells hold all mass beyond them, so that the
cells sum to 1.
Shapes: B points, D axes (1 or 2), K parts, N cells along an axis.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genlab.explore.plane_ink import COLUMNS, read_heights, read_painting
from genlab.explore.plane_normal import distribution, distribution_integral

EDGE = 2.0
DRAWN = "drawn"


@dataclass(frozen=True)
class Mixture:
    """Round Gaussians of one width."""

    centres: np.ndarray  # (K, D)
    sigma: float
    weights: np.ndarray  # (K,), sum 1

    @property
    def axes(self) -> int:
        return self.centres.shape[1]

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """(B, D) independent points."""
        part = rng.choice(len(self.centres), count, p=self.weights)
        return self.centres[part] + self.sigma * rng.standard_normal((count, self.axes))

    def cell_masses(self, edges: np.ndarray, blur: float) -> np.ndarray:
        """(N,), or (N, N) with rows along the second axis, of the density blurred by `blur`.

        Args:
            edges: (N + 1,) of the cells, the same along each axis.
            blur: the standard deviation of the Gaussian that the density is convolved with.
        """
        width = np.hypot(self.sigma, blur)
        along = [
            between(distribution((edges - self.centres[:, axis, None]) / width))
            for axis in range(self.axes)
        ]  # (K, N) each
        if self.axes == 1:
            return self.weights @ along[0]
        return (self.weights[:, None] * along[1]).T @ along[0]


@dataclass(frozen=True)
class Steps:
    """On the line: constant between neighbouring edges."""

    edges: np.ndarray  # (K + 1,)
    weights: np.ndarray  # (K,), the mass of each step, sum 1
    axes: ClassVar[int] = 1

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """(B, 1) independent points."""
        step = rng.choice(len(self.weights), count, p=self.weights)
        return (self.edges[step] + rng.random(count) * np.diff(self.edges)[step])[:, None]

    def cell_masses(self, edges: np.ndarray, blur: float) -> np.ndarray:
        """(N,) of the density blurred by `blur`, which is above 0."""
        ramps = blur * distribution_integral((edges - self.edges[:, None]) / blur)
        cumulative = -np.diff(ramps, axis=0) / np.diff(self.edges)[:, None]  # (K, N + 1)
        return self.weights @ between(cumulative)


def between(cumulative: np.ndarray) -> np.ndarray:
    """The mass of each cell out of the distribution function at its edges, (..., N + 1)."""
    closed = cumulative.copy()
    closed[..., 0], closed[..., -1] = 0.0, 1.0
    return np.maximum(np.diff(closed, axis=-1), 0.0)  # where rounding makes it less


# The targets by name

LINE = {
    "gaussian": "Gaussian",
    "two-gaussians": "Two Gaussians",
    "uneven": "Two, uneven",
    "uniform": "Uniform",
    "comb": "Comb",
    DRAWN: "Draw your own",
}
PLANE = {
    "gaussian": "Gaussian",
    "ring": "Ring",
    "eight-gaussians": "Eight Gaussians",
    "grid": "Grid of 25",
    "spiral": "Spiral",
    "two-moons": "Two moons",
    DRAWN: "Draw your own",
}
TARGETS = {1: LINE, 2: PLANE}


def build_target(axes: int, name: str, ink: str = "") -> Mixture | Steps:
    """A target by its name in TARGETS[axes].

    Raises:
        GenLabError: the ink of a drawn one is empty or damaged.
        ValueError: there is no such name.
    """
    if name not in TARGETS[axes]:
        raise ValueError(f'No target "{name}" in {axes}-D; choose from {", ".join(TARGETS[axes])}.')
    if name == DRAWN:
        return drawn_line(ink) if axes == 1 else drawn_plane(ink)
    return line_target(name) if axes == 1 else plane_target(name)


def drawn_line(ink: str) -> Steps:
    heights = read_heights(ink)
    return Steps(np.linspace(-EDGE, EDGE, COLUMNS + 1), heights / heights.sum())


def drawn_plane(ink: str) -> Mixture:
    """A Gaussian in each painted cell, so wide that neighbours flow together."""
    painted = read_painting(ink)  # (N, N), first row at the top
    rows, columns = np.nonzero(painted)
    cell = 2.0 * EDGE / len(painted)
    centres = np.stack([columns + 0.5, len(painted) - rows - 0.5], axis=1) * cell - EDGE
    return even(centres, 0.6 * cell)


def line_target(name: str) -> Mixture | Steps:
    if name == "gaussian":
        return even([[0.5]], 0.35)
    if name == "two-gaussians":
        return even([[-0.9], [0.9]], 0.25)
    if name == "uneven":
        return Mixture(np.array([[-0.9], [0.9]]), 0.25, np.array([0.8, 0.2]))
    if name == "uniform":
        return Steps(np.array([-1.0, 1.0]), np.ones(1))
    teeth = np.linspace(-1.35, 1.35, 8)  # comb: a step and a gap in turn
    return Steps(teeth, np.array([0.25, 0.0, 0.25, 0.0, 0.25, 0.0, 0.25]))


def plane_target(name: str) -> Mixture:
    if name == "gaussian":
        return even([[0.3, 0.2]], 0.4)
    if name == "ring":
        return even(circle(64, 1.2), 0.1)
    if name == "eight-gaussians":
        return even(circle(8, 1.3), 0.12)
    if name == "grid":
        steps = np.linspace(-1.4, 1.4, 5)
        return even(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2), 0.08)
    if name == "spiral":
        turn = 2.0 * np.pi * np.sqrt(np.linspace(0.04, 2.0, 90))  # even along its length
        return even(0.17 * turn[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1), 0.08)
    arc = np.pi * np.linspace(0.0, 1.0, 40)
    upper = np.stack([np.cos(arc) - 0.5, np.sin(arc) - 0.25], axis=1)
    lower = np.stack([0.5 - np.cos(arc), 0.25 - np.sin(arc)], axis=1)
    return even(1.05 * np.concatenate([upper, lower]), 0.1)


def circle(count: int, radius: float) -> np.ndarray:
    """(count, 2) points at even distances."""
    turn = 2.0 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def even(centres, sigma: float) -> Mixture:
    centres = np.asarray(centres, float)
    return Mixture(centres, sigma, np.full(len(centres), 1.0 / len(centres)))
