"""GAN runs with a film, written in a moment: untrained weights, frames that fade from noise to
real images, and made-up scores."""

import json

import numpy as np

from genlab.data.images import load_split
from genlab.runs.film import Film, film_path, pack_film
from genlab.runs.folder import Run, find_run, new_run_folder

UPDATES = (0, 10, 25, 50, 100, 250, 500)


def some_film(
    *, updates=UPDATES, batch: int = 64, noises: int = 64, latent_dim: int = 8, seed: int = 0
) -> Film:
    """A film whose trace has as many updates as its last frame names."""
    rng = np.random.default_rng(seed)
    F, U = len(updates), updates[-1]
    real = load_split("mnist", "test").images[:noises].reshape(noises, -1)
    share = np.linspace(0.0, 1.0, F)[:, None, None]
    noise = rng.integers(0, 256, (F, noises, 784))
    images = ((1.0 - share) * noise + share * real).astype(np.uint8)
    fall = np.exp(-3.0 * np.linspace(0.0, 1.0, F))
    shares = rng.dirichlet(np.ones(10), F)
    trace = {
        "loss_d": 1.4 - 0.8 * np.arange(U) / U + 0.1 * rng.standard_normal(U),
        "loss_g": 0.7 + 1.5 * np.arange(U) / U + 0.2 * rng.standard_normal(U),
        "d_real": rng.uniform(0.5, 0.9, U),
        "d_fake": rng.uniform(0.1, 0.5, U),
    }
    return Film(
        updates=np.array(updates, np.int64),
        images_seen=batch * np.array(updates, np.int64),
        fixed={"noise": rng.standard_normal((noises, latent_dim)).astype(np.float32)},
        frames={"images": images, "opinions": rng.uniform(0, 1, (F, noises)).astype(np.float32)},
        scores={
            "frechet": (400.0 * fall).astype(np.float32),
            "mode_kl": (2.0 * fall).astype(np.float32),
            "precision": (1.0 - fall).astype(np.float32),
            "recall": (0.9 - 0.9 * fall).astype(np.float32),
            "histogram": shares.astype(np.float32),
        },
        trace={name: values.astype(np.float32) for name, values in trace.items()},
    )


def write_gan_run(
    name: str,
    *,
    architecture: str = "dcgan-32",
    latent_dim: int = 8,
    film: Film | None = None,
    summary: dict | None = None,
    seed: int = 0,
) -> Run:
    """A run of that name; its generator's weights are torch's first ones, made stronger."""
    import torch
    from safetensors.torch import save

    from genlab.models.gan import GAN, GANConfig
    from genlab.training.config import TrainConfig
    from genlab.training.recipes import RunConfig

    config = RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture=architecture, latent_dim=latent_dim),
        training=TrainConfig(batch_size=64),
    )
    torch.manual_seed(seed)
    model = GAN(config.model)
    with torch.no_grad():
        for parameter in model.generator.parameters():
            parameter.mul_(1.6)
    with new_run_folder(name) as folder:
        (folder / "model.safetensors").write_bytes(save(model.state_dict()))
        (folder / "config.json").write_text(json.dumps(config.to_dict()))
        film = film or some_film(latent_dim=latent_dim, seed=seed)
        film_path(folder).write_bytes(pack_film(film, small=False))
        if summary is not None:
            (folder / "summary.json").write_text(json.dumps(summary))
    return find_run(name)


def probe_summary(**more) -> dict:
    """Figures of a probe, as `evaluate --keep` stores them, made up."""
    shares = {"1": 0.94, "3": 0.965, "10": 0.983, "30": 0.987}
    return {
        "frechet_test": 12.5,
        "frechet_floor": 1.2,
        "probe_test_accuracy": 0.983,
        "probe_test_accuracy_std": 0.0011,
        "probe_train_accuracy": 1.0,
        "probe_untrained_test_accuracy": 0.941,
        "probe_raw_test_accuracy": 0.902,
        "probe_confusion": (np.eye(10, dtype=int) * 975 + 2).tolist(),
        "probe_by_share": {
            share: {
                "images": 600 * int(share),
                "draws": 5,
                "test_accuracy": accuracy,
                "test_accuracy_std": 0.002,
                "train_accuracy": 1.0,
                "raw_test_accuracy": accuracy - 0.07,
            }
            for share, accuracy in shares.items()
        },
        "floors": {
            "chance": 0.1,
            "film": {"frechet": 3.5, "mode_kl": 0.004, "precision": 0.75, "recall": 0.74},
        },
    } | more
