import numpy as np
import pytest

from genlab.data.pairs import balanced_pairs

LABELS = np.random.default_rng(3).integers(0, 5, 200)


def test_half_of_the_pairs_show_one_class_and_the_marks_say_which():
    pairs, same = balanced_pairs(LABELS, 1000, seed=0)
    assert pairs.shape == (1000, 2)
    assert same.sum() == 500
    np.testing.assert_array_equal(LABELS[pairs[:, 0]] == LABELS[pairs[:, 1]], same)


def test_no_image_is_paired_with_itself():
    pairs, _ = balanced_pairs(np.array([4, 4, 9, 9]), 500, seed=1)
    assert (pairs[:, 0] != pairs[:, 1]).all()


def test_every_possible_mate_is_drawn_equally_often():
    labels = np.array([2, 0, 2, 0, 2, 1, 1, 2])  # sizes 2, 2, 4
    pairs, _ = balanced_pairs(labels, 120_000, seed=2)
    counts = np.zeros((8, 8))
    np.add.at(counts, tuple(pairs.T), 1)
    alike = labels[:, None] == labels
    for kind in (alike & ~np.eye(8, dtype=bool), ~alike):
        expected = kind * (60_000 / 8 / kind.sum(axis=1, keepdims=True))
        drawn = counts * kind
        assert np.abs(drawn - expected).max() < 5 * np.sqrt(expected.max())


def test_one_seed_gives_one_draw():
    first, again = (balanced_pairs(LABELS, 100, seed=7)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first != balanced_pairs(LABELS, 100, seed=8)[0]).any()


@pytest.mark.parametrize(
    ("labels", "count", "match"),
    [
        ([0, 0, 1, 1], 3, "choose an even number"),
        ([0, 0, 1, 1], 0, "choose an even number"),
        ([0, 0, 0], 2, r"1 classes of \[3\]"),
        ([0, 0, 1], 2, r"2 classes of \[2, 1\]"),
        ([], 2, "0 classes"),
    ],
)
def test_labels_that_cannot_give_both_kinds_are_refused(labels, count, match):
    with pytest.raises(ValueError, match=match):
        balanced_pairs(np.array(labels, int), count, seed=0)
