import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from genlab.registration.transforms import Transform, nearest_rotation


def random_transform(rng, D):
    return Transform(rng.normal(size=(D, D)), rng.normal(size=D))


@pytest.mark.parametrize("D", [2, 3])
def test_then_and_inverse_agree_with_moving_points_one_after_the_other(rng, D):
    one, two, points = random_transform(rng, D), random_transform(rng, D), rng.normal(size=(9, D))
    np.testing.assert_allclose(one.then(two).apply(points), two.apply(one.apply(points)))
    np.testing.assert_allclose(one.inverse().apply(one.apply(points)), points)


@pytest.mark.parametrize("degrees", [-170, -30, 0, 45, 179])
def test_a_turn_in_the_plane_reads_back_its_angle_and_keeps_its_fixed_point(degrees):
    turn = Transform.turn(degrees, about=[3, -1])
    assert turn.degrees == pytest.approx(degrees)
    np.testing.assert_allclose(turn.apply(np.array([[3.0, -1.0]])), [[3, -1]])


@pytest.mark.parametrize("degrees", [0.01, 30, 179.9])
def test_a_turn_in_space_is_that_of_scipy_and_reads_back_its_angle(rng, degrees):
    axis = rng.normal(size=3)
    turn = Transform.turn(degrees, axis)
    vector = np.radians(degrees) * axis / np.linalg.norm(axis)
    np.testing.assert_allclose(turn.linear, Rotation.from_rotvec(vector).as_matrix(), atol=1e-12)
    assert turn.degrees == pytest.approx(degrees)


@pytest.mark.parametrize("D", [2, 3])
def test_rotation_and_scale_are_those_of_a_similarity(rng, D):
    R = nearest_rotation(rng.normal(size=(D, D)))
    transform = Transform(2.5 * R, np.zeros(D))
    np.testing.assert_allclose(transform.rotation, R)
    assert transform.scale == pytest.approx(2.5)


@pytest.mark.parametrize("D", [2, 3])
def test_no_other_rotation_comes_nearer_and_none_is_a_reflection(rng, D):
    for _ in range(20):
        matrix = rng.normal(size=(D, D))
        R = nearest_rotation(matrix)
        assert np.linalg.det(R) == pytest.approx(1)
        for _ in range(20):
            other = nearest_rotation(rng.normal(size=(D, D)))
            assert np.vdot(matrix, R) >= np.vdot(matrix, other) - 1e-12
