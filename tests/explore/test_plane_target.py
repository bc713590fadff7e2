"""Targets: their samples follow their densities, and drawings come back from their text."""

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.explore.plane_density import BLUR, Grid
from genlab.explore.plane_ink import (
    CELLS,
    COLUMNS,
    heights_ink,
    painting_ink,
    read_heights,
    read_painting,
    ready_drawings,
)
from genlab.explore.plane_normal import distribution, distribution_integral
from genlab.explore.plane_target import DRAWN, EDGE, TARGETS, Steps, build_target

ALL = [
    (axes, name, "" if name != DRAWN else ink)
    for axes, names in TARGETS.items()
    for name in names
    for ink in list(ready_drawings(axes).values())[: 1 if name != DRAWN else None]
]


@pytest.mark.parametrize(("axes", "name", "ink"), ALL, ids=lambda part: str(part)[:16])
def test_samples_follow_the_stated_density(rng, axes, name, ink):
    target, edges, count = build_target(axes, name, ink), np.linspace(-EDGE, EDGE, 17), 40_000
    points = target.sample(rng, count) + BLUR * rng.standard_normal((count, axes))
    inside = np.clip(points, -EDGE, EDGE)
    if axes == 1:
        counts, _ = np.histogram(inside[:, 0], edges)
    else:
        counts, *_ = np.histogram2d(inside[:, 1], inside[:, 0], (edges, edges))
    expected = target.cell_masses(edges, BLUR)
    spread = np.sqrt(expected * (1.0 - expected) / count) + 1e-4
    assert np.abs(counts / count - expected).max() < 5.0 * spread.max()
    assert np.all(np.abs(counts / count - expected) < 6.0 * spread)


@pytest.mark.parametrize(("axes", "name", "ink"), ALL, ids=lambda part: str(part)[:16])
def test_the_cells_hold_all_mass_within_the_edge(axes, name, ink):
    masses = build_target(axes, name, ink).cell_masses(Grid(axes).edges, BLUR)
    assert masses.sum() == pytest.approx(1.0)
    assert masses.min() >= -1e-12
    rim = masses.sum() - (masses[1:-1].sum() if axes == 1 else masses[1:-1, 1:-1].sum())
    assert rim < 0.01  # next to nothing is cut off by the picture


def test_a_step_s_mass_is_a_difference_of_normal_distribution_functions_integrated():
    """The blurred uniform density against a sum of many narrow Gaussians."""
    edges = np.linspace(-EDGE, EDGE, 41)
    steps = Steps(np.array([-1.0, 0.5]), np.ones(1)).cell_masses(edges, 0.1)
    centres = -1.0 + 1.5 * (np.arange(20_000) + 0.5) / 20_000
    blurred = distribution((edges[:, None] - centres) / 0.1).mean(axis=1)
    np.testing.assert_allclose(steps[1:-1], np.diff(blurred)[1:-1], atol=1e-6)


def test_the_normal_distribution_and_its_integral():
    x = np.linspace(-6.0, 6.0, 24_001)
    density = np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi)
    np.testing.assert_allclose(np.gradient(distribution(x), x)[1:-1], density[1:-1], atol=1e-7)
    slope = np.gradient(distribution_integral(x), x)
    np.testing.assert_allclose(slope[1:-1], distribution(x)[1:-1], atol=1e-7)
    assert distribution_integral(np.array([-20.0]))[0] == pytest.approx(0.0, abs=1e-12)


def test_drawings_come_back_from_their_text(rng):
    heights = rng.integers(0, 16, COLUMNS)
    heights[3] = 15
    np.testing.assert_array_equal(read_heights(heights_ink(heights)), heights)
    painted = rng.random((CELLS, CELLS)) < 0.3
    np.testing.assert_array_equal(read_painting(painting_ink(painted)), painted)


def test_the_first_row_of_a_painting_is_the_top_and_its_first_cell_the_left():
    painted = np.zeros((CELLS, CELLS), bool)
    painted[0, 1] = True
    centre = build_target(2, DRAWN, painting_ink(painted)).centres[0]
    cell = 2.0 * EDGE / CELLS
    np.testing.assert_allclose(centre, [-EDGE + 1.5 * cell, EDGE - 0.5 * cell])


@pytest.mark.parametrize("axes", [1, 2])
def test_an_empty_or_damaged_drawing_says_what_to_do(axes):
    length = len(next(iter(ready_drawings(axes).values())))
    with pytest.raises(GenLabError, match="paint something"):
        build_target(axes, DRAWN, "0" * length)
    for damaged in ("", "0" * (length - 1), "G" * length, "١" * length):
        with pytest.raises(GenLabError, match="draw it again"):
            build_target(axes, DRAWN, damaged)


def test_an_unknown_target_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="ring"):
        build_target(2, "rong")
