"""The arrays that a browser asks for by URL, as bytes; and those URLs.

Shipped runs bring their latent means and maps, so that none of this loads torch for them.
"""

from functools import lru_cache

import numpy as np
from safetensors.numpy import save

from genlab.errors import GenLabError
from genlab.explore.maps import align, load_map
from genlab.runs.folder import (
    Run,
    find_run,
    load_array,
    load_tensors,
    weights_path,
    weights_version,
)


def version_of(run: Run) -> str:
    """The version of the run's weights, read again only when the file changes."""
    status = weights_path(run).stat()
    return stored_version(run.name, str(run.path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def stored_version(name: str, path: str, changed: int, size: int) -> str:
    return weights_version(find_run(name))


def decoder_url(run: Run) -> str:
    return f"genlab/decoder/{run.name}/{version_of(run)}.safetensors"


def latents_url(run: Run) -> str:
    return f"genlab/latents/{run.name}/{version_of(run)}.bin"


def map_url(run: Run, method: str, onto: tuple[Run, str] | None = None) -> str:
    url = f"genlab/map/{run.name}/{version_of(run)}/{method}.bin"
    return url if onto is None else f"{url}?onto={onto[0].name}:{onto[1]}"


def decoder_bytes(run: Run) -> bytes:
    """The decoder's tensors as safetensors, with latent_dim and classes in its metadata."""
    tensors = {
        name: np.ascontiguousarray(array, np.float32)
        for name, array in load_tensors(run).items()
        if name.startswith("decoder.")
    }
    classes = run.config["model"].get("classes", 0)
    return save(tensors, {"latent_dim": str(run.latent_dim), "classes": str(classes)})


def latent_means(run: Run) -> np.ndarray:
    """mu of the test images, (N, Z) float32; encoded now if the run does not bring it."""
    mu = load_array(run, "latents/mu")
    if mu is None:
        from genlab.explore import latent  # torch loads only for a run that needs it

        mu = latent.latent_means(run)
    return mu


def map_coordinates(run: Run, method: str, onto: str | None = None) -> np.ndarray:
    """A map, (N, 2) float32; with `onto`, "RUN:METHOD", laid over that one.

    Raises:
        GenLabError: no such map, or the two are of different datasets.
    """
    embedding = load_map(run, method)
    if onto is None:
        return embedding
    name, _, other_method = onto.partition(":")
    other = find_run(name)
    fixed = load_map(other, other_method)
    if fixed.shape != embedding.shape or other.dataset != run.dataset:
        raise GenLabError(
            f"{run.name} and {name} map different images, {run.dataset} and {other.dataset}; "
            "switch the alignment off."
        )
    return align(embedding, fixed)
