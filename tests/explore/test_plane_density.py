"""The push-forward of the noise against densities that are known."""

import numpy as np
import pytest
from scipy.stats import norm

from genlab.explore.plane_density import BLUR, Grid, even_noises, noise_quantiles, pushed_masses
from genlab.explore.plane_loss import best_value, js_divergence, value
from genlab.explore.plane_target import EDGE, Mixture, even


def test_quantiles_are_those_of_the_noise():
    shares = np.array([0.01, 0.5, 0.9])
    np.testing.assert_allclose(noise_quantiles("gaussian", shares), norm.ppf(shares), atol=1e-12)
    np.testing.assert_allclose(noise_quantiles("uniform", shares), [-0.98, 0.0, 0.8])


@pytest.mark.parametrize("axes", [1, 2])
def test_an_affine_generator_makes_the_gaussian_it_should(axes):
    """x = 0.3 z + 0.2 of standard normal noise is exactly a Gaussian, so the JSD is nearly 0."""
    made = pushed_masses(0.3 * even_noises("gaussian", axes) + 0.2)
    target = even(np.full((1, axes), 0.2), 0.3)
    data = target.cell_masses(Grid(axes).edges, BLUR).reshape(-1)
    assert js_divergence(data, made) < {1: 1e-4, 2: 1e-3}[axes]
    assert best_value(data, made, "minimax") == pytest.approx(-np.log(4.0), abs=2e-3)
    assert value(np.zeros_like(data), data, made, "minimax") == pytest.approx(-np.log(4.0))


@pytest.mark.parametrize("axes", [1, 2])
def test_mass_is_kept_wherever_the_points_lie(axes, rng):
    points = 4.0 * rng.standard_normal((500, axes))
    made = pushed_masses(points)
    assert made.sum() == pytest.approx(1.0)
    assert made.min() >= 0.0
    assert made.shape == (len(Grid(axes).points),)


def test_a_point_outside_counts_at_the_border_beside_it():
    made = pushed_masses(np.array([[3.0 * EDGE, 0.0]])).reshape(40, 40)
    assert made[:, -1].sum() == pytest.approx(made.sum(), abs=0.4)
    assert made[19:21, -1].sum() > made[:10].sum()


def test_the_first_axis_runs_fastest_in_points_and_masses():
    grid = Grid(2)
    place = np.array([[1.0, -0.5]])
    made = pushed_masses(place)
    heaviest = grid.points[np.argmax(made)]
    assert np.abs(heaviest - place[0]).max() <= 0.5 * (grid.edges[1] - grid.edges[0]) + 0.02
    data = Mixture(place, 0.01, np.ones(1)).cell_masses(grid.edges, BLUR).reshape(-1)
    assert np.argmax(data) == np.argmax(made)
