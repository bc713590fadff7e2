from dataclasses import replace

import pytest

from genlab.jobs.queue import list_jobs, submit
from genlab.runs.folder import list_runs
from genlab.ui.siamese_view import (
    FRESH,
    PairsView,
    about,
    at_work,
    choices,
    first_runs,
    interval,
    link_of,
    margin_of,
    read_runs,
    read_view,
)
from tests.siamese_runs import submit_siamese_job, write_siamese_run

MOVED = PairsView(
    show="maps", split="train", seed=7, t=(0.412, None, 1.5), held="two", curve="det", log=False,
    at=250, job=7, images="train", sel="abc", hide=(1, 9), left_zoom=(0.25, -0.5, 3.375),
    right_zoom=(0.0, 0.125, 2.0), other="two", among="test", ask="drawn", image=12, ink="A" * 262,
)  # fmt: skip


def test_a_link_brings_the_view_back():
    link = link_of(MOVED)
    assert read_view(link) == MOVED
    assert all(isinstance(text, str) for text in link.values())


def test_a_fresh_view_leaves_the_link_empty():
    assert link_of(FRESH) == {}
    assert read_view({}) == FRESH


def test_a_drawing_is_in_the_link_only_while_it_asks():
    assert "ink" not in link_of(replace(MOVED, ask="data"))


@pytest.mark.parametrize(
    "raw",
    [
        {
            "show": "<b>",
            "split": "validation",
            "seed": "-1",
            "t": "x~~",
            "curve": "pr",
            "at": "1e99",
        },
        {"t": "nan~-3~inf", "image": "1.5", "ink": '"' * 262, "hide": "x_-1_999", "among": 3},
        {"t": {"a": 1}, "hide": 7, "left_zoom": "1_2", "right_zoom": [1, 2, "x"], "held": ["a"]},
        {"held": "a" * 65, "seed": 10_000, "ask": "me", "images": None, "ink": None, "sel": 3},
    ],
)
def test_what_does_not_fit_is_left_out(raw):
    assert read_view(raw) == FRESH


def test_the_browsers_lists_are_read_as_its_links_are():
    told = {"t": [0.41234567, None], "at": None, "log": False, "hide": [3, 1]}
    view = read_view(told, replace(FRESH, at=10))
    assert (view.t, view.at, view.log, view.hide) == ((0.4123, None), None, False, (1, 3))


def test_thresholds_that_are_all_the_training_choice_leave_no_trace():
    assert read_view({"t": [None, None]}).t == ()


def test_runs_stand_by_their_images_digits_first():
    write_siamese_run("faces", dataset="orl", kept=False, film=False, height=64, width=64)
    write_siamese_run("one")
    write_siamese_run("two")
    options = choices(list_runs())
    own = {name: [run.name for run in runs] for name, runs in options.items()}
    assert next(iter(own)) == "mnist"
    assert "faces" in own["orl"]
    assert {"one", "two"} <= set(own["mnist"])
    assert first_runs([run for run in options["mnist"] if run.name in ("one", "two")]) == ["one"]
    assert read_runs("one~faces~two~nowhere", options) == ("mnist", ["one", "two"])
    assert read_runs("nowhere", options) == (None, [])


def test_what_is_at_work_are_siamese_jobs_that_have_not_ended():
    jobs = [submit_siamese_job(state, state=state) for state in ("running", "queued", "done")]
    submit("other", {"family": "gan", "dataset": "mnist"}, state="running")
    assert {job.id for job in at_work(list_jobs())} == {job.id for job in jobs[:2]}
    assert about(jobs[0]) == "contrastive, margin 1, 2-D"


def test_the_margin_of_angles_is_no_distance():
    assert margin_of(write_siamese_run("one", margin=0.75)) == 0.75
    angles = write_siamese_run("two", loss="cosine-softmax", margin=0.2, embedding_dim=4)
    assert margin_of(angles) is None
    assert about(angles) == "cosine-softmax, 4-D"


def test_an_interval_stands_beside_the_figure_that_it_was_made_for_alone():
    summary = {"pair_auc_test": 0.99, "pair_auc_test_interval": [0.98, 0.995]}
    run = write_siamese_run("one", summary=summary)
    assert interval(run, "pair_auc_test", 0.99) == [0.98, 0.995]
    assert interval(run, "pair_auc_test", 0.97) is None
    assert interval(run, "pair_eer_test", 0.02) is None


@pytest.mark.parametrize("ends", [None, [0.1], ["a", "b"], 3, {"low": 1}])
def test_an_interval_from_elsewhere_is_read_with_care(ends):
    run = write_siamese_run("one", summary={"pair_auc_test": 0.99, "pair_auc_test_interval": ends})
    assert interval(run, "pair_auc_test", 0.99) is None
