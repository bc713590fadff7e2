"""Small pictures made from the runs at hand, for the gallery: PNG bytes, without torch."""

from io import BytesIO

import numpy as np
from PIL import Image

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.maps import load_map, ready_methods
from genlab.explore.samples import sample_images
from genlab.runs.folder import Run, load_tensors
from genlab.ui.embedding_portrait import small_embedding
from genlab.ui.scatter import Size, scatter
from genlab.ui.siamese_state import missing_images

MAP = Size(width=560, height=300, dot=2)


def map_picture(run: Run) -> bytes:
    """The run's test images as points of their class colours on a transparent ground."""
    points = load_map(run, ready_methods(run)[0])
    labels = load_split(run.dataset, "test").labels[: len(points)]
    return png(Image.fromarray(scatter(points, labels, MAP)))


def embedding_picture(run: Run) -> bytes:
    """The same of the embedding that a Siamese network keeps.

    Raises:
        GenLabError: the images are not on this machine.
    """
    picture = small_embedding(run)
    if picture is None:
        raise GenLabError(missing_images(run.dataset))
    return png(Image.fromarray(picture))


def traversal_picture(run: Run, *, rows: int = 5, columns: int = 10) -> bytes:
    """What the decoder makes of single latent dimensions from -3 to 3: one dimension a row."""
    moving = np.argsort(run_spread(run))[::-1][:rows]
    z = np.zeros((rows, columns, run.latent_dim), np.float32)
    for row, dimension in enumerate(moving):
        z[row, :, dimension] = np.linspace(-3, 3, columns)
    pixels = decoded(run, z.reshape(-1, run.latent_dim), label=8 if run.conditional else None)
    side = int(np.sqrt(pixels.shape[1]))
    grid = pixels.reshape(rows, columns, side, side).swapaxes(1, 2)
    picture = Image.fromarray((255 * grid).astype(np.uint8).reshape(rows * side, columns * side))
    return png(picture.resize((columns * side * 2, rows * side * 2), Image.Resampling.NEAREST))


def samples_picture(run: Run, *, rows: int = 5, columns: int = 10) -> bytes:
    """Images that the run generates from the first of its fixed noises."""
    images = sample_images(run)[: rows * columns]
    side = images.shape[1]
    grid = images.reshape(rows, columns, side, side).swapaxes(1, 2)
    picture = Image.fromarray(grid.reshape(rows * side, columns * side))
    return png(picture.resize((columns * side * 2, rows * side * 2), Image.Resampling.NEAREST))


def run_spread(run: Run) -> np.ndarray:
    """(Z,) how strongly each latent dimension steers the decoder: the norm of its weights."""
    return np.linalg.norm(load_tensors(run)["decoder.0.weight"][:, : run.latent_dim], axis=0)


def decoded(run: Run, z: np.ndarray, label: int | None) -> np.ndarray:
    """Mean pixels (N, P) in [0, 1] of latents (N, Z), the decoder's two layers in numpy."""
    weights = load_tensors(run)
    if label is not None:
        z = np.hstack(
            [z, np.eye(run.config["model"]["classes"], dtype=np.float32)[[label] * len(z)]]
        )
    hidden = np.maximum(z @ weights["decoder.0.weight"].T + weights["decoder.0.bias"], 0.0)
    logits = hidden @ weights["decoder.2.weight"].T + weights["decoder.2.bias"]
    return 1.0 / (1.0 + np.exp(-logits))


def png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)  # small already; a page waits for it
    return buffer.getvalue()
