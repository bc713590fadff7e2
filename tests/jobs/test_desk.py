from concurrent.futures import ThreadPoolExecutor

import pytest

from genlab.errors import GenLabError
from genlab.jobs.desk import (
    COMMAND_LINE,
    Limits,
    NameTaken,
    Visitor,
    clear,
    is_locked,
    lock_desk,
    may_change,
    owner_of,
    pause,
    read_limits,
    resume,
    set_limits,
    single_step,
    slow_motion,
    stop,
    submit_run,
)
from genlab.jobs.queue import change, find_job, list_jobs
from genlab.training.recipes import RECIPES

CONFIG = RECIPES["vae-fashion"].to_dict()
ANN, BOB, TEACHER = Visitor("ann"), Visitor("bob"), Visitor("tea", teacher=True)


def test_a_visitor_changes_their_own_the_teacher_all_and_nobody_the_shipped():
    assert may_change("ann", ANN)
    assert not may_change("ann", BOB)
    assert may_change("ann", TEACHER)
    assert not may_change("", Visitor(""))  # a visitor without an identity owns nothing
    assert may_change("", COMMAND_LINE)
    assert not may_change(None, TEACHER)


@pytest.mark.parametrize(
    "act",
    [
        lambda job, by: stop(job, by),
        lambda job, by: pause(job, by),
        lambda job, by: resume(job, by),
        lambda job, by: single_step(job, by),
        lambda job, by: slow_motion(job, 1.0, by),
        lambda job, by: clear(job, by),
    ],
)
def test_nobody_touches_somebody_elses_job(act):
    job = submit_run(CONFIG, "mine", ANN)
    with pytest.raises(GenLabError, match="somebody else's job"):
        act(job.id, BOB)
    assert find_job(job.id) == job


def test_a_job_that_never_began_is_stopped_at_once_and_can_be_cleared():
    job = submit_run(CONFIG, "mine", ANN)
    with pytest.raises(GenLabError, match="stop it before"):
        clear(job.id, ANN)
    stop(job.id, ANN)
    assert find_job(job.id).state == "stopped"
    clear(job.id, ANN)
    assert list_jobs() == []


def test_a_name_is_given_to_one_living_job_only(make_run):
    submit_run(CONFIG, "mine", ANN)
    with pytest.raises(GenLabError, match="choose another name"):
        submit_run(CONFIG, "mine", BOB)
    make_run("other")
    with pytest.raises(GenLabError, match="choose another name"):
        submit_run(CONFIG, "other", BOB)
    with pytest.raises(GenLabError, match="cannot name a run"):
        submit_run(CONFIG, "../x", BOB)


def test_many_visitors_asking_for_one_name_at_once_get_one_job(own_home):
    def ask(n):
        try:
            return submit_run(CONFIG, "mine", Visitor(f"v{n}"))
        except NameTaken:
            return None

    with ThreadPoolExecutor(8) as pool:
        given = [job for job in pool.map(ask, range(24)) if job is not None]
    assert [job.name for job in list_jobs()] == ["mine"]
    assert len(given) == 1


def test_limits_bind_visitors_and_not_the_teacher():
    set_limits(Limits(jobs_per_owner=2, epochs=30), TEACHER)
    submit_run(CONFIG, "one", ANN)
    submit_run(CONFIG, "two", ANN)
    with pytest.raises(GenLabError, match="2 jobs waiting or running"):
        submit_run(CONFIG, "three", ANN)
    submit_run(CONFIG, "three", BOB)
    long = CONFIG | {"training": CONFIG["training"] | {"epochs": 31}}
    with pytest.raises(GenLabError, match="epochs is 31; the limit here is 30"):
        submit_run(long, "long", BOB)
    for n in range(4):
        submit_run(long, f"t{n}", TEACHER)


def test_the_disk_limit_counts_what_jobs_have_left():
    job = submit_run(CONFIG, "one", ANN)
    job.folder.mkdir(parents=True)
    (job.folder / "state.pt").write_bytes(b"0" * 1_100_000)
    set_limits(Limits(disk_mb=1), TEACHER)
    with pytest.raises(GenLabError, match="more than 1 MB"):
        submit_run(CONFIG, "two", ANN)
    submit_run(CONFIG, "two", BOB)


def test_only_the_teacher_locks_the_desk_and_sets_limits():
    for act in (lambda: lock_desk(True, ANN), lambda: set_limits(Limits(), ANN)):
        with pytest.raises(GenLabError, match="Only the teacher"):
            act()
    lock_desk(True, TEACHER)
    assert is_locked()
    with pytest.raises(GenLabError, match="desk is locked"):
        submit_run(CONFIG, "one", ANN)
    submit_run(CONFIG, "one", TEACHER)
    lock_desk(False, TEACHER)
    submit_run(CONFIG, "two", ANN)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(GenLabError, match="epochs is 0; choose 1 or more"):
        Limits(epochs=0)
    assert read_limits() == Limits()


def test_what_does_not_fit_the_jobs_state_is_said():
    job = submit_run(CONFIG, "mine", ANN)
    for act in (pause, resume, single_step):
        with pytest.raises(GenLabError, match="is queued"):
            act(job.id, ANN)
    stop(job.id, ANN)
    with pytest.raises(GenLabError, match="has ended already"):
        stop(job.id, ANN)


def test_a_failed_job_goes_back_into_the_queue():
    job = submit_run(CONFIG, "mine", ANN)
    change(job.id, state="failed", message="The disk is full.", attempts=3)
    resume(job.id, ANN)
    again = find_job(job.id)
    assert (again.state, again.attempts, again.message) == ("queued", 0, "")


def test_shipped_runs_are_nobodys_and_those_of_the_command_line_are_its_own(make_run):
    assert owner_of("vae-fashion") is None
    assert owner_of(make_run("mine").name) == ""
