"""Every figure of a VAE or CVAE, computed from its weights and the test images."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from genlab.data.floors import floors
from genlab.data.images import load_split
from genlab.explore.latent import active_units, dimension_kl, encode_test, importance_nll
from genlab.explore.maps import map_scores, project
from genlab.runs.folder import Run, save_array, write_summary
from genlab.runs.models import load_model
from genlab.training.vae_step import elbo_terms

Say = Callable[[str], None]
DRAWS = 5  # seeds of eps: the spread of neg_elbo_test over draws of one z an image


def elbo_figures(run: Run) -> dict[str, float]:
    """neg_elbo_test and its two terms, one z an image, with the spread over DRAWS seeds of eps."""
    test, model = load_split(run.dataset, "test"), load_model(run)
    images = torch.from_numpy(test.images.copy()).flatten(1)
    labels = torch.from_numpy(test.labels.astype(np.int64))
    draws = [elbo_terms(model, images, labels, seed=seed) for seed in range(DRAWS)]
    figures = {f"{name}_test": draws[0][name] for name in draws[0]}
    figures["neg_elbo_test_std_over_draws"] = float(np.std([d["neg_elbo"] for d in draws], ddof=1))
    return figures


def evaluate_vae(
    run: Run,
    *,
    methods: Iterable[str] = ("pca", "tsne"),
    iwae_samples: int = 100,
    keep: bool = False,
    say: Say = lambda what: None,
) -> dict[str, Any]:
    """All figures of a run as a JSON-ready dict, each score with its floors under "floors".

    Args:
        run: a VAE or CVAE.
        methods: the maps to make and score, from explore.maps.METHODS.
        iwae_samples: K of the importance-weighted bound; 0 leaves it out.
        keep: also store the figures, the latent means and the maps beside the run.
        say: called with what is being computed.

    Raises:
        GenLabError: the test images are not here, or do not fit the model.
    """
    test = load_split(run.dataset, "test")
    say("Encoding the test images")
    posterior = encode_test(run)
    kl, active = dimension_kl(posterior), active_units(posterior.mu)
    result: dict[str, Any] = {
        "name": run.name,
        "family": run.family,
        "dataset": run.dataset,
        "data": test.origin,
        "parameters": sum(p.numel() for p in load_model(run).parameters()),
        **elbo_figures(run),
        "kl_per_dim": kl.tolist(),
        "active": active.tolist(),
        "active_units": int(active.sum()),
    }
    if iwae_samples:
        say(f"Importance-weighted bound, {iwae_samples} latents an image")
        result["iwae_nll_test"] = float(importance_nll(run, samples=iwae_samples).mean())
        result["iwae_samples"] = iwae_samples
    say("Floors of the dataset")
    result["floors"] = asdict(floors(run.dataset)) | {"knn_chance": 1 / len(test.info.classes)}
    say("Scoring the latent space")
    result["maps"] = {"mu": map_scores(test.labels, posterior.mu)}
    if keep:
        save_array(run, "latents/mu", posterior.mu)
    for method in methods:
        say(f"Map: {method}")
        embedding = project(method, posterior.mu)
        result["maps"][method] = map_scores(test.labels, embedding, posterior.mu)
        if keep:
            save_array(run, f"maps/{method}", embedding)
    if keep:
        write_summary(run, result)
    return result
