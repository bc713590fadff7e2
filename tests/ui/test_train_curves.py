import json

import numpy as np
import pytest

from genlab.jobs.queue import submit
from genlab.runs.folder import find_run, read_metrics, write_whole
from genlab.training.recipes import RECIPES
from genlab.ui.train_curves import curve_of_job, curve_of_run, read_columns


@pytest.fixture
def file(tmp_path):
    return tmp_path / "steps.jsonl"


def append(file, text):
    with open(file, "a") as opened:
        opened.write(text)


def lines(*steps):
    return "".join(json.dumps({"step": step, "kl": step / 10}) + "\n" for step in steps)


def test_only_what_was_added_is_read_again(file, monkeypatch):
    append(file, lines(1, 2))
    assert read_columns(file)["step"].tolist() == [1, 2]
    append(file, lines(3))
    parsed = []
    loads = json.loads
    monkeypatch.setattr(
        "genlab.ui.train_curves.json.loads", lambda text: parsed.append(text) or loads(text)
    )
    assert read_columns(file)["step"].tolist() == [1, 2, 3]
    assert len(parsed) == 1
    assert read_columns(file)["kl"].tolist() == [0.1, 0.2, 0.3]
    assert len(parsed) == 1


def test_a_line_that_is_still_being_written_waits(file):
    whole = lines(1, 2)
    append(file, whole[:-6])
    assert read_columns(file)["step"].tolist() == [1]
    append(file, whole[-6:])
    assert read_columns(file)["step"].tolist() == [1, 2]


def test_a_file_that_was_written_anew_is_read_anew(file):
    append(file, lines(1, 2, 3, 4))
    read_columns(file)
    write_whole(file, lines(1, 2).encode())
    append(file, lines(30, 40, 50, 60))
    assert read_columns(file)["step"].tolist() == [1, 2, 30, 40, 50, 60]


def test_a_file_that_is_not_there_has_no_columns_and_one_that_went_is_forgotten(file):
    assert read_columns(file) == {}
    append(file, lines(1))
    read_columns(file)
    file.unlink()
    assert read_columns(file) == {}


def test_a_jobs_curve_has_its_reports_and_its_epochs():
    job = submit("mine", RECIPES["vae-fashion"].to_dict())
    assert curve_of_job(job, "mine") is None
    job.folder.mkdir(parents=True)
    append(job.folder / "steps.jsonl", lines(20, 40, 63))
    epoch = {"epoch": 1, "step": 63, "seconds": 0.2, "train": {"kl": 5.0}, "validation": {"kl": 4}}
    append(job.folder / "epochs.jsonl", json.dumps(epoch) + "\n")
    curve = curve_of_job(job, "mine")
    assert curve.batches == 63
    assert list(curve.train) == ["kl"]
    np.testing.assert_array_equal(curve.steps, [20, 40, 63])
    np.testing.assert_array_equal(curve.validation["kl"], [4])
    np.testing.assert_array_equal(curve.ends, [63])


def test_a_stored_runs_curve_is_its_metrics():
    run = find_run("vae-fashion")
    curve, metrics = curve_of_run(run), read_metrics(run)
    assert curve.batches == metrics[0]["step"]
    assert curve.train["neg_elbo"].tolist() == [line["train"]["neg_elbo"] for line in metrics]
    assert curve.validation["kl"].tolist() == [line["validation"]["kl"] for line in metrics]


def test_a_run_without_metrics_has_no_curve(make_run):
    assert curve_of_run(make_run("imported")) is None
