import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from genlab.errors import GenLabError
from genlab.jobs import queue
from genlab.jobs.queue import (
    change,
    claim,
    find_job,
    forget,
    jobs_folder,
    list_jobs,
    submit,
    waiting,
)
from genlab.places import ROOT


def line(*names_and_owners):
    return [submit(name, {}, owner=owner) for name, owner in names_and_owners]


def order():
    return [job.name for job in waiting(list_jobs())]


def test_a_job_comes_back_as_it_was_put_in():
    job = submit("mine", {"training": {"epochs": 3}}, owner="ann")
    assert find_job(job.id) == job
    assert (job.state, job.wish, job.config) == ("queued", "run", {"training": {"epochs": 3}})


def test_everybodys_first_job_runs_before_anybodys_second():
    line(("a1", "ann"), ("a2", "ann"), ("a3", "ann"), ("b1", "bob"), ("c1", "cat"), ("b2", "bob"))
    assert order() == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_whoever_has_a_job_running_waits_for_those_who_have_none():
    line(("a1", "ann"), ("a2", "ann"), ("b1", "bob"))
    assert claim().name == "a1"
    assert order() == ["b1", "a2"]


def test_whoever_started_least_recently_comes_first():
    first, _, _ = line(("a1", "ann"), ("a2", "ann"), ("b1", "bob"))
    claim()
    change(first.id, state="done")
    assert claim().name == "b1"


def test_no_job_is_given_to_two_workers_at_once():
    line(*[(f"job-{n}", f"owner-{n % 7}") for n in range(40)])
    with ThreadPoolExecutor(8) as pool:
        taken = [job.id for job in pool.map(lambda _: claim(), range(40))]
    assert sorted(taken) == sorted(job.id for job in list_jobs())
    assert claim() is None


def test_many_processes_may_open_a_new_queue_at_the_same_time(own_home):
    script = "from genlab.jobs.queue import submit; submit('x', {}, owner='o')"
    processes = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6
    assert len(list_jobs()) == 6


def test_a_forgotten_job_is_gone_and_its_number_is_not_given_again():
    job = submit("mine", {})
    forget(job.id)
    with pytest.raises(GenLabError, match=f"no job {job.id}"):
        find_job(job.id)
    assert submit("other", {}).id > job.id


def test_a_queue_that_stays_locked_is_said(monkeypatch):
    submit("mine", {})
    monkeypatch.setattr(queue, "PATIENCE", 0.1)
    other = sqlite3.connect(jobs_folder() / "queue.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert len(list_jobs()) == 1  # reading goes on
    with pytest.raises(GenLabError, match="try again in a moment"):
        submit("late", {})
    other.execute("ROLLBACK")
    submit("late", {})


def test_a_damaged_queue_is_said(own_home):
    jobs_folder().mkdir(parents=True)
    (jobs_folder() / "queue.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(GenLabError, match="damaged"):
        list_jobs()
