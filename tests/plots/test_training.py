import json

import numpy as np
import pytest

from genlab.plots.palette import CLASS_COLOURS
from genlab.plots.panels import Line, Look, in_view
from genlab.plots.training import (
    MOST_POINTS,
    VALIDATION,
    Curve,
    band,
    smoothed,
    thinned,
    training_chart,
)

LINES = {"pixel entropy": 190.0, "mean image": 385.0}
FLOORS = {"neg_elbo": LINES, "recon_nll": LINES}


def curve(name="run", group=None, count=50, level=0.0):
    steps = 20 * np.arange(1, count + 1)
    loss = 240 + level + 300 * np.exp(-steps / 100)
    ends = steps[9::10]
    return Curve(
        title=name,
        group=group or name,
        batches=200,
        steps=steps,
        train={"neg_elbo": loss, "recon_nll": loss - 15, "kl": np.full(count, 15.0)},
        ends=ends,
        validation={"neg_elbo": loss[9::10] + 1, "kl": np.full(len(ends), 15.0)},
    )


def of_a_gan(name="gan", count=50):
    steps = 20 * np.arange(1, count + 1)
    train = {
        "loss_g": np.full(count, -0.7),
        "d_fake": np.linspace(0.5, 0.0, count),
        "loss_d": np.full(count, 1.4),
        "d_real": np.linspace(0.5, 1.0, count),
    }
    ends, none = np.empty(0), {}
    return Curve(name, name, batches=200, steps=steps, train=train, ends=ends, validation=none)


def lines_named(chart, name, panel=0):
    return [s for s in chart["series"] if s.get("name") == name and s["xAxisIndex"] == panel]


def test_smoothing_leaves_a_constant_alone_from_its_first_point():
    np.testing.assert_allclose(smoothed(np.arange(1, 9), np.full(8, 3.0), 0.9), 3.0)


def test_many_short_reports_count_as_much_as_one_long_one(rng):
    level = np.full(20, 250.0) + rng.normal(size=20)
    level += 250.0 - level.mean()
    one = smoothed(np.array([20.0, 40.0]), np.array([240.0, 250.0]), 0.6)
    many = smoothed(np.append(20.0, np.arange(21.0, 41.0)), np.append(240.0, level), 0.6)
    assert many[-1] == pytest.approx(one[-1], abs=0.2)


def test_more_smoothing_is_smoother(rng):
    steps, noise = np.arange(20.0, 2020.0, 20.0), rng.normal(size=100)
    roughness = [np.abs(np.diff(smoothed(steps, noise, w))).sum() for w in (0.0, 0.5, 0.95)]
    assert roughness[0] > roughness[1] > roughness[2]


def test_thinning_keeps_the_mean_over_updates_and_the_last_update(rng):
    steps = np.cumsum(rng.integers(1, 21, 5000)).astype(float)
    values = rng.normal(size=5000)
    few_steps, few = thinned(steps, values)
    assert len(few) <= MOST_POINTS
    assert few_steps[-1] == steps[-1]
    mean = np.average(values, weights=np.diff(steps, prepend=0.0))
    assert np.average(few, weights=np.diff(few_steps, prepend=0.0)) == pytest.approx(mean)


def test_a_band_spans_its_lines_as_far_as_all_of_them_reach():
    x = np.arange(1.0, 6.0)
    low, high = Line(x, x, x), Line(x[:3], x[:3] + 2, x[:3] + 2)
    reach, mean, lowest, highest = band([low, high])
    np.testing.assert_array_equal(reach, x[:3])
    np.testing.assert_allclose(mean, x[:3] + 1)
    np.testing.assert_allclose(lowest, x[:3])
    np.testing.assert_allclose(highest, x[:3] + 2)


def test_one_run_has_a_colour_for_training_and_one_for_validation():
    chart = training_chart([curve()], Look(smoothing=0.0))
    assert [entry["name"] for entry in chart["legend"]["data"]] == ["training", "validation"]
    (validation,) = lines_named(chart, "validation")
    assert validation["lineStyle"]["color"] == VALIDATION
    assert len(chart["grid"]) == 3


