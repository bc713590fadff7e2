"""The URLs of the Siamese page. Each names a version of the weights and of the images, so that most
answers are kept for ever."""

import hashlib

from genlab.data.images import load_split
from genlab.jobs.queue import Job
from genlab.runs.folder import Run
from genlab.ui.arrays import version_of
from genlab.ui.gan_arrays import film_version
from genlab.ui.siamese_view import SPLITS


def images_version(dataset: str) -> str:
    """8 hex digits of which images are in use.

    Raises:
        GenLabError: none are here.
    """
    origins = [load_split(dataset, split).origin for split in SPLITS]
    return hashlib.sha256("; ".join(origins).encode()).hexdigest()[:8]


def stamp_of(run: Run) -> str:
    return f"{version_of(run)}-{images_version(run.dataset)}"


def pairs_url(run: Run) -> str:
    """To be followed by ?split= and &seed=, as raw_url."""
    return f"genlab/siamese/pairs/{run.name}/{stamp_of(run)}.bin"


def raw_url(dataset: str) -> str:
    return f"genlab/siamese/raw/{dataset}/{images_version(dataset)}.bin"


def tiles_url(run: Run) -> str:
    return f"genlab/siamese/tiles/{run.name}/{stamp_of(run)}.png"


def film_url(run: Run) -> str:
    return f"genlab/siamese/film/{run.name}/{film_version(run)}-{images_version(run.dataset)}.bin"


def film_tiles_url(run: Run) -> str:
    return film_url(run).removesuffix(".bin") + ".png"


def job_film_url(job: Job) -> str:
    """To be followed by ?known= and the version of the film that is known."""
    return f"genlab/siamese/film/job/{job.id}.bin"


def job_film_tiles_url(job: Job) -> str:
    return f"genlab/siamese/film/job/{job.id}.png"


def map_url(run: Run, split: str) -> str:
    return f"genlab/siamese/map/{run.name}/{stamp_of(run)}/{split}.bin"


def raw_map_url(dataset: str, split: str) -> str:
    return f"genlab/siamese/rawmap/{dataset}/{images_version(dataset)}/{split}.bin"


def images_url(dataset: str, split: str, ending: str) -> str:
    """ending: "png" for the pictures, "bin" for their groups (see map_classes)."""
    return f"genlab/siamese/images/{dataset}/{images_version(dataset)}/{split}.{ending}"


def query_url(run: Run) -> str:
    """To be followed by ?among= and what `asked_picture` reads."""
    return f"genlab/siamese/query/{run.name}/{stamp_of(run)}"
