import numpy as np
import pytest

from genlab.registration.shapes import SHAPES, planted
from genlab.registration.transforms import Transform


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_has_as_many_points_as_asked_and_is_about_two_units_across(name):
    points = SHAPES[name](400, np.random.default_rng(0))
    assert points.shape[0] == 400
    assert points.shape[1] in (2, 3)
    assert 1 < np.ptp(points, axis=0).max() < 2.5
    assert len(np.unique(points, axis=0)) == 400


@pytest.mark.parametrize("shuffle", [True, False])
def test_partners_are_the_images_of_their_points(shuffle):
    truth = Transform.turn(30)
    p = planted(SHAPES["A"], 50, truth, outliers=0.3, missing=0.2, shuffle=shuffle)
    assert p.target.shape == (40 + 15, 2)
    kept = p.partner >= 0
    assert kept.sum() == 40
    np.testing.assert_allclose(p.target[p.partner[kept]], truth.apply(p.source)[kept])
    assert len(set(p.partner[kept])) == 40


def test_noise_has_the_size_it_says():
    p = planted(SHAPES["knot"], 2000, Transform.identity(3), noise=0.1)
    assert (p.target[p.partner] - p.source).std() == pytest.approx(0.1, rel=0.05)
