import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.jobs import cost as costs
from genlab.jobs.cost import Probe, ask, cost, in_words, kept_at, kept_probe, seconds_per_step
from genlab.models.vae import VAE, VAEConfig
from genlab.places import ROOT
from genlab.runs.film import film_path, load_film, pack_film
from genlab.runs.folder import find_run, load_tensors, read_summary
from genlab.training import gan_step
from genlab.training.recipes import RECIPES

PROBE = Probe(
    device="CPU",
    seconds_to_start=2.0,
    seconds_per_step=0.01,
    seconds_per_validation=0.5,
    batches=50,
    memory_mb=400.0,
    gpu_memory_mb=0.0,
    parameters=1_000_000,
)


def config(epochs=2, **changes):
    saved = RECIPES["vae-fashion"].to_dict()
    saved["model"] |= {"hidden": 8, "latent_dim": 3}
    saved["training"] |= {"epochs": epochs, **changes}
    return saved


def test_time_is_the_start_and_every_epochs_updates_and_validation():
    assert cost(PROBE, config(epochs=4)).seconds == pytest.approx(2.0 + 4 * (50 * 0.01 + 0.5))


def test_disk_is_what_a_run_of_that_size_takes():
    run = find_run("vae2d-mnist")
    shipped_only = {"umap", "tsne-sklearn"}  # maps that a training here does not make
    files = [p for p in run.path.rglob("*") if p.is_file() and p.stem not in shipped_only]
    used = sum(path.stat().st_size for path in files)
    probe = Probe(**vars(PROBE) | {"parameters": read_summary(run)["parameters"]})
    assert cost(probe, run.config).disk_mb * 1e6 == pytest.approx(used, rel=0.05)


def test_disk_of_a_gan_is_its_weights_and_its_film(train_tiny):
    run = train_tiny("mine", epochs=3, latent_dim=128)
    split = load_split("mnist", "test").images[:64].reshape(64, -1)
    film = load_film(run)
    drawn = film.frames | {"images": np.stack([np.roll(split, i, 1) for i in range(len(film))])}
    film_path(run.path).write_bytes(pack_film(replace(film, frames=drawn)))
    used = sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())
    parameters = sum(array.size for array in load_tensors(run).values())
    probe = Probe(**vars(PROBE) | {"parameters": parameters, "batches": 5})
    estimate = cost(probe, run.config)
    assert estimate.disk_mb * 1e6 == pytest.approx(used, rel=0.1)
    assert estimate.working_disk_mb > 4 * 4 * parameters / 1e6


def test_the_early_frames_are_those_of_the_training():
    assert costs.EARLY_FRAMES == gan_step.EARLY_FRAMES


def test_a_classifier_takes_the_room_of_its_weights_alone():
    saved = RECIPES["digits-classifier"].to_dict()
    assert cost(PROBE, saved).disk_mb == pytest.approx(4.0)


def test_a_probe_describes_the_training_it_was_asked_about_and_is_kept():
    probe = ask(config())
    model = VAE(VAEConfig(hidden=8, latent_dim=3))
    assert probe.parameters == sum(p.numel() for p in model.parameters())
    assert probe.batches == 63  # 8,000 of the bundled images in batches of 128
    assert 0 < probe.seconds_per_step < 1
    assert probe.memory_mb > 50
    assert kept_probe(config()) == probe


def test_one_probe_serves_whatever_makes_the_same_updates():
    same = config(epochs=90, learning_rate=0.1, seed=7, schedule="constant")
    assert kept_at(config()) == kept_at(same)
    assert kept_at(config()) != kept_at(config(batch_size=64))
    assert kept_at(config()) != kept_at(config(precision="float32"))


def test_a_config_that_is_refused_is_one_sentence():
    refused = config()
    refused["model"]["latent_dim"] = 0
    with pytest.raises(GenLabError, match="latent_dim is 0; choose 1 or more"):
        ask(refused)


def test_without_the_images_the_mend_is_named():
    with pytest.raises(GenLabError, match=r"genlab\.data\.download kmnist"):
        ask(config() | {"dataset": "kmnist"})


def test_a_probe_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(costs, "PATIENCE", 0.01)
    with pytest.raises(GenLabError, match="choose a smaller model or batch"):
        ask(config())


def test_neither_warming_up_nor_validation_counts_as_updates():
    cold, warm = [0.1 * n for n in range(11)], [100.0 + 0.5 * n for n in range(6)]
    clock = iter([*cold, *warm])
    update = [SimpleNamespace(step=step, losses={}) for step in range(1, 16)]
    epoch = SimpleNamespace(step=10, validation={})
    records = [*update[:10], epoch, *update[10:]]
    assert seconds_per_step(records, clock.__next__) == pytest.approx(0.5)


def test_a_run_of_few_updates_is_timed_with_its_start():
    clock = iter([0.0, 0.5, 1.0])
    records = [SimpleNamespace(step=step, losses={}) for step in (1, 2)]
    assert seconds_per_step(records, clock.__next__) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59, "59 s"), (125, "2 min 5 s"), (1500, "25 min"), (11400, "3 h 10 min")],
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert in_words(seconds) == words


def test_the_command_prints_a_line_from_a_runs_config(tmp_path, monkeypatch, capsys):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config(epochs=100) | {"made": {}}))
    monkeypatch.setattr(costs, "measure", lambda saved: PROBE)
    monkeypatch.setattr(sys, "argv", ["cost", str(path)])
    assert costs.main() == 0
    assert "1 min 42 s on CPU: 50 updates an epoch at 100/s" in capsys.readouterr().out


def test_the_command_names_a_file_that_is_no_config(tmp_path, monkeypatch, capsys):
    path = tmp_path / "config.json"
    path.write_text("[1, 2]")
    monkeypatch.setattr(sys, "argv", ["cost", str(path)])
    assert costs.main() == 1
    assert "is no config that GenLab wrote" in capsys.readouterr().err


def test_importing_it_loads_no_torch():
    script = "import sys, genlab.jobs.cost, genlab.jobs.recipe_book; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
