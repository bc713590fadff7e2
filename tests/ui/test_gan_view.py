import pytest

from genlab.jobs.queue import list_jobs, submit
from genlab.runs.folder import list_runs
from genlab.ui.gan_view import (
    FRESH,
    TheatreView,
    choices,
    film_data,
    first_choice,
    floors_of,
    link_of,
    read_keys,
    read_view,
)
from tests.gan_runs import probe_summary, write_gan_run

MOVED = TheatreView(
    at=500, clock="images", speed=0.5, bent=False, borders=False, tile=63, other=1, tab="walk",
    generator="one", seed=12, span=16, x=-3.25, y=0.125, t=0.75, way="straight",
)  # fmt: skip


def test_a_link_brings_the_view_back():
    link = link_of(MOVED)
    assert read_view(link) == MOVED
    assert all(isinstance(text, str) for text in link.values())


def test_a_fresh_view_leaves_the_link_empty():
    assert link_of(FRESH) == {}
    assert read_view({}) == FRESH


@pytest.mark.parametrize(
    "raw",
    [
        {"at": "-1", "tile": "64", "other": "x", "speed": "3", "clock": "hours", "tab": "<b>"},
        {"x": "99", "y": "nan", "t": "1.01", "span": "5", "seed": "1e9", "way": "sideways"},
        {"at": [], "tile": {}, "generator": 7, "bent": "maybe", "borders": "", "t": None},
    ],
)
def test_what_does_not_fit_is_left_out(raw):
    assert read_view(raw) == FRESH


def test_runs_with_a_film_and_gans_at_work_can_be_shown(make_run):
    write_gan_run("one")
    make_run("other")  # a VAE
    live = submit("two", {"family": "gan", "dataset": "mnist"}, state="running")
    submit("three", {"family": "vae"}, state="running")
    submit("four", {"family": "gan"}, state="failed")
    shown = choices(list_runs(), list_jobs())
    assert [key for key in shown if key in ("one", "other") or key.startswith("job-")] == [
        f"job-{live.id}",
        "one",
    ]
    assert first_choice(shown) == [f"job-{live.id}"]


def test_a_job_that_has_ended_is_shown_as_its_run():
    write_gan_run("one")
    job = submit("one", {"family": "gan"}, state="done")
    options = choices(list_runs(), list_jobs())
    assert read_keys(f"job-{job.id}~one~nowhere", options, list_jobs()) == ["one"]


def test_four_films_at_most_are_shown():
    for name in ("a", "b", "c", "d", "e"):
        write_gan_run(name)
    assert read_keys("a~b~c~d~e", choices(list_runs(), []), []) == ["a", "b", "c", "d"]


def test_a_frame_stands_beside_what_real_images_score():
    run = write_gan_run("one", summary=probe_summary())
    assert floors_of(run)["frechet"] == 3.5
    bare = write_gan_run("two", summary={"frechet_floor": 1.25, "floors": "none"})
    assert floors_of(bare) == {"frechet": 1.25}
    assert floors_of(write_gan_run("three")) == {}


def test_a_live_film_borrows_the_floors_of_a_run_beside_it():
    write_gan_run("one", summary=probe_summary())
    job = submit("two", {"family": "gan", "dataset": "mnist"}, state="running")
    options = choices(list_runs(), list_jobs())
    live, run = film_data([f"job-{job.id}", "one"], options)
    assert live["floors"] == run["floors"]
    assert (live["live"], live["generator"]) == (True, None)
    assert live["colour"] != run["colour"]
