"""Every figure of a GAN, computed from its weights, the images and the digit classifier."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from genlab.data.images import ImageSplit, load_split
from genlab.explore.gan_probe import probe_figures
from genlab.explore.gan_scores import (
    Seen,
    film_floors,
    find_classifier,
    generate,
    look,
    mode_figures,
    real_images,
)
from genlab.explore.memorisation import memorisation
from genlab.explore.sample_scores import (
    frechet_distance,
    gaussian_of,
    precision_and_recall,
    squared_radii,
)
from genlab.models.gan import sample_noise
from genlab.runs.folder import Run, write_summary
from genlab.runs.models import load_model

SAMPLES = 10_000  # as many as there are test images
COMPARED = 1_000  # of the samples, each with all training images
NOISE_SEED = 2  # not the film's, nor that of its scores

Say = Callable[[str], None]


def evaluate_gan(
    run: Run, *, probe: bool = True, keep: bool = False, say: Say = lambda what: None
) -> dict[str, Any]:
    """Fréchet distance, modes, precision, recall, memorisation and linear probes of a GAN.

    The first four are of 10,000 samples against the 10,000 test images by the features of the
    shipped classifier; beside them, under "floors", the first 10,000 training images in place of
    the samples. They are left out where no classifier fits the dataset. Arguments and errors as
    genlab.explore.evaluate.evaluate.
    """
    train, test = (load_split(run.dataset, split) for split in ("train", "test"))
    model = load_model(run).to(memory_format=torch.channels_last)  # twice as fast
    say(f"Drawing {SAMPLES:,} samples")
    noise = sample_noise(SAMPLES, model.config, torch.Generator().manual_seed(NOISE_SEED))
    samples = generate(model, noise)
    result: dict[str, Any] = {
        "name": run.name,
        "family": run.family,
        "dataset": run.dataset,
        "data": f"{test.origin}; {train.origin}",
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    scores, floors = score_figures(run.dataset, samples, test, say)
    result |= scores
    say(f"The nearest of {len(train.images):,} training images to {COMPARED:,} samples")
    result["memorisation"] = memorisation(run.dataset, samples[:COMPARED]).to_dict()
    if probe:
        result |= probe_figures(model, train, test, say)
    floors["chance"] = 1 / len(test.info.classes)
    result["floors"] = floors
    if keep:
        write_summary(run, result)
    return result


def score_figures(
    dataset: str, samples: np.ndarray, test: ImageSplit, say: Say
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of samples (N, P) uint8, and the same of training images in their place."""
    classifier_run = find_classifier(dataset)
    if classifier_run is None:
        return {}, {}
    say("Features of samples, training and test images")
    classifier = load_model(classifier_run)
    fake, train, real = (
        look(classifier, images) for images in (samples, real_images(dataset), test.images)
    )
    say("Precision and recall")
    radii = squared_radii(real.features)
    ours, theirs = against(fake, real, radii), against(train, real, radii)
    figures = {
        "frechet_test": ours["frechet"],
        "frechet_floor": theirs["frechet"],
        "mode_kl": ours["mode_kl"],
        "mode_histogram": ours["histogram"].tolist(),
        "precision": ours["precision"],
        "recall": ours["recall"],
    }
    film = film_floors(dataset)
    floors = {name: theirs[name] for name in ("frechet", "mode_kl", "precision", "recall")}
    floors["film"] = film | {"histogram": film["histogram"].tolist()}
    return figures, floors


def against(seen: Seen, real: Seen, radii: np.ndarray) -> dict[str, Any]:
    """The four figures of one set of images against another, whose manifold has these radii."""
    coverage = precision_and_recall(real.features, seen.features, real_radii=radii)
    return {
        "frechet": frechet_distance(gaussian_of(seen.features), gaussian_of(real.features)),
        **mode_figures(seen),
        "precision": coverage.precision,
        "recall": coverage.recall,
    }
