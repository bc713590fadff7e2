import numpy as np
import pytest

from genlab.data.verification import equal_error_rate, roc_auc
from genlab.explore.pair_intervals import bootstrap, figures_of


@pytest.fixture
def drawn(rng):
    same = rng.random(3000) < 0.5
    return rng.normal(np.where(same, 0.0, 1.5), 1.0).round(2), same


def test_with_every_weight_one_the_figures_are_the_exact_ones(drawn):
    distances, same = drawn
    order = np.argsort(distances, kind="stable")
    ordered, kinds = distances[order], same[order]
    last = np.append(ordered[1:] != ordered[:-1], True).nonzero()[0]
    accepted = int(np.searchsorted(ordered, 0.7, side="right"))
    auc, eer, accuracy = figures_of(np.ones(3000), kinds, last, accepted)
    assert auc == pytest.approx(roc_auc(distances, same))
    assert eer == pytest.approx(equal_error_rate(distances, same))
    right = [((distances <= 0.7) == same)[same == kind].mean() for kind in (True, False)]
    assert accuracy == pytest.approx(np.mean(right))


def test_of_independent_pairs_the_interval_is_as_wide_as_theory_says(drawn):
    distances, same = drawn
    units = np.repeat(np.arange(3000)[:, None], 2, axis=1)  # each pair a unit of its own
    found = bootstrap(distances, same, units, 0.75)
    accuracy = np.mean([((distances <= 0.75) == same)[same == kind].mean() for kind in (0, 1)])
    half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / 3000)
    low, high = found["accuracy"]
    assert low < accuracy < high
    assert (high - low) / 2 == pytest.approx(half, rel=0.2)
    assert found["auc"][0] < roc_auc(distances, same) < found["auc"][1]
    assert found["eer"][0] < equal_error_rate(distances, same) < found["eer"][1]


def test_pairs_that_share_their_people_say_less_than_as_many_that_do_not(rng):
    people, pairs = rng.normal(size=12), rng.integers(0, 12, (3000, 2))
    same = rng.random(3000) < 0.5
    pairs[same, 1] = pairs[same, 0]
    noise = rng.normal(size=3000)
    distances = np.where(same, 0.0, 1.0) + people[pairs].sum(1) + 0.5 * noise
    alone = np.repeat(np.arange(3000)[:, None], 2, axis=1)
    wide, narrow = (bootstrap(distances, same, units, 0.5)["auc"] for units in (pairs, alone))
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_the_seed_decides_and_pairs_of_one_kind_are_refused(drawn):
    distances, same = drawn
    units = np.repeat(np.arange(3000)[:, None] % 40, 2, axis=1)
    one, two, other = (
        bootstrap(distances, same, units, 0.7, resamples=60, seed=seed) for seed in (1, 1, 2)
    )
    assert one == two != other
    with pytest.raises(ValueError, match="one kind"):
        bootstrap(distances, np.ones(3000, bool), units, 0.7)
