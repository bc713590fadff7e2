"""Real worker processes on tiny jobs: they outlive accidents, and the result is the same."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.explore.gan_scores import scorer
from genlab.jobs import queue, trainer
from genlab.jobs.desk import (
    COMMAND_LINE,
    more_epochs,
    pause,
    resume,
    single_step,
    slow_motion,
    stop,
    submit_run,
)
from genlab.jobs.locks import held, is_held
from genlab.jobs.progress import read_epochs, read_pictures, read_steps
from genlab.jobs.queue import change, find_job, jobs_folder
from genlab.jobs.trainer import run_job
from genlab.jobs.worker import ensure_worker, resume_waiting, tend, work
from genlab.places import ROOT
from genlab.runs.film import film_path, load_film, unpack_film
from genlab.runs.folder import find_run, load_tensors, read_metrics
from genlab.runs.manage import delete_run
from genlab.training.recipes import RECIPES, with_settings


def submit(name, epochs=3, **settings):
    texts = {"epochs": str(epochs), "hidden": "16", "latent_dim": "2"} | settings
    config = with_settings(RECIPES["vae-fashion"], texts)
    return submit_run(config.to_dict(), name, COMMAND_LINE)


def here(job, describe=lambda run, stopped: None, scorer=lambda config: None):
    """Train the job in this process, as its own would."""
    change(job.id, state="running")
    run_job(job.id, describe, scorer)
    return find_job(job.id)


def in_thread(job):
    thread = threading.Thread(target=here, args=(job,))
    thread.start()
    return thread


def wait(job, reached, seconds=240):
    for _ in range(seconds * 50):
        now = find_job(job.id)
        if reached(now):
            return now
        time.sleep(0.02)
    raise AssertionError(f"still {now}")


def start_process(job):
    change(job.id, state="running")
    command = [sys.executable, "-m", "genlab", "work", "--job", str(job.id)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"})


def submit_gan(name):
    texts = {"epochs": "1", "architecture": "mlp", "batch_size": "256", "r1": "0"}
    config = with_settings(RECIPES["dcgan32-mnist"], texts)
    return submit_run(config.to_dict(), name, COMMAND_LINE)


def same_films(one, other):
    a, b = load_film(find_run(one)), load_film(find_run(other))
    pairs = [(a.updates, b.updates), (a.images_seen, b.images_seen)]
    for part in ("fixed", "frames", "scores", "trace"):
        x, y = getattr(a, part), getattr(b, part)
        assert x.keys() == y.keys()
        pairs += [(x[name], y[name]) for name in x]
    return all(x.shape == y.shape and (x == y).all() for x, y in pairs)


def same_weights(one, other):
    a, b = load_tensors(find_run(one)), load_tensors(find_run(other))
    return all((a[name] == b[name]).all() for name in a)


def test_a_job_becomes_a_run_and_shows_its_progress_meanwhile():
    job = submit("mine")
    described = []
    assert here(job, lambda *told: described.append(told)).state == "done"
    run = find_run("mine")
    assert described == [(run, False)]
    assert read_metrics(run) == read_epochs(job)
    assert [line["epoch"] for line in read_epochs(job)] == [1, 2, 3]
    assert read_steps(job)[-1]["step"] == 3 * 63
    assert read_pictures(job).shape == (3, 10, 784)


def test_an_ended_job_trained_on_equals_one_that_was_longer_from_the_start():
    here(submit("long", epochs=4, schedule="constant"))
    short = submit("short", epochs=2, schedule="constant")
    with pytest.raises(GenLabError, match="no saved state"):
        more_epochs(short.id, 2, COMMAND_LINE)
    here(short)
    more = more_epochs(short.id, 2, COMMAND_LINE)
    assert (more.name, more.state) == ("short-more", "queued")
    assert here(more).state == "done"
    assert same_weights("short-more", "long")
    assert [line["epoch"] for line in read_epochs(more)] == [1, 2, 3, 4]
    assert more_epochs(short.id, 1, COMMAND_LINE).name == "short-more1"


def test_a_job_begins_with_the_weights_of_its_start_and_goes_on_without_it():
    here(submit("first", epochs=1))
    still = {"start": "first", "learning_rate": "1e-6", "seed": "5"}
    second = submit("second", epochs=1, **still)
    assert here(second).state == "done"
    first, found = (load_tensors(find_run(name)) for name in ("first", "second"))
    for name, weights in first.items():
        np.testing.assert_allclose(found[name], weights, atol=1e-3)
    delete_run("first")
    assert here(more_epochs(second.id, 1, COMMAND_LINE)).state == "done"
    assert 'no run "first"' in here(submit("third", epochs=1, **still)).message


def test_a_process_that_dies_while_it_measures_the_run_loses_nothing():
    job = submit("mine")

    def die(run, stopped):
        raise SystemExit

    with pytest.raises(SystemExit):
        here(job, die)
    assert find_job(job.id).state == "running"
    before = find_run("mine").config
    assert here(job).state == "done"
    assert find_run("mine").config == before


def test_a_job_trains_as_the_command_line_does():
    from genlab.cli import main

    here(submit("job"))
    arguments = ["--set", "epochs=3", "--set", "hidden=16", "--set", "latent_dim=2"]
    bundled = str(ROOT / "genlab" / "data" / "bundled")
    options = ["--name", "cli", "--maps", "none", "--iwae", "0", "--data-root", bundled]
    main(["train", "vae-fashion", *arguments, *options])
    assert same_weights("job", "cli")


def test_a_killed_process_is_found_and_resumes_to_the_same_weights(monkeypatch):
    monkeypatch.setenv("GENLAB_SAVE_EVERY", "0.05")
    here(submit("whole", epochs=6))
    job = submit("killed", epochs=6)
    slow_motion(job.id, 0.002, COMMAND_LINE)  # long enough to be hit in the middle
    process = start_process(job)
    wait(job, lambda now: (now.folder / "state.pt").exists())
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert find_job(job.id).state == "running"
    slow_motion(job.id, 0.0, COMMAND_LINE)
    children = {}
    tend(children)  # a worker's look: finds the body, queues the job, starts it again
    assert wait(job, lambda now: now.state in ("done", "failed")).state == "done"
    [child.wait(60) for child in children.values()]
    assert same_weights("killed", "whole")
    steps = [line["step"] for line in read_steps(job)]
    assert steps == sorted(set(steps))


def test_a_killed_gan_resumes_to_the_same_weights_and_the_same_film(monkeypatch):
    monkeypatch.setenv("GENLAB_SAVE_EVERY", "0.05")
    here(submit_gan("whole"), scorer=scorer)
    job = submit_gan("killed")
    slow_motion(job.id, 0.05, COMMAND_LINE)
    process = start_process(job)
    wait(job, lambda now: now.step > 12)  # between two frames of the film
    assert len(unpack_film(film_path(job.folder).read_bytes())) >= 2  # whoever watches sees them
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert find_job(job.id).state == "running"
    slow_motion(job.id, 0.0, COMMAND_LINE)
    assert here(job, scorer=scorer).state == "done"
    assert same_weights("killed", "whole")
    assert same_films("killed", "whole")
    film = load_film(find_run("killed"))
    assert film.updates.tolist() == [0, 10, 25, 38]
    assert len(film.trace["loss_d"]) == 38


def test_stop_is_answered_within_two_seconds_and_leaves_a_usable_run():
    job = submit("mine", epochs=5000)
    process = start_process(job)
    wait(job, lambda now: now.step > 100)
    started = time.monotonic()
    stop(job.id, COMMAND_LINE)
    assert wait(job, lambda now: now.message == "Measuring the run.").state == "running"
    assert time.monotonic() - started < 2
    assert wait(job, lambda now: now.state == "stopped")
    process.wait(60)
    assert find_run("mine").config["made"]["stopped_early"]


def test_a_job_stopped_in_its_first_epoch_keeps_what_it_has():
    job = submit("mine", epochs=50)
    slow_motion(job.id, 0.05, COMMAND_LINE)
    thread = in_thread(job)
    wait(job, lambda now: now.step > 0)
    stop(job.id, COMMAND_LINE)
    thread.join(30)
    assert find_job(job.id).state == "stopped"
    assert find_run("mine").config["made"]["best_epoch"] == 0


def test_a_paused_job_makes_the_updates_it_is_allowed_and_then_ends_as_if_never_paused():
    here(submit("whole"))
    job = submit("paused")
    slow_motion(job.id, 0.01, COMMAND_LINE)
    thread = in_thread(job)
    wait(job, lambda now: now.step > 0)
    pause(job.id, COMMAND_LINE)
    at = wait(job, lambda now: now.state == "paused").step
    time.sleep(0.5)
    assert find_job(job.id).step == at
    single_step(job.id, COMMAND_LINE, count=3)
    assert wait(job, lambda now: now.step == at + 3).state == "paused"
    resume(job.id, COMMAND_LINE)
    thread.join(60)
    assert find_job(job.id).state == "done"
    assert same_weights("paused", "whole")


def test_a_job_paused_for_long_gives_its_place_away_and_resumes_in_another_process(monkeypatch):
    here(submit("whole"))
    monkeypatch.setattr(trainer, "PAUSED_FOR", 0.1)
    job = submit("parked")
    slow_motion(job.id, 0.01, COMMAND_LINE)
    thread = in_thread(job)
    wait(job, lambda now: now.step > 0)
    pause(job.id, COMMAND_LINE)
    thread.join(30)
    assert find_job(job.id).state == "paused"
    assert not is_held(job.folder / "lock")
    resume(job.id, COMMAND_LINE)
    assert here(job).state == "done"
    assert same_weights("parked", "whole")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"learning_rate": "0.9"}, "no longer a number"),
        ({"dataset": "kmnist"}, "KMNIST"),
    ],
)
def test_what_goes_wrong_ends_the_job_with_one_sentence(settings, sentence):
    job = here(submit("mine", epochs=30, **settings))
    assert job.state == "failed"
    assert sentence in job.message


def test_a_full_disk_is_said_and_the_job_can_resume(monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    job = submit("mine")
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "write_whole", full)
        job = here(job)
    assert (job.state, job.message) == ("failed", "The disk is full; free some space and resume.")
    resume(job.id, COMMAND_LINE)
    assert here(job).state == "done"


def test_a_queue_that_another_process_locks_stops_no_training(monkeypatch):
    monkeypatch.setattr(queue, "PATIENCE", 0.1)
    job = submit("mine", epochs=40)
    slow_motion(job.id, 0.01, COMMAND_LINE)
    thread = in_thread(job)
    wait(job, lambda now: now.step > 0)
    slow_motion(job.id, 0.0, COMMAND_LINE)
    other = sqlite3.connect(jobs_folder() / "queue.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until = time.monotonic() + 30
    while time.monotonic() < until and len(read_epochs(job)) < 40:  # it trains all the way
        time.sleep(0.05)
    assert len(read_epochs(job)) == 40
    assert find_job(job.id).state == "running"
    other.execute("ROLLBACK")
    thread.join(30)
    assert find_job(job.id).state == "done"


def test_a_name_that_a_run_took_meanwhile_costs_no_training(make_run):
    job = submit("mine")
    make_run("mine")
    assert here(job).state == "done"
    assert find_job(job.id).name == "mine-2"
    assert find_run("mine-2").config["made"]["job"] == job.id


def test_memory_that_does_not_suffice_is_said(monkeypatch):
    def too_much(config, *, weights):
        raise MemoryError

    monkeypatch.setattr(trainer, "prepare", too_much)
    assert "lower batch_size" in here(submit("mine")).message


def test_a_job_whose_process_dies_again_and_again_is_given_up():
    job = submit("mine")
    change(job.id, state="running", attempts=5)
    job.folder.mkdir(parents=True)
    (job.folder / "log.txt").write_text("Bus error\n")
    tend({})
    job = find_job(job.id)
    assert job.state == "failed"
    assert "died 5 times at the start. Bus error" in job.message


def test_jobs_left_waiting_get_a_worker_when_a_server_starts(monkeypatch):
    started = []
    monkeypatch.setattr("genlab.jobs.worker.ensure_worker", lambda: started.append(1))
    resume_waiting()
    assert not jobs_folder().exists()  # nothing is made where nothing waits
    job = submit("mine")
    resume_waiting()
    change(job.id, state="done")
    resume_waiting()
    assert started == [1]


def test_one_worker_serves_a_home_and_the_second_leaves():
    with held(jobs_folder() / "worker.lock"):
        script = "from genlab.jobs.worker import work; print(work(idle_for=0.1))"
        second = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert second.stdout.strip() == "False"
    assert work(idle_for=0.1)


def test_a_worker_started_by_the_app_trains_what_waits_and_outlives_its_starter():
    job = submit("mine")
    script = "from genlab.jobs.worker import ensure_worker; ensure_worker()"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    assert wait(job, lambda now: now.state in ("done", "failed")).state == "done"
    ensure_worker()  # nothing more to do: one is there
    pids = subprocess.run(["pgrep", "-f", "genlab work"], capture_output=True, text=True).stdout
    for pid in pids.split():
        with open(f"/proc/{pid}/environ") as file:
            if os.environ["GENLAB_HOME"] in file.read():
                os.kill(int(pid), signal.SIGTERM)


def test_a_loss_that_is_not_finite_is_named_by_the_recorder():
    from genlab.runs.recording import Recorder
    from genlab.training.loop import Position, StepRecord

    recorder = Recorder(RECIPES["vae-fashion"], SimpleNamespace(frames_at=None))
    with pytest.raises(GenLabError, match="at step 7; lower learning_rate"):
        recorder.take(StepRecord(1, 7, 10, 896, {"kl": float("inf")}, {}, Position()))
    assert json.dumps(recorder.epochs) == "[]"
