import threading

import pytest

from genlab.data.images import load_split
from genlab.ui import siamese_query
from genlab.ui.siamese_query import query_answer, wake, wake_all, wake_soon
from tests.siamese_runs import write_siamese_run


@pytest.fixture
def woken(monkeypatch):
    """Names of the runs that are woken, in order, and an event for the last of them."""
    names, done = [], threading.Event()

    def note(runs):
        names.extend(run.name for run in runs)
        done.set()

    monkeypatch.setattr(siamese_query, "wake_all", note)
    monkeypatch.setattr(siamese_query, "WAKE_AFTER", 0.0)
    monkeypatch.setattr(siamese_query, "_woken", {})
    return names, done


def test_a_question_to_a_network_that_is_awake_prepares_nothing(monkeypatch):
    run = write_siamese_run("sleepy", seed=3)
    wake(run)
    monkeypatch.setattr("genlab.explore.neighbours.Points.__init__", None)
    monkeypatch.setattr("genlab.explore.siamese_view.embeddings", None)
    monkeypatch.setattr("genlab.runs.models.load_model", None)
    monkeypatch.setattr("genlab.ui.siamese_query.plane_of", None)
    body = load_split("mnist", "test").images[3].tobytes()
    assert query_answer(run, {"among": "train", "fit": "0"}, body)


def test_runs_are_woken_in_the_background_and_only_once(woken):
    names, done = woken
    one, two = write_siamese_run("one"), write_siamese_run("two", seed=1)
    wake_soon([one])
    assert done.wait(20)
    done.clear()
    wake_soon([one, two])
    assert done.wait(20)
    wake_soon([one, two])
    assert names == ["one", "two"]


def test_new_weights_are_woken_anew(woken):
    names, done = woken
    run, other = write_siamese_run("one"), write_siamese_run("other", seed=1)
    wake_soon([run])
    assert done.wait(20)
    done.clear()
    (run.path / "model.safetensors").write_bytes((other.path / "model.safetensors").read_bytes())
    wake_soon([run])
    assert done.wait(20)
    assert names == ["one", "one"]


def test_a_run_that_cannot_be_woken_keeps_no_other_asleep(monkeypatch):
    broken, good = write_siamese_run("broken"), write_siamese_run("good")
    (broken.path / "model.safetensors").write_bytes(b"cut")
    woken = []

    def wake_and_note(run):
        wake(run)
        woken.append(run.name)

    monkeypatch.setattr(siamese_query, "wake", wake_and_note)
    wake_all([broken, good])
    assert woken == ["good"]
