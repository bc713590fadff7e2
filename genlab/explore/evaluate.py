"""Every figure of a run, computed from its weights and the data, whatever its family."""

from collections.abc import Callable, Iterable
from typing import Any

from genlab.errors import GenLabError
from genlab.explore.evaluate_classifier import evaluate_classifier
from genlab.explore.evaluate_gan import evaluate_gan
from genlab.explore.evaluate_siamese import evaluate_siamese
from genlab.explore.evaluate_vae import evaluate_vae
from genlab.runs.folder import Run


def evaluate(
    run: Run,
    *,
    methods: Iterable[str] = ("pca", "tsne"),
    iwae_samples: int = 100,
    probe: bool = True,
    keep: bool = False,
    say: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """All figures of a run as a JSON-ready dict, each score with its floors under "floors".

    Args:
        methods: of a VAE or CVAE: the maps to make and score, from explore.maps.METHODS.
        iwae_samples: of the same: K of the importance-weighted bound; 0 leaves it out.
        probe: of a GAN: also train linear probes on its discriminator's features, a minute or so.
        keep: also store the figures, and the arrays they come from, beside the run.
        say: called with what is being computed.

    Raises:
        GenLabError: the images are not here, or do not fit the model.
    """
    if run.family in ("vae", "cvae"):
        return evaluate_vae(run, methods=methods, iwae_samples=iwae_samples, keep=keep, say=say)
    if run.family == "gan":
        return evaluate_gan(run, probe=probe, keep=keep, say=say)
    if run.family == "classifier":
        return evaluate_classifier(run, keep=keep, say=say)
    if run.family == "siamese":
        return evaluate_siamese(run, keep=keep, say=say)
    raise GenLabError(f'"{run.name}" is of the family {run.family!r}, which is not measured.')
