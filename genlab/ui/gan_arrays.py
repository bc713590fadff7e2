"""What the GAN theatre fetches by URL: films, generators, and the training images nearest to some.

All of it is read without torch. A film travels as a JSON header and raw arrays, see `film_message`.
"""

import base64
import gzip
import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from genlab.data.images import load_split, stamp
from genlab.errors import GenLabError
from genlab.explore.gan_layers import generator_layers
from genlab.explore.training_neighbour import nearest_floor, nearest_training
from genlab.jobs.queue import Job, find_job
from genlab.runs.film import HALF, Film, film_path, load_film
from genlab.runs.folder import Run, find_run, load_tensors
from genlab.ui.answers import message
from genlab.ui.arrays import version_of
from genlab.ui.job_films import job_stands, newest_film

PIXELS = 784  # of an image
MOST_ASKED = 64  # images that one question may hold


def generator_url(run: Run) -> str:
    return f"genlab/generator/{run.name}/{version_of(run)}.safetensors"


def generator_bytes(run: Run) -> bytes:
    """The generator as safetensors: n.weight and n.bias of layer n, the layers in the metadata.

    Weights of products travel as float16, which no pixel notices by more than one of 255 greys.

    Raises:
        GenLabError: the weights do not fit the architecture that the run names.
    """
    model = run.config["model"]
    layers = generator_layers(model, load_tensors(run))
    tensors, plan = {}, []
    for n, layer in enumerate(layers):
        plan.append(
            {
                "kind": layer.kind,
                "takes": layer.takes,
                "gives": layer.gives,
                "stride": layer.stride,
                "padding": layer.padding,
                "slope": layer.slope,
            }
        )
        if layer.weight is not None:
            kind = np.float32 if layer.kind == "affine" else np.float16
            tensors[f"{n}.weight"] = np.clip(layer.weight, -HALF, HALF).astype(kind, order="C")
            tensors[f"{n}.bias"] = np.ascontiguousarray(layer.bias, np.float32)
    about = {
        "layers": json.dumps(plan),
        "latent_dim": str(model["latent_dim"]),
        "noise": str(model["noise"]),
    }
    return save(tensors, about)


# Films


def film_url(run: Run) -> str:
    return f"genlab/film/{run.name}/{film_version(run)}.bin"


def film_version(run: Run) -> str:
    """12 hex digits of the film's SHA-256, read again only when the file changes."""
    path = film_path(run.path)
    return digest_of(path, *stamp(path))


@lru_cache(maxsize=64)
def digest_of(path: Path, *_stamp: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=12)
def film_bytes(name: str, version: str) -> bytes:
    """The whole film of a run, as `film_message` lays it out, in gzip."""
    return gzip.compress(film_message(load_film(find_run(name))), 6, mtime=0)


def film_message(film: Film, *, after: int = -1, seen: int = 0, **header: Any) -> bytes:
    """A film, or its part that somebody does not have yet, for a browser.

    Eight bytes: the length of the header (uint32, little-endian) and four zeros. The header, JSON
    with spaces behind it up to a multiple of 8 bytes; it has `frames` (F), `first` (the first frame
    that is here), `updates` and `images_seen` (F each), `seen` (updates of the trace that are not
    here) and `arrays`: name, dtype, shape and offset in bytes from the header's end, a multiple
    of 8. The arrays: noise (N, Z) float32, images (f, N, P) uint8, opinions (f, N) float32,
    score.NAME (f, ...) float32 and trace.NAME (u,) float16.

    Args:
        after: the newest frame that is known already.
        seen: updates of the trace that are known already.
        header: more entries of the header.

    Raises:
        GenLabError: it is the film of something else than a GAN.
    """
    check_film(film)
    first = min(after + 1, len(film))
    arrays = {"noise": film.fixed["noise"].astype("<f4")}
    arrays["images"] = film.frames["images"][first:]
    arrays["opinions"] = film.frames["opinions"][first:].astype("<f4")
    arrays |= {f"score.{name}": v[first:].astype("<f4") for name, v in film.scores.items()}
    arrays |= {f"trace.{name}": v[seen:].astype("<f2") for name, v in film.trace.items()}
    told = {
        "frames": len(film),
        "first": first,
        "updates": film.updates.tolist(),
        "images_seen": film.images_seen.tolist(),
        "seen": seen,
        **header,
    }
    return message(told, arrays)


def check_film(film: Film) -> None:
    nothing = np.empty(0)
    noise = film.fixed.get("noise", nothing)
    images, opinions = (film.frames.get(name, nothing) for name in ("images", "opinions"))
    shown = images.dtype == np.uint8 and images.ndim == 3 and images.shape[2] == PIXELS
    if not (shown and opinions.shape == images.shape[:2] and noise.ndim == 2) or (
        len(noise) != images.shape[1] or any(v.ndim != 1 for v in film.trace.values())
    ):
        raise GenLabError(
            "This film shows no images made from noise; delete film.npz, or train the run again."
        )


def job_film_url(job: Job) -> str:
    return f"genlab/film/job/{job.id}.bin"


def job_film_bytes(job_id: int, after: int, seen: int) -> bytes:
    """What is new of the film of a job, in gzip, with how the job stands.

    The header has `job` besides, as `job_stands` gives it. Before the first frame `frames` is 0.

    Raises:
        GenLabError: there is no such job, or its film is broken.
    """
    job = find_job(job_id)
    stands = job_stands(job)  # before its film, which may go on meanwhile
    film, _ = newest_film(job)
    return gzip.compress(film_message(film or EMPTY, after=after, seen=seen, job=stands), 3)


EMPTY = Film(
    updates=np.empty(0, np.int64),
    images_seen=np.empty(0, np.int64),
    fixed={"noise": np.empty((0, 1), np.float32)},
    frames={"images": np.empty((0, 0, PIXELS), np.uint8), "opinions": np.empty((0, 0), np.float32)},
    scores={},
    trace={},
)


# Training images


def nearest_answer(dataset: str, pixels: bytes) -> bytes:
    """The training images nearest to some, for a browser.

    Args:
        pixels: up to MOST_ASKED images of 784 bytes.

    Returns:
        JSON: `index`, `distance` and `label` of each, `pixels` (each image as base64), and the
        `floor`: least, low and median distance of test images, and which training images.

    Raises:
        GenLabError: the bytes are not such images, or no training images are here.
    """
    count = len(pixels) // PIXELS
    if not 0 < count <= MOST_ASKED or len(pixels) % PIXELS:
        raise GenLabError(
            f"{len(pixels)} bytes are not 1 to {MOST_ASKED} images of {PIXELS}; reload the page."
        )
    found = nearest_training(dataset, np.frombuffer(pixels, np.uint8).reshape(count, PIXELS))
    train = load_split(dataset, "train")
    answer = {
        "index": found.index.tolist(),
        "distance": found.distance.round(3).tolist(),
        "label": [train.info.classes[train.labels[i]] for i in found.index],
        "pixels": [base64.b64encode(train.images[i].tobytes()).decode() for i in found.index],
        "floor": asdict(nearest_floor(dataset)),
    }
    return json.dumps(answer).encode()
