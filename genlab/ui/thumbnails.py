"""Small pictures made from the runs at hand, for the gallery: PNG bytes, without torch."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageColor

from genlab.data.images import load_split
from genlab.explore.maps import load_map, ready_methods
from genlab.explore.samples import sample_images
from genlab.explore.siamese_view import plane_of, points_of
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.folder import Run, load_tensors

WIDTH, HEIGHT, FINER = 560, 300, 2  # pixels; drawn FINER times larger, then reduced


def map_picture(run: Run) -> bytes:
    """The run's test images as points of their class colours on a transparent ground."""
    return points_picture(load_map(run, ready_methods(run)[0]), run.dataset)


def embedding_picture(run: Run) -> bytes:
    """The same of the embedding that a Siamese network keeps."""
    points = points_of(run, "test")
    return points_picture(plane_of(points).place(points), run.dataset)


def points_picture(points: np.ndarray, dataset: str) -> bytes:
    """points: (N, 2), of the dataset's first test images."""
    labels = load_split(dataset, "test").labels[: len(points)]
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    scale = FINER * 0.92 * min(WIDTH / (high - low)[0], HEIGHT / (high - low)[1])
    centre = FINER * np.array([WIDTH, HEIGHT]) / 2
    spots = (points - (low + high) / 2) * [scale, -scale] + centre
    canvas = np.zeros((FINER * HEIGHT, FINER * WIDTH, 4), np.uint8)
    colours = np.array([(*ImageColor.getrgb(colour), 255) for colour in CLASS_COLOURS], np.uint8)
    for dx, dy in np.ndindex(3, 3):
        x, y = (spots + np.array([dx - 1, dy - 1])).astype(int).T
        seen = (x >= 0) & (x < canvas.shape[1]) & (y >= 0) & (y < canvas.shape[0])
        canvas[y[seen], x[seen]] = colours[labels[seen]]
    return png(Image.fromarray(canvas).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


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
