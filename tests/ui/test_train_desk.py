import time
from dataclasses import replace

import pytest

from genlab.jobs.queue import Job, list_jobs, submit
from genlab.training.recipes import RECIPES
from genlab.ui import train_desk
from genlab.ui.train_desk import (
    group_of,
    is_live,
    outcome,
    pace,
    progress_of,
    queue_words,
    siblings,
    state_words,
)

CONFIG = RECIPES["vae-fashion"].to_dict()


@pytest.fixture(autouse=True)
def one_slot(monkeypatch):
    monkeypatch.setattr(train_desk, "slots", lambda: 1)
    monkeypatch.setattr(train_desk, "_paces", {})


def job(job_id, owner="ann", state="queued", **values) -> Job:
    fresh = {
        "id": job_id, "name": f"run-{job_id}", "owner": owner, "config": CONFIG, "state": state,
        "wish": "run", "delay": 0.0, "credit": 0, "created": float(job_id), "started": None,
        "ended": None, "beat": None, "attempts": 0, "step": 0, "steps": 0, "message": "",
    }  # fmt: skip
    if state != "queued":
        fresh["started"] = float(job_id)
    return Job(**fresh | values)


def seeded(job_id, seed, **values) -> Job:
    training = CONFIG["training"] | {"seed": seed}
    return job(job_id, name=f"mine-s{seed}", config=CONFIG | {"training": training}, **values)


def test_a_job_with_a_free_place_is_told_that_it_starts():
    alone = job(1)
    assert queue_words(alone, [alone]) == "It starts within a second."


def test_the_next_job_is_told_what_it_waits_for():
    jobs = [job(1, state="running"), job(2, "bob")]
    assert "one job is running" in queue_words(jobs[1], jobs)
    assert state_words(jobs[1], jobs) == "queued, next"


def test_a_second_job_is_told_why_a_younger_first_job_goes_before_it():
    jobs = [job(1, state="running"), job(2), job(3, "bob")]
    words = queue_words(jobs[1], jobs)
    assert words.startswith("One job is before it")
    assert "everybody's first job runs before anybody's second" in words
    assert state_words(jobs[1], jobs) == "queued, 2nd"


def test_jobs_asked_for_earlier_are_named_as_the_reason():
    jobs = [job(1, "cat", "running"), job(2, "bob"), job(3, "dan"), job(4, "ann")]
    assert queue_words(jobs[3], jobs) == "2 jobs are before it: they were asked for earlier."


def test_runs_that_differ_in_their_seed_alone_are_siblings():
    jobs = [seeded(1, 0), seeded(2, 1), seeded(3, 2, owner="bob"), job(4, name="mine")]
    assert siblings(jobs[1], jobs) == jobs[:2]
    assert siblings(jobs[3], jobs) == [jobs[3]]
    assert group_of(jobs[0]) == "mine"


def test_a_name_that_only_looks_like_a_seeds_is_no_group():
    assert group_of(job(1, name="vae-s9")) == "vae-s9"  # its seed is 0


def test_what_is_asked_shows_before_it_is_done():
    running = job(1, state="running", step=50, steps=100)
    assert state_words(running, []) == "50 %"
    assert state_words(replace(running, wish="stop"), []) == "stopping …"
    assert state_words(replace(running, wish="pause"), []) == "pausing …"
    assert state_words(replace(running, message="Measuring the run."), []) == "measuring …"
    paused = replace(running, state="paused", wish="stop")
    assert state_words(paused, []) == "stopping …"
    assert state_words(replace(paused, message="Measuring the run."), []) == "measuring …"


@pytest.mark.parametrize(
    ("values", "live"),
    [
        ({"state": "queued"}, True),
        ({"state": "running"}, True),
        ({"state": "paused", "wish": "pause"}, True),  # somebody may step it
        ({"state": "paused", "wish": "pause", "message": "Saved; resume to go on."}, False),
        ({"state": "paused", "wish": "run", "message": "Saved; resume to go on."}, True),
        ({"state": "done"}, False),
        ({"state": "failed"}, False),
    ],
)
def test_pages_tick_for_what_may_change_alone(values, live):
    assert is_live(job(1, **values)) is live


def test_pace_and_time_left_follow_the_signs_of_life():
    now = time.time()
    first = job(1, state="running", beat=now - 2, step=100, steps=1000)
    assert pace(first) is None
    later = replace(first, beat=now, step=300)
    assert pace(later) == pytest.approx(100.0)
    share, words = progress_of(later)
    assert share == pytest.approx(0.3)
    assert "100 updates/s · 7 s left" in words


def test_a_job_that_went_back_to_a_saved_state_has_no_pace_until_it_moves():
    now = time.time()
    pace(job(1, state="running", beat=now - 2, step=300, steps=1000))
    assert pace(job(1, state="running", beat=now, step=200, steps=1000)) is None


def test_silence_is_said():
    quiet = job(1, state="running", beat=time.time() - 60, step=10, steps=100)
    assert "no sign of life for 1 min" in progress_of(quiet)[1]


def test_the_epoch_is_that_of_the_update():
    batches = 40
    for step, epoch in ((0, 1), (40, 1), (41, 2), (1000, 25)):
        one = job(1, state="running", step=step, steps=25 * batches, beat=time.time())
        assert f"epoch {epoch} of 25" in progress_of(one)[1]


def test_a_job_that_never_began_says_so():
    assert outcome(job(1, state="stopped", started=None)) == "It was stopped before it began"


def test_one_look_serves_all_pages_until_something_is_asked():
    train_desk.forget_look()
    submit("one", CONFIG)
    assert [job.name for job in train_desk.jobs_now()] == ["one"]
    submit("two", CONFIG)
    train_desk.forget_look()
    assert train_desk.jobs_now() == list_jobs()
    assert len(train_desk.jobs_now()) == 2
