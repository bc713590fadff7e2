import numpy as np

from genlab.plots.gan import share_curves
from tests.gan_runs import probe_summary


def test_each_run_has_a_curve_over_the_shares_in_order_and_raw_pixels_stand_below():
    shares = probe_summary()["probe_by_share"]
    backwards = dict(reversed(shares.items()))
    figure = share_curves({"one": backwards, "two": shares}, ["#111111", "#222222"], (0.979, 0.982))
    one, two, raw = figure.data
    assert (one.name, two.name, raw.name) == ("one", "two", "raw pixels")
    assert list(one.x) == [1, 3, 10, 30]
    np.testing.assert_allclose(one.y, [0.94, 0.965, 0.983, 0.987])
    np.testing.assert_allclose(one.error_y.array, 0.002)
    assert (np.array(raw.y) < np.array(one.y)).all()
    assert figure.layout.xaxis.type == "log"
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (0.979, 0.982)


def test_the_axis_begins_below_the_lowest_figure():
    shares = {"10": {"test_accuracy": 0.62, "test_accuracy_std": None, "raw_test_accuracy": None}}
    low, high = share_curves({"one": shares}, ["#111111"]).layout.yaxis.range
    assert low <= 0.62 <= high
