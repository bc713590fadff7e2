"""Siamese runs, written in a moment: untrained weights, and planted embeddings: the classes stand
on a circle, each image a little off its own place."""

import json

import numpy as np

from genlab.data.images import load_split
from genlab.jobs.queue import Job, submit
from genlab.runs.film import Film, film_path, pack_film
from genlab.runs.folder import Run, find_run, new_run_folder, save_array, write_summary

SPREAD = 0.2
UPDATES = (0, 10, 25, 50, 100)


def planted(labels: np.ndarray, *, spread: float = SPREAD, width: int = 2, seed: int = 0):
    """(N, E) float32: class k of ten at angle 36 k degrees, noise beside it."""
    rng = np.random.default_rng(seed)
    angle = 2.0 * np.pi * labels.astype(float) / 10.0
    places = np.zeros((len(labels), width))
    places[:, :2] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (places + spread * rng.standard_normal(places.shape)).astype(np.float32)


def some_film(*, updates=UPDATES, images: int = 60, width: int = 2, seed: int = 0) -> Film:
    """Held-out images that move from one heap to the places of their classes."""
    rng = np.random.default_rng(seed)
    labels = load_split("mnist", "train").labels
    index = rng.choice(len(labels), images, replace=False)
    goal = planted(labels[index], width=width, seed=seed)
    share = np.linspace(0.05, 1.0, len(updates))[:, None, None]
    U = updates[-1]
    trace = {
        "pair_loss": 0.3 * np.exp(-3.0 * np.arange(U) / U),
        "pair_eer": 0.5 * np.exp(-3.0 * np.arange(U) / U),
        "d_same": np.linspace(0.5, 0.2, U),
        "d_different": np.linspace(0.5, 1.2, U),
    }
    return Film(
        updates=np.array(updates, np.int64),
        images_seen=64 * np.array(updates, np.int64),
        fixed={"index": index.astype(np.int32), "labels": labels[index].astype(np.uint16)},
        frames={"embedding": (share * goal).astype(np.float16)},
        scores={},
        trace={name: values.astype(np.float32) for name, values in trace.items()},
    )


def some_config(dataset: str = "mnist", **model):
    from genlab.models.siamese import SiameseConfig
    from genlab.training.config import TrainConfig
    from genlab.training.recipes import RunConfig

    return RunConfig(
        family="siamese",
        dataset=dataset,
        model=SiameseConfig(**{"channels": 2, "embedding_dim": 2} | model),
        training=TrainConfig(batch_size=64),
    )


def submit_siamese_job(name: str, *, state: str = "running", **model) -> Job:
    """A job that nobody trains."""
    job = submit(name, some_config(**model).to_dict(), state=state)
    job.folder.mkdir(parents=True)
    return job


def shoot(job: Job, updates: tuple[int, ...]) -> Film:
    """The job's film has come so far."""
    film = some_film(updates=updates)
    film_path(job.folder).write_bytes(pack_film(film, small=False))
    return film


def write_siamese_run(
    name: str,
    *,
    dataset: str = "mnist",
    film: bool = True,
    kept: bool = True,
    spread: float = SPREAD,
    summary: dict | None = None,
    seed: int = 0,
    **model,
) -> Run:
    """A run of that name; `kept` embeddings are planted, others are what its weights give."""
    import torch
    from safetensors.torch import save

    from genlab.models.siamese import SiameseNetwork

    config = some_config(dataset, **model)
    width = config.model.embedding_dim
    torch.manual_seed(seed)
    weights = SiameseNetwork(config.model).state_dict()
    with new_run_folder(name) as folder:
        (folder / "model.safetensors").write_bytes(save(weights))
        (folder / "config.json").write_text(json.dumps(config.to_dict()))
        if film:
            film_path(folder).write_bytes(pack_film(some_film(width=width), small=False))
    run = find_run(name)
    if kept:
        for place, split in enumerate(("train", "test")):
            labels = load_split(dataset, split).labels[:10_000]
            points = planted(labels, spread=spread, width=width, seed=10 * seed + place)
            save_array(run, f"embeddings/{split}", points.astype(np.float16))
    if summary is not None:
        write_summary(run, summary)
    return run
