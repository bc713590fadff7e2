"""What a generative adversarial network makes of fixed noise, as pages show it. No torch in here.

Shapes: N samples, Z numbers of noise.
"""

from collections.abc import Mapping

import numpy as np

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.gan_layers import Layer, generate, generator_layers
from genlab.runs.film import has_film, load_film
from genlab.runs.folder import Run, load_tensors

COUNT, SIDE = 64, 28


def sample_images(run: Run) -> np.ndarray:
    """(64, 28, 28) uint8: the film's last frame, or samples of other noise where it has none.

    Raises:
        GenLabError: the film or the weights cannot be read, or do not fit the config.
    """
    if not has_film(run):
        return generated(run)
    images = load_film(run).frames.get("images")
    if images is None or images.dtype != np.uint8 or images.shape[2:] != (SIDE * SIDE,):
        raise GenLabError(
            f"The film of {run.name} shows no images; delete film.npz, or train it again."
        )
    return images[-1].reshape(-1, SIDE, SIDE)


def generated(run: Run) -> np.ndarray:
    """Samples of the run's weights: (64, 28, 28) uint8."""
    layers = layers_of_generator(run, load_tensors(run))
    with np.errstate(all="ignore"):
        images = np.nan_to_num(generate(layers, some_noise(run)))
    return (255.0 * images).round().astype(np.uint8).reshape(-1, SIDE, SIDE)


def layers_of_generator(run: Run, tensors: Mapping[str, np.ndarray]) -> list[Layer]:
    """As `generator_layers`, of a config that may be anybody's."""
    model = run.config["model"]
    kinds = {"architecture": str, "latent_dim": int, "averaging": (int, float)}
    if not all(isinstance(model.get(name), kind) for name, kind in kinds.items()):
        raise GenLabError(f"The config of {run.name} describes no GAN; mend its config.json.")
    return generator_layers(model, tensors)


def some_noise(run: Run) -> np.ndarray:
    """(64, Z) float32 draws of what the generator starts from; the same each time."""
    model, rng = run.config["model"], np.random.default_rng(0)
    shape = (COUNT, model["latent_dim"])
    if model.get("noise") == "uniform":
        return rng.uniform(-1.0, 1.0, shape).astype(np.float32)
    return rng.standard_normal(shape, dtype=np.float32)


def real_images(run: Run, count: int) -> np.ndarray:
    """The first test images of the run's dataset: (count, 28, 28) uint8."""
    return load_split(run.dataset, "test").images[:count]


def spread(images: np.ndarray) -> tuple[float, float]:
    """How unlike images (N, 28, 28) are: the mean distance of two of them, and the median
    distance of each to the one that is most like it; Euclidean, of pixels in [0, 1]."""
    x = images.reshape(len(images), -1).astype(np.float64) / 255.0
    squares = (x * x).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * x @ x.T, 0.0))
    others = apart[~np.eye(len(x), dtype=bool)].reshape(len(x), -1)
    return float(others.mean()), float(np.median(others.min(axis=1)))
