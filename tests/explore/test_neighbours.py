import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from genlab.explore.neighbours import WIDE, Points, nearest, smallest, vote


@pytest.mark.parametrize("dimensions", [1, 2, 32])
@pytest.mark.parametrize(("points", "count"), [(7, 7), (300, 1), (3001, 10)])
def test_neighbours_are_those_of_scikit_learn(rng, points, dimensions, count):
    embedding = rng.normal(size=(points, dimensions)).astype(np.float32) + 5.0
    queries = rng.normal(size=(50, dimensions)).astype(np.float32) + 5.0
    index, distance = nearest(embedding, queries, count)
    oracle = NearestNeighbors(algorithm="brute").fit(embedding.astype(np.float64))
    wanted, rows = oracle.kneighbors(queries.astype(np.float64), count)
    np.testing.assert_allclose(distance, wanted, atol=1e-5)
    np.testing.assert_array_equal(index, rows)


@pytest.mark.parametrize(("dimensions", "rows"), [(4, 2), (WIDE, 3)])
def test_blocks_do_not_show(rng, monkeypatch, dimensions, rows):
    embedding, queries = (rng.normal(size=(count, dimensions)) for count in (500, 33))
    whole = nearest(embedding, queries, 5)
    for block, size in (("BLOCK", 1000), ("WIDE_BLOCK", 1500)):
        monkeypatch.setattr(f"genlab.explore.neighbours.{block}", size)
    assert Points(embedding).rows == rows
    for one, other in zip(whole, nearest(embedding, queries, 5), strict=True):
        np.testing.assert_array_equal(one, other)


def test_points_answer_any_number_of_questions(rng):
    embedding, queries = rng.normal(size=(500, 3)), rng.normal(size=(9, 3))
    points, whole = Points(embedding), nearest(embedding, queries, 4)
    for number, query in enumerate(queries):
        index, distance = points.nearest(query[None], 4)
        np.testing.assert_array_equal(index[0], whole[0][number])
        np.testing.assert_allclose(distance[0], whole[1][number], rtol=1e-6)


def test_of_equally_near_points_the_first_comes_first():
    embedding = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    index, distance = nearest(embedding, np.array([[1.0, 0.0]]), 4)
    assert index.tolist() == [[0, 2, 3, 1]]
    assert distance.tolist() == [[0.0, 0.0, 0.0, 1.0]]


def test_the_smallest_of_each_row_are_found_among_many(rng):
    values = rng.normal(size=(40, 2000)).astype(np.float32)
    values[0, -5:] = -10.0  # in the rest that no group holds
    columns = smallest(values, 9)
    found = np.sort(np.take_along_axis(values, columns, 1), axis=1)
    np.testing.assert_array_equal(found, np.sort(values, axis=1)[:, :9])


def test_the_nearer_class_wins_where_votes_are_equal():
    voters = np.array([[3, 1, 1, 3, 0], [2, 5, 5, 2, 5], [7, 8, 9, 4, 6]])
    assert vote(voters).tolist() == [3, 5, 7]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="choose from 1 to 3"):
        nearest(np.zeros((3, 2)), np.zeros((1, 2)), 4)
    with pytest.raises(ValueError, match=r"\(3, 2\) but queries are \(1, 5\)"):
        nearest(np.zeros((3, 2)), np.zeros((1, 5)), 1)
