"""Event files, read back by TensorBoard's own reader."""

import builtins
import io
import sys

import numpy as np
import pytest
from PIL import Image

from genlab.cli import main
from genlab.errors import GenLabError
from genlab.places import ROOT, new_runs
from genlab.runs.folder import find_run, read_metrics
from genlab.runs.tensorboard import check_tensorboard, tile
from genlab.training.recipes import RECIPES, with_settings
from genlab.training.vae_step import learning_rate_at

SETTINGS = {"epochs": "3", "hidden": "8", "latent_dim": "2", "precision": "float32"}
TRAIN = ["train", "cvae-fashion", "--log", "tensorboard", "--maps", "none", "--iwae", "0"]
TRAIN += ["--data-root", str(ROOT / "genlab" / "data" / "bundled")]
TRAIN += [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]


@pytest.fixture
def read():
    """A function from an event folder to TensorBoard's reader of it."""
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    everything = {reader.SCALARS: 0, reader.IMAGES: 0}
    return lambda folder: reader.EventAccumulator(str(folder), everything).Reload()


def values(events, tag: str) -> dict[int, float]:
    return {event.step: event.value for event in events.Scalars(tag)}


def test_event_files_hold_the_runs_own_figures_and_pictures(read, capsys):
    assert main([*TRAIN, "--name", "logged"]) == 0
    assert f"tensorboard --logdir {new_runs()}" in capsys.readouterr().out
    run = find_run("logged")
    assert [path.name for path in new_runs().iterdir()] == ["logged"]
    train, validation = (read(run.path / "tensorboard" / part) for part in ("train", "validation"))
    metrics = read_metrics(run)
    for name in ("neg_elbo", "recon_nll", "kl"):
        for part, events in (("train", train), ("validation", validation)):
            expected = {line["epoch"]: line[part][name] for line in metrics}
            assert values(events, f"epoch/{name}") == pytest.approx(expected, rel=1e-6)
    seconds = {line["epoch"]: line["seconds"] for line in metrics}
    assert values(train, "epoch/seconds") == pytest.approx(seconds, abs=1e-3)

    steps = metrics[-1]["step"]
    reports, rates = values(train, "report/neg_elbo"), values(train, "report/learning_rate")
    assert list(reports) == list(rates) == [20, 40, 60, 63, 83, 103, 123, 126, 146, 166, 186, steps]
    config = with_settings(RECIPES["cvae-fashion"], SETTINGS).training
    expected = {step: learning_rate_at(config, step - 1, steps) for step in rates}
    assert rates == pytest.approx(expected, rel=1e-6)
    first_epoch = [20 * reports[step] for step in (20, 40, 60)] + [3 * reports[63]]
    assert sum(first_epoch) / 63 == pytest.approx(metrics[0]["train"]["neg_elbo"], rel=1e-5)

    pictures = validation.Images("pictures")
    assert [picture.step for picture in pictures] == [1, 2, 3]
    grids = [
        np.array(Image.open(io.BytesIO(picture.encoded_image_string)).convert("L"))
        for picture in pictures
    ]
    assert all(grid.shape == (3 * 28, 10 * 28) for grid in grids)
    assert np.array_equal(grids[0][:28], grids[2][:28])  # the same validation images
    assert not np.array_equal(grids[0][28:56], grids[2][28:56])  # reconstructed better


def test_a_training_that_fails_leaves_no_event_files(read, capsys):
    failing = [*TRAIN, "--set", "learning_rate=0.99", "--set", "schedule=constant"]
    assert main([*failing, "--set", "batch_size=8", "--name", "broken"]) == 1
    assert "no longer a number" in capsys.readouterr().err
    assert list(new_runs().iterdir()) == []


def test_a_disk_that_takes_no_event_files_is_named(read, monkeypatch, capsys):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch.utils.tensorboard.SummaryWriter.add_image", full)
    assert main([*TRAIN, "--name", "full"]) == 1
    assert "event files could not be written (No space left on device)" in capsys.readouterr().err
    assert list(new_runs().iterdir()) == []


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch, capsys):
    real = builtins.__import__

    def missing(name, *arguments, **options):
        if name.split(".")[0] == "tensorboard":
            raise ModuleNotFoundError("No module named 'tensorboard'")
        return real(name, *arguments, **options)

    for module in [name for name in sys.modules if "tensorboard" in name]:
        if not module.startswith("genlab"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(GenLabError, match='run "pip install tensorboard"'):
        check_tensorboard()
    assert main([*TRAIN, "--name", "unlogged"]) == 1
    assert not new_runs().exists() or list(new_runs().iterdir()) == []


def test_pictures_are_tiled_row_by_row():
    pictures = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    assert tile(pictures).tolist() == [
        [0, 1, 4, 5, 8, 9],
        [2, 3, 6, 7, 10, 11],
        [12, 13, 16, 17, 20, 21],
        [14, 15, 18, 19, 22, 23],
    ]
