import numpy as np
import pytest

from genlab.data.verification import roc
from genlab.plots.siamese import pair_figure, rates


def test_the_curve_goes_through_the_points_of_the_roc(rng):
    distances, same = rng.random(200), rng.random(200) < 0.5
    accepts, accepted = rates(distances, same)
    found = roc(distances, same)
    np.testing.assert_allclose(accepts, found.false_accepts)
    np.testing.assert_allclose(accepted, found.true_accepts)


def test_each_run_has_a_curve_and_a_dot_at_its_threshold(rng):
    same = np.arange(100) % 2 == 0
    one, two = rng.random(100), np.where(same, 0.1, 0.9)
    figure = pair_figure(["one", "two"], [one, two], same, [0.5, 0.5], raw=rng.random(100))
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.name for bar in bars] == ["same pairs", "different pairs"]
    within = (one[same] <= np.quantile(one, 0.998)).mean()
    assert sum(bars[0].y) == pytest.approx(within)
    curves = [trace for trace in figure.data if trace.type == "scatter"]
    dots = [trace for trace in curves if trace.mode == "markers"]
    assert [len(dots), dots[1].x[0], dots[1].y[0]] == [2, 0.0, 1.0]
    dashed = [trace.name for trace in curves if trace.line.dash == "dash"]
    assert dashed == ["raw pixels"]