def test_several_runs_have_a_colour_each():
    chart = training_chart([curve("one"), curve("two")], Look())
    for name, colour in zip(("one", "two"), CLASS_COLOURS, strict=False):
        assert {line["lineStyle"]["color"] for line in lines_named(chart, name)} == {colour}


def test_seeds_are_a_mean_within_a_filled_band():
    seeds = [curve(f"s{n}", "seeds", level=level) for n, level in enumerate((0.0, 6.0))]
    drawn = lines_named(training_chart(seeds, Look(smoothing=0.0)), "training")
    bottom, top, mean = (np.array(line["data"]) for line in drawn)
    assert "areaStyle" in drawn[1]
    assert drawn[0]["stack"] == drawn[1]["stack"]
    np.testing.assert_allclose(top[:, 1], 6.0, atol=0.01)
    np.testing.assert_allclose(mean[:, 1], bottom[:, 1] + 3.0, atol=0.01)


def test_the_losses_of_a_gan_stand_in_their_order_in_two_columns():
    chart = training_chart([of_a_gan()], Look(floors={"loss_d": {"equilibrium": 1.386}}))
    assert [title["text"] for title in chart["title"]] == [
        "Loss of D",
        "Loss of G",
        "D(x) of real images",
        "D(G(z)) of fakes",
    ]
    assert len({(grid["left"], grid["top"]) for grid in chart["grid"]}) == 4
    assert len({grid["left"] for grid in chart["grid"]}) == 2
    (mark,) = [s for s in chart["series"] if "markLine" in s]
    assert mark["yAxisIndex"] == 0


def test_a_loss_below_zero_is_in_view_and_takes_no_log_scale():
    chart = training_chart([of_a_gan()], Look(log=True))
    assert chart["yAxis"][1]["min"] < -0.7 < chart["yAxis"][1]["max"]
    assert [axis["type"] for axis in chart["yAxis"]] == ["log", "value", "log", "value"]


def test_a_run_of_another_family_laid_over_brings_no_panel_of_its_own():
    chart = training_chart([curve(), of_a_gan()], Look())
    assert len(chart["grid"]) == 3


def test_floors_are_drawn_and_kept_in_view_and_kl_has_none():
    chart = training_chart([curve()], Look(floors=FLOORS))
    marks = [s for s in chart["series"] if "markLine" in s]
    assert {mark["yAxisIndex"] for mark in marks} == {0, 1}
    axis = chart["yAxis"][0]
    assert axis["min"] < 190.0 < 385.0 < axis["max"]
    assert chart["yAxis"][2]["max"] < 20.0


def test_the_fall_of_the_first_updates_does_not_squash_the_rest():
    axis = training_chart([curve()], Look(smoothing=0.0))["yAxis"][0]
    assert axis["max"] < 400.0 < curve().train["neg_elbo"][0]


def test_a_log_axis_begins_above_zero():
    low, _ = in_view([Line(*[np.array([0.5, 90.0])] * 3)], {}, Look(log=True))
    assert low > 0


def test_epochs_are_updates_in_other_units():
    chart = training_chart([curve()], Look(by_epoch=True))
    last = lines_named(chart, "training")[-1]["data"][-1][0]
    assert last == pytest.approx(1000 / 200)
    assert chart["xAxis"][0]["name"] == "epoch"


def test_losses_that_are_no_numbers_leave_gaps_and_valid_json():
    broken = curve()
    broken.train["neg_elbo"][-5:] = np.nan
    chart = training_chart([broken], Look())
    assert "NaN" not in json.dumps(chart)
    assert lines_named(chart, "training")[-1]["data"][-1][0] == 900.0


def test_a_run_without_a_whole_epoch_is_drawn():
    begun = curve(count=3)
    chart = training_chart([begun], Look())
    assert not lines_named(chart, "validation")
    json.dumps(chart)
