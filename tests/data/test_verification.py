import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from genlab.data.verification import equal_error_rate, roc, roc_auc


@pytest.fixture(params=[0, 1, 2])
def scored(request):
    """Pairs with overlapping distances, rounded so that many are equal."""
    rng = np.random.default_rng(request.param)
    same = rng.random(3000) < 0.4
    return np.round(rng.normal(np.where(same, 4.0, 5.0)), 1), same


def test_auc_agrees_with_scikit_learn_with_ties(scored):
    distances, same = scored
    assert roc_auc(distances, same) == pytest.approx(roc_auc_score(same, -distances), abs=1e-12)


def test_roc_points_agree_with_scikit_learn(scored):
    distances, same = scored
    false_accepts, true_accepts, thresholds = roc_curve(same, -distances, drop_intermediate=False)
    ours = roc(distances, same)
    np.testing.assert_allclose(ours.false_accepts, false_accepts)
    np.testing.assert_allclose(ours.true_accepts, true_accepts)
    np.testing.assert_array_equal(ours.thresholds, -thresholds)


def test_equal_error_rate_is_where_both_errors_meet(scored):
    distances, same = scored
    eer = equal_error_rate(distances, same)
    curve = roc(distances, same)
    true_accepts = np.interp(eer, curve.false_accepts, curve.true_accepts)
    assert 1.0 - true_accepts == pytest.approx(eer, abs=1e-9)


def test_equal_error_rate_of_two_gaussians_is_the_normal_tail():
    rng = np.random.default_rng(0)
    same = np.arange(200_000) % 2 == 0
    distances = rng.normal(np.where(same, 0.0, 2.0))  # they meet one deviation from either mean
    assert equal_error_rate(distances, same) == pytest.approx(0.158655, abs=0.002)


@pytest.mark.parametrize(
    ("distances", "auc", "eer"),
    [([1, 2, 3, 4], 1.0, 0.0), ([3, 4, 1, 2], 0.0, 1.0), ([1, 1, 1, 1], 0.5, 0.5)],
    ids=["perfect", "reversed", "all equal"],
)
def test_extreme_scores(distances, auc, eer):
    same = np.array([True, True, False, False])
    assert roc_auc(np.array(distances), same) == auc
    assert equal_error_rate(np.array(distances), same) == eer


@pytest.mark.parametrize(
    ("distances", "same", "match"),
    [
        ([1.0, 2.0], [True], "give"),
        ([1.0, np.nan], [True, False], "not finite"),
        ([1.0, 2.0], [True, True], "one kind"),
        ([1.0, 2.0], [False, False], "one kind"),
    ],
)
def test_pairs_without_a_roc_are_refused(distances, same, match):
    with pytest.raises(ValueError, match=match):
        roc(np.array(distances), np.array(same))
