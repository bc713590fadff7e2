import json
import re
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from genlab.cli import main
from genlab.data import download
from genlab.errors import GenLabError
from genlab.jobs.queue import list_jobs
from genlab.places import ROOT, new_runs
from genlab.runs.folder import find_run, load_array, read_card, read_metrics, read_summary

SMALL = ["--set", "hidden=8", "--set", "latent_dim=2", "--iwae", "2"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(name):
        raise GenLabError(f"{name} could not be downloaded; check the network.")

    monkeypatch.setattr(download, "download", refuse)


def test_train_leaves_a_whole_run_that_evaluate_measures_again(capsys):
    assert main(["train", "cvae-fashion", "--set", "epochs=2", *SMALL, "--maps", "pca"]) == 0
    told = capsys.readouterr()
    assert "the first 10,000 of 60,000 training images" in told.out
    assert "could not be downloaded" in told.err
    run = find_run("cvae-fashion-2")
    assert len(read_metrics(run)) == 2
    assert load_array(run, "maps/pca").shape == (10_000, 2)
    assert "# cvae-fashion-2" in read_card(run)

    (run.path / "summary.json").write_text('{"neg_elbo_test": 1}')
    assert main(["evaluate", run.name, "--json", "--maps", "none", "--iwae", "2"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["floors"]["entropy"] < figures["iwae_nll_test"] < figures["neg_elbo_test"]
    assert figures["neg_elbo_test"] == pytest.approx(figures["recon_nll_test"] + figures["kl_test"])
    assert read_summary(run) == {"neg_elbo_test": 1}  # read by nobody, and left alone


def test_evaluate_follows_the_weights(make_run, capsys):
    found = []
    for name in ("one", "two"):
        run = make_run(name, latent_dim=2 + len(found))
        main(["evaluate", run.name, "--json", "--maps", "none", "--iwae", "0"])
        found.append(json.loads(capsys.readouterr().out)["neg_elbo_test"])
    assert found[0] != found[1]


def test_a_gan_is_measured_by_its_own_figures(train_tiny, monkeypatch, capsys):
    monkeypatch.setattr("genlab.explore.evaluate_gan.SAMPLES", 100)
    monkeypatch.setattr("genlab.explore.evaluate_gan.COMPARED", 20)
    monkeypatch.setattr("genlab.explore.gan_scores.find_classifier", lambda dataset: None)
    monkeypatch.setattr("genlab.explore.evaluate_gan.find_classifier", lambda dataset: None)
    run = train_tiny("mine", "gan", epochs=1)
    assert main(["evaluate", run.name, "--json", "--no-probe"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["family"] == "gan"
    assert figures["memorisation"]["samples"] == 20
    assert main(["evaluate", run.name, "--no-probe"]) == 0
    assert re.search(rf"Parameters +{figures['parameters']:,}", capsys.readouterr().out)


def test_a_classifier_is_trained_and_measured_by_its_own_figures(monkeypatch, capsys):
    monkeypatch.setattr("genlab.explore.evaluate_classifier.vote_accuracy", lambda *splits: 0.9)
    small = ["--set", "epochs=1", "--set", "channels=2", "--set", "feature_dim=8"]
    assert main(["train", "digits-classifier", *small, "--name", "mine"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"epoch +1 of 1 +validation nll \d\.\d+ +error 0\.\d+", told)
    assert re.search(r"Test accuracy +0\.\d{4} +\(raw pixels, 3-NN 0\.9000, chance 0\.1000\)", told)
    assert main(["list"]) == 0
    assert re.search(r"mine +classifier on mnist, Test accuracy 0\.\d+", capsys.readouterr().out)


def test_list_names_recipes_and_runs(make_run, capsys):
    make_run("mine")
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert "vae2d-mnist" in told
    assert "mine" in told


def test_export_writes_the_folder_as_a_zip(make_run, tmp_path, capsys):
    make_run("mine")
    assert main(["export", "mine", "--to", str(tmp_path / "mine.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert "mine/model.safetensors" in archive.namelist()
    assert main(["import", str(tmp_path / "mine.zip"), "--name", "back"]) == 0
    assert find_run("back").config["model"] == find_run("mine").config["model"]
    assert main(["export", "mine", "--format", "onnx", "--to", str(tmp_path / "mine.onnx")]) == 0
    assert (tmp_path / "mine.onnx").stat().st_size > 1000


def test_a_job_is_refused_to_torchrun(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "vae-fashion", "--background", "--name", "mine"]) == 1
    assert "A job is one process" in capsys.readouterr().err
    assert list_jobs() == []


def test_a_background_training_is_a_job_that_the_other_verbs_reach(monkeypatch, capsys):
    monkeypatch.setattr("genlab.jobs.worker.ensure_worker", lambda: None)
    assert main(["train", "vae-fashion", "--background", "--name", "mine"]) == 0
    assert main(["jobs"]) == 0
    assert re.search(r"1 +mine +queued", capsys.readouterr().out)
    assert main(["stop", "1"]) == 0
    assert main(["resume", "1"]) == 1
    assert "only a paused or failed job can resume" in capsys.readouterr().err
    assert main(["clear", "1"]) == 0
    assert main(["stop", "1"]) == 1
    assert "no job 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nothing"], 'no recipe "nothing"; choose one of vae-fashion'),
        (["train", "vae-fashion", "--set", "epochs"], 'has no "="'),
        (["train", "vae-fashion", "--set", "epoch=3"], 'no setting "epoch"; choose .*epochs'),
        (["train", "vae-fashion", "--set", "epochs=-1"], "epochs is -1; choose 1 or more"),
        (["train", "vae-fashion", "--set", "dataset=cifar"], "cifar"),
        (["train", "vae-fashion", "--name", "../x"], "cannot name a run"),
        (["train", "vae-fashion", "--maps", "som"], 'no map "som"'),
        (["train", "vae-fashion", "--set", "pixels=100"], "set pixels=784"),
        (["evaluate", "nothing"], 'no run "nothing" here'),
        (["export", "nothing"], 'no run "nothing" here'),
        (["export", "vae-fashion", "--format", "gif"], 'no format "gif" for vae-fashion; choose'),
        (["import", "nothing.pth"], "nothing.pth"),
    ],
)
def test_a_slip_gets_one_sentence_and_status_1(arguments, sentence, capsys):
    assert main(arguments) == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("genlab: ")
    assert re.search(sentence, told), told


def test_ctrl_c_keeps_the_best_so_far(own_home):
    command = [sys.executable, "-m", "genlab", "train", "vae-fashion", "--name", "stopped"]
    command += ["--set", "epochs=5000", *SMALL, "--maps", "none", "--data-root"]
    bundled = ROOT / "genlab" / "data" / "bundled"
    process = subprocess.Popen(
        [*command, str(bundled)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if "epoch   2" in line:
            break
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert time.monotonic() - started < 60
    run = find_run("stopped")
    assert run.config["made"]["stopped_early"]
    assert run.config["made"]["epochs_done"] >= 2
    assert [path.name for path in new_runs().iterdir()] == ["stopped"]
