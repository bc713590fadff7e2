"""Every test has a GENLAB_HOME of its own and the bundled data alone."""

import json

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """New runs and caches of a test go to a folder that nothing else sees."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GENLAB_HOME", str(home))
    return home


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
def rng():
    return np.random.default_rng(0)
