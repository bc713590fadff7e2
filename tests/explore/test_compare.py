import json
import math

import pytest

from genlab.explore.compare import ABSENT, FigureRow, config_differences, figure_rows
from genlab.runs.folder import find_run, read_summary, write_summary


def written(run, **changes):
    (run.path / "config.json").write_text(json.dumps(run.config | changes))
    return find_run(run.name)


def test_only_settings_that_differ_are_listed_each_with_both_values(make_run):
    a = make_run("a", latent_dim=2)
    b = make_run("b", latent_dim=4, hidden=16)
    b = written(b, training=b.config["training"] | {"seed": 7})
    different, same = config_differences([a, b])
    assert {row.setting: row.values for row in different} == {
        "model.hidden": ("8", "16"),
        "model.latent_dim": ("2", "4"),
        "training.seed": ("0", "7"),
    }
    assert same == 3 + len(a.config["training"]) - 1


def test_a_setting_that_one_run_lacks_is_a_difference(make_run):
    different, _ = config_differences([make_run("a"), make_run("b", family="cvae")])
    assert [(row.setting, row.values) for row in different] == [
        ("family", ("vae", "cvae")),
        ("model.classes", (ABSENT, "10")),
    ]


def test_a_run_differs_from_itself_in_nothing(make_run):
    run = make_run("a")
    assert config_differences([run, run])[0] == []


def test_what_came_of_the_training_counts_and_the_owner_does_not(make_run):
    a = written(make_run("a"), made={"data": "all", "best_epoch": 3, "owner": "me"})
    b = written(make_run("b"), made={"data": "a part", "best_epoch": 3, "owner": "you"})
    different, _ = config_differences([a, b])
    assert [row.setting for row in different] == ["made.data"]


def test_figures_are_those_of_the_summaries_with_the_floors_of_their_data():
    runs = [find_run("vae-fashion"), find_run("vae2d-mnist")]
    summaries = [read_summary(run) for run in runs]
    rows = {row.name: row for row in figure_rows(runs)}
    row = rows["Negative ELBO, nats"]
    assert row.values == tuple(s["neg_elbo_test"] for s in summaries)
    assert row.floors == tuple(s["floors"]["entropy"] for s in summaries)
    accuracy = rows["10-NN accuracy of μ"]
    assert accuracy.values == tuple(s["maps"]["mu"]["knn_accuracy"] for s in summaries)
    assert accuracy.floors == (0.1, 0.1)


def test_figures_that_are_no_numbers_are_absent(make_run):
    a, b = make_run("a"), make_run("b")
    write_summary(
        a,
        {
            "neg_elbo_test": "low",
            "kl_test": math.inf,
            "recon_nll_test": 10**400,
            "floors": 3,
            "maps": [],
        },
    )
    write_summary(b, {"neg_elbo_test": 3.0, "parameters": True, "floors": {"entropy": "x"}})
    (row,) = figure_rows([a, b])
    assert (row.values, row.floors) == ((None, 3.0), (None, None))


@pytest.mark.parametrize(
    ("values", "floors", "better", "best"),
    [
        ((2.0, 1.0, None), (0.0, 0.0, 0.0), -1, {1}),
        ((2.0, 1.0, 2.0), (0.1, 0.1, 0.1), 1, {0, 2}),
        ((2.0, 1.0), (0.0, 0.5), -1, set()),  # of different images
        ((2.0, 1.0), (None, None), 0, set()),  # neither is better
        ((1.0, 1.0), (0.0, 0.0), -1, set()),
        ((1.0, None), (0.0, 0.0), -1, set()),
    ],
)
def test_the_best_is_marked_only_where_runs_can_be_ranked(values, floors, better, best):
    assert FigureRow("x", values, floors, 2, better).best() == best
