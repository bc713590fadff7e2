"""The quality of a GAN's samples, told from the features of a fixed classifier of the same images.

Networks trained on photographs see nothing of digits, so the features are those of the shipped
`digits-classifier`. The real side is the first 10,000 training images, which every machine has:
figures from different machines stand on the same ground.
Shapes: N images, P pixels, F features, K classes.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.sample_scores import (
    Gaussian,
    class_histogram,
    frechet_distance,
    gaussian_of,
    kl_from_uniform,
    precision_and_recall,
    squared_radii,
)
from genlab.models.gan import sample_noise
from genlab.places import cache_dir
from genlab.runs.film import Score
from genlab.runs.folder import Run, find_run, weights_version, write_whole
from genlab.runs.models import load_model
from genlab.training.device import pick_precision
from genlab.training.recipes import RunConfig

CLASSIFIER = "digits-classifier"
REAL_IMAGES = 10_000
FILM_SAMPLES = 2_048  # of each frame; as many real images are their counterpart in recall
NOISE_SEED = 1  # not that of the 64 noises that a film shows
BATCH = 256


class Seen(NamedTuple):
    """What a classifier makes of images."""

    features: np.ndarray  # (N, F) float32
    labels: np.ndarray  # (N,) int64, the most likely class


@dataclass(frozen=True, eq=False)
class RealSide:
    """All of the real images that a frame of a film is scored against."""

    gaussian: Gaussian  # of REAL_IMAGES images
    features: np.ndarray  # (FILM_SAMPLES, F) float32, of the first of them
    radii: np.ndarray  # (FILM_SAMPLES,) their manifold's squared radii


def find_classifier(dataset: str) -> Run | None:
    """The run whose features fit a dataset's images, if there is one on this machine."""
    try:
        run = find_run(CLASSIFIER)
    except GenLabError:
        return None
    return run if run.family == "classifier" and run.dataset == dataset else None


def scorer(config: RunConfig) -> Score | None:
    """What scores a GAN while it trains, or None where no classifier fits its dataset.

    The score takes a GAN in eval mode and gives frechet, mode_kl, precision, recall and histogram
    (K,), of FILM_SAMPLES samples from the same noise every time.

    Raises:
        GenLabError: the training images or the classifier's weights cannot be read.
    """
    run = find_classifier(config.dataset) if config.family == "gan" else None
    if run is None:
        return None
    classifier, real = load_model(run), real_side(run)
    noise = sample_noise(FILM_SAMPLES, config.model, torch.Generator().manual_seed(NOISE_SEED))

    def score(model: nn.Module) -> dict[str, Any]:
        return film_scores(look(classifier, generate(model, noise, quick=True)), real)

    return score


def film_scores(seen: Seen, real: RealSide) -> dict[str, Any]:
    """The figures of one frame, from what the classifier makes of its samples."""
    coverage = precision_and_recall(real.features, seen.features, real_radii=real.radii)
    return {
        "frechet": frechet_distance(gaussian_of(seen.features), real.gaussian),
        **mode_figures(seen),
        "precision": coverage.precision,
        "recall": coverage.recall,
    }


def mode_figures(seen: Seen, classes: int = 10) -> dict[str, Any]:
    shares = class_histogram(seen.labels, classes)
    return {"mode_kl": kl_from_uniform(shares), "histogram": shares}


def film_floors(dataset: str) -> dict[str, Any]:
    """The figures of a frame for as many test images in place of samples: what a perfect
    generator would score. Empty where no classifier fits the dataset."""
    run = find_classifier(dataset)
    if run is None:
        return {}
    test = load_split(dataset, "test").images
    spaced = np.linspace(0, len(test) - 1, FILM_SAMPLES).astype(int)  # its halves differ in writers
    return film_scores(look(load_model(run), test[spaced]), real_side(run))


@torch.no_grad()
def generate(model: nn.Module, noise: torch.Tensor, *, quick: bool = False) -> np.ndarray:
    """Images (N, P) uint8 of a GAN in eval mode from noise (N, Z), on the model's own device.

    Args:
        quick: with bfloat16 products where the hardware has them, as a training takes them: one
            pixel in sixty comes out one grey level off.
    """
    device = next(model.parameters()).device
    dtype = pick_precision("auto" if quick else "float32", device)
    with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        parts = [model.generate(z.to(device)).mul(255.0).round() for z in noise.split(BATCH)]
    return torch.cat(parts).to(torch.uint8).cpu().numpy()


@torch.no_grad()
def look(classifier: nn.Module, images: np.ndarray) -> Seen:
    """Features and class of images (N, P) or (N, 28, 28) uint8."""
    features, labels = [], []
    for start in range(0, len(images), BATCH):
        rows = images[start : start + BATCH].astype(np.float32).reshape(-1, images[0].size)
        features.append(classifier.features(torch.from_numpy(rows).div_(255.0)))
        labels.append(classifier.head(features[-1]).argmax(1))
    return Seen(torch.cat(features).numpy(), torch.cat(labels).numpy())


def real_images(dataset: str) -> np.ndarray:
    """(REAL_IMAGES, 28, 28) uint8, the first training images."""
    return load_split(dataset, "train").images[:REAL_IMAGES]


def real_side(run: Run) -> RealSide:
    """The real side for a classifier, kept in the cache folder by its weights and the images."""
    images = real_images(run.dataset)
    content = hashlib.blake2b(images.tobytes(), digest_size=6).hexdigest()
    path = cache_dir() / "real-sides" / f"{weights_version(run)}-{content}.npz"
    kept = read_real_side(path)
    if kept is None:
        kept = compute_real_side(look(load_model(run), images).features)
        keep_real_side(path, kept)
    return kept


def compute_real_side(features: np.ndarray) -> RealSide:
    first = features[:FILM_SAMPLES]
    return RealSide(gaussian_of(features), first, squared_radii(first))


def read_real_side(path: Path) -> RealSide | None:
    """The kept real side; None where there is none, or none that can be understood."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            gaussian = Gaussian(saved["mean"], saved["covariance"])
            return RealSide(gaussian, saved["features"], saved["radii"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def keep_real_side(path: Path, real: RealSide) -> None:
    """A folder that takes no files is no error: it is computed again next time."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        mean=real.gaussian.mean,
        covariance=real.gaussian.covariance,
        features=real.features,
        radii=real.radii,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, buffer.getvalue())
    except OSError:
        return
