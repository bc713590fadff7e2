"""Questions put to a trained VAE or CVAE. Torch stays in here: arrays go in and out.

Shapes: N images, P pixels, Z latent dimensions.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.walks import walk as walk  # asked for here as well
from genlab.objectives.elbo import importance_weighted_nll, kl_per_dimension
from genlab.runs.folder import Run, load_array, save_array
from genlab.runs.models import load_model

ACTIVE_VARIANCE = 0.01  # of mu_j over the data; Burda et al. 2016, section 5.2, use the same


@dataclass(frozen=True)
class Posterior:
    mu: np.ndarray  # (N, Z) float32
    logvar: np.ndarray  # (N, Z) float32


@torch.no_grad()
def encode(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> Posterior:
    """q(z|x) of images (N, 28, 28) uint8; a CVAE sees the labels (N,) too."""
    parts = []
    for start in range(0, len(images), 1000):
        x = torch.from_numpy(images[start : start + 1000].astype(np.float32)).flatten(1) / 255.0
        c = torch.from_numpy(labels[start : start + 1000].astype(np.int64))
        parts.append(model.encode(x, c))
    mu, logvar = (torch.cat(column).numpy() for column in zip(*parts, strict=True))
    return Posterior(mu, logvar)


@torch.no_grad()
def decode(model: nn.Module, z: np.ndarray, label: int | np.ndarray = 0) -> np.ndarray:
    """Mean images (N, side, side) in [0, 1] of latents (N, Z), or (Z,) for one image.

    A CVAE decodes under `label`, one for all or (N,).
    """
    z = torch.from_numpy(np.atleast_2d(np.asarray(z, dtype=np.float32)))
    labels = torch.from_numpy(np.broadcast_to(np.asarray(label, np.int64), len(z)).copy())
    pixels = model.decode(z, labels).sigmoid().numpy()
    side = int(np.sqrt(pixels.shape[1]))
    return pixels.reshape(-1, side, side)


def latent_means(run: Run) -> np.ndarray:
    """mu of all test images of the run's dataset: (N, Z) float32, kept beside the run."""
    mu = load_array(run, "latents/mu")
    if mu is None:
        mu = encode_test(run).mu
        save_array(run, "latents/mu", mu)
    return mu


def encode_test(run: Run) -> Posterior:
    """q(z|x) of all test images of the run's dataset."""
    test = load_split(run.dataset, "test")
    model = load_model(run)
    if model.config.pixels != test.images[0].size:
        raise GenLabError(
            f'Run "{run.name}" takes images of {model.config.pixels} pixels but those of '
            f"{test.info.title} have {test.images[0].size}; choose the dataset it was trained on."
        )
    return encode(model, test.images, test.labels)


def dimension_kl(posterior: Posterior) -> np.ndarray:
    """Mean KL of each latent dimension: (Z,) nats."""
    mu, logvar = torch.from_numpy(posterior.mu), torch.from_numpy(posterior.logvar)
    return kl_per_dimension(mu, logvar).mean(dim=0, dtype=torch.float64).numpy()


def active_units(mu: np.ndarray) -> np.ndarray:
    """Which dimensions carry something: (Z,) bool, variance of mu_j over the data above 0.01."""
    return mu.var(axis=0) > ACTIVE_VARIANCE


@torch.no_grad()
def importance_nll(run: Run, *, samples: int = 100, seed: int = 0) -> np.ndarray:
    """Importance-weighted bound of -log p(x) for each test image: (N,) nats."""
    test, model = load_split(run.dataset, "test"), load_model(run)
    posterior = encode(model, test.images, test.labels)
    generator = torch.Generator().manual_seed(seed)
    bounds = []
    for part in np.array_split(np.arange(len(test.images)), max(1, len(test.images) // 250)):
        x = torch.from_numpy(test.images[part].astype(np.float32)).flatten(1) / 255.0
        labels = torch.from_numpy(test.labels[part].astype(np.int64))
        bound = importance_weighted_nll(
            x,
            torch.from_numpy(posterior.mu[part]),
            torch.from_numpy(posterior.logvar[part]),
            lambda z, labels=labels: model.decode(
                z, labels.repeat_interleave(len(z) // len(labels))
            ),
            samples=samples,
            generator=generator,
        )
        bounds.append(bound.numpy())
    return np.concatenate(bounds)


def traversal(z: np.ndarray, dimension: int, *, span: float = 3.0, steps: int = 11) -> np.ndarray:
    """z (Z,) with one dimension moved evenly from -span to span: (steps, Z)."""
    line = np.repeat(np.asarray(z, np.float32)[None], steps, axis=0)
    line[:, dimension] = np.linspace(-span, span, steps)
    return line


def decode_plane(model: nn.Module, *, span: float = 3.0, tiles: int = 20, label: int = 0):
    """Mean images on a square grid of a 2-D latent: (tiles, tiles, side, side), top row first."""
    if model.config.latent_dim != 2:
        raise GenLabError(f"The latent has {model.config.latent_dim} dimensions; a plane takes 2.")
    axis = np.linspace(-span, span, tiles, dtype=np.float32)
    z = np.stack(np.meshgrid(axis, axis[::-1]), axis=-1).reshape(-1, 2)
    images = decode(model, z, label)
    return images.reshape(tiles, tiles, *images.shape[1:])
