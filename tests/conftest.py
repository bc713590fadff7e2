"""Every test has a GENLAB_HOME of its own and the bundled data alone."""

import json
import os

import numpy as np
import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several processes (`pytest -n 2`) a file stays whole, and most browser tests share one
    process, with one browser and one server: a small machine has no room for many. The files with
    the fewest tests come last, among them those in browsers that keep the other process busy."""
    from xdist.scheduler import LoadFileScheduling

    last = ("test_siamese.py", "test_train.py", "test_two_servers.py")  # with servers of their own

    class OneBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid):
            where = super()._split_scope(nodeid)
            in_browser = where.startswith("tests/browser/") and not where.endswith(last)
            return "browser" if in_browser else where

    return OneBrowser(config, log)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """New runs and caches of a test go to a folder that nothing else sees."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GENLAB_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def own_place(monkeypatch):
    """A job that a test runs in this process does not put all later tests behind everybody."""
    monkeypatch.setattr(os, "nice", lambda by: 0, raising=False)


@pytest.fixture
def three_shipped(tmp_path_factory, monkeypatch):
    """As if three runs came with GenLab, whatever more there are: for tests of whole lists."""
    from genlab.places import shipped_runs

    names, real = ("vae-fashion", "cvae-fashion", "vae2d-mnist"), shipped_runs()
    folder = tmp_path_factory.mktemp("shipped")
    for name in names:
        (folder / name).symlink_to(real / name)
    (folder / "shipped.json").write_text(json.dumps(names))
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", lambda: folder)


@pytest.fixture
def make_run(own_home):
    """Write a small untrained run with real layers; return it."""
    from genlab.models.cvae import CVAE, CVAEConfig
    from genlab.models.vae import VAE, VAEConfig
    from genlab.runs.folder import find_run, new_run_folder
    from genlab.training.config import TrainConfig
    from genlab.training.recipes import RunConfig

    def make(name="tiny", family="vae", dataset="fashion", **model):
        import torch
        from safetensors.torch import save

        config_type, model_type = {"vae": (VAEConfig, VAE), "cvae": (CVAEConfig, CVAE)}[family]
        config = config_type(**{"hidden": 8, "latent_dim": 3} | model)
        torch.manual_seed(0)
        with new_run_folder(name) as folder:
            (folder / "model.safetensors").write_bytes(save(model_type(config).state_dict()))
            saved = RunConfig(family=family, dataset=dataset, model=config, training=TrainConfig())
            (folder / "config.json").write_text(json.dumps(saved.to_dict()))
        return find_run(name)

    return make


@pytest.fixture
def train_tiny(own_home):
    """Train a small network of another family than a VAE's for a few updates on bundled images;
    return the run."""
    from dataclasses import replace

    import torch

    from genlab.data.images import load_split
    from genlab.models.digit_classifier import ClassifierConfig
    from genlab.models.gan import GANConfig
    from genlab.models.siamese import SiameseConfig
    from genlab.runs.recording import record_run
    from genlab.training.config import TrainConfig
    from genlab.training.loop import total_steps, train
    from genlab.training.recipes import FAMILIES, RunConfig, build_model, fitted
    from genlab.training.session import resident

    models = {
        "gan": GANConfig(architecture="dcgan-32", latent_dim=4),
        "classifier": ClassifierConfig(channels=2, feature_dim=4),
        "siamese": SiameseConfig(channels=2, embedding_dim=3),
    }

    def make(name="tiny", family="gan", dataset="mnist", *, epochs=2, images=200, **model):
        split = load_split(dataset, "train")
        config = RunConfig(
            family=family,
            dataset=dataset,
            model=fitted(replace(models[family], **model), split.info),
            training=TrainConfig(epochs=epochs, batch_size=32, precision="float32"),
        )
        few = replace(split, images=split.images[:images], labels=split.labels[:images])
        data = resident(few, config.training, torch.device("cpu"))
        steps = total_steps(len(data.images), config.training)
        step = FAMILIES[family].step(build_model(config), config.training, steps)
        if hasattr(step, "watch"):
            step.watch(data)
        records = train(step, data, config.training)
        return record_run(name, config, step, records, data_origin="a few images")

    return make


@pytest.fixture
def rng():
    return np.random.default_rng(0)
