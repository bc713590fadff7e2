import numpy as np
import pytest

from genlab.data.images import load_split
from genlab.explore.memorisation import compare, memorisation


def test_copies_of_training_images_are_found_out():
    train = load_split("mnist", "train").images[:300].reshape(300, -1)
    found = memorisation("mnist", train)
    assert (found.median, found.ratio, found.close) == (0.0, 0.0, 1.0)
    assert found.median_test > 3.0
    assert (found.samples, found.training_images) == (300, 10_000)


def test_new_real_images_stand_at_their_floor():
    test = load_split("mnist", "test").images.reshape(10_000, -1)
    found = memorisation("mnist", test[7::40])
    assert found.ratio == pytest.approx(1.0, abs=0.1)
    assert found.close < 0.05


def test_figures_follow_the_two_sets_of_distances():
    found = compare(np.arange(101.0), np.arange(101.0) * 2, 5)
    assert (found.median, found.median_test, found.ratio) == (50.0, 100.0, 0.5)
    assert found.close == pytest.approx(2 / 101)  # 0 and 1 lie below the 1 % quantile, 2
    assert found.deciles == pytest.approx(list(range(10, 100, 10)))
    assert found.to_dict()["training_images"] == 5
