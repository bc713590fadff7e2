import numpy as np
import pytest

from genlab.ui.scatter import COLOURS, EDGE, Size, scatter

SIZE = Size(width=200, height=100, dot=2, tile=24)


def of_colour(picture: np.ndarray, group: int) -> np.ndarray:
    """Columns and rows of the pixels of a class's colour, (n, 2)."""
    same = np.abs(picture[..., :3].astype(int) - COLOURS[group, :3]).max(axis=2) < 8
    return np.argwhere(same & (picture[..., 3] > 128))[:, ::-1]


def heaps(rng, *middles, spread=0.01, count=200):
    """Points round some middles, and the number of its heap for each."""
    groups = np.repeat(np.arange(len(middles)), count)
    return np.array(middles)[groups] + spread * rng.standard_normal((len(groups), 2)), groups


def test_dots_stand_where_their_points_are_in_the_colours_of_their_groups(rng):
    picture = scatter(*heaps(rng, (-1, -1), (1, 0), (-1, 1)), SIZE)
    assert picture.shape == (100, 200, 4)
    low, right, high = (of_colour(picture, k).mean(axis=0) for k in range(3))
    assert abs(low[0] - high[0]) < 2
    assert low[1] > right[1] > high[1]  # up is up
    assert right[0] - low[0] == pytest.approx(low[1] - high[1], rel=0.05)  # one scale
    assert (picture[50, 50] == 0).all()


def test_most_points_are_inside_the_edge_and_strays_change_nothing(rng):
    points, groups = heaps(rng, (0, 0), spread=1.0, count=2000)
    points[0] = 1e6
    rows = of_colour(scatter(points, groups, SIZE._replace(tile=0)), 0)[:, 1]
    assert (rows > EDGE - 3).mean() > 0.98
    assert rows.std() > 10


def test_a_picture_stands_beside_the_dots_of_its_group_in_a_frame_of_their_colour(rng):
    points, groups = heaps(rng, (0, 0), (1, 0))
    grey = np.full((28, 28), 200, np.uint8)
    bare, shown = scatter(points, groups, SIZE), scatter(points, groups, SIZE, {1: grey})
    changed = np.argwhere((shown[..., 3] > 128) & (bare[..., 3] < 128))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert (bottom - top + 1, right - left + 1) == (24, 24)
    covered = (bare[top : bottom + 1, left : right + 1, 3] > 128).sum()
    assert covered < 0.4 * len(of_colour(bare, 1))
    assert (shown[top + 12, left + 12] == [200, 200, 200, 255]).all()
    np.testing.assert_allclose(shown[top + 12, left + 1], COLOURS[1], atol=5)
    middle = of_colour(bare, 1).mean(axis=0)
    assert np.abs(changed.mean(axis=0)[::-1] - middle).max() < 30


def test_pictures_do_not_cover_one_another_even_where_groups_are_mixed(rng):
    points, groups = heaps(rng, *[(0, 0)] * 8, spread=1.0)
    picture = np.full((28, 28), 255, np.uint8)
    one = (scatter(points, groups, SIZE, {0: picture}) == 255).all(axis=2)
    all_of_them = (scatter(points, groups, SIZE, dict.fromkeys(range(8), picture)) == 255).all(
        axis=2
    )
    assert all_of_them.sum() == pytest.approx(8 * one.sum(), rel=0.05)


def test_a_narrow_picture_keeps_its_shape(rng):
    points, groups = heaps(rng, (0, 0), (1, 0))
    shown = scatter(points, groups, SIZE, {0: np.full((56, 28), 255, np.uint8)})
    white = np.argwhere((shown == 255).all(axis=2))
    height, width = np.ptp(white, axis=0) + 1
    assert height == pytest.approx(2 * width, abs=2)


def test_a_faint_group_is_seen_through(rng):
    shown = scatter(*heaps(rng, (0, 0), (1, 0)), SIZE, faint=0)
    assert shown[:, :100, 3].max() < 128 < shown[:, 100:, 3].max()


@pytest.mark.parametrize("count", [1, 50])
def test_points_in_one_place_are_one_dot_in_the_middle(count):
    shown = scatter(np.ones((count, 2)), np.zeros(count, int), SIZE)
    np.testing.assert_allclose(of_colour(shown, 0).mean(axis=0), [99.5, 49.5], atol=1)
