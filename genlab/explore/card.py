"""The card of a run: what it is, how it was made, and its figures beside their floors."""

from typing import Any

from genlab.data.catalogue import DATASETS
from genlab.explore.maps import METHODS
from genlab.runs.folder import Run, read_summary, write_card
from genlab.runs.foreign import provenance

FAMILY_TITLES = {"vae": "Variational autoencoder", "cvae": "Conditional variational autoencoder"}


def keep_card(run: Run) -> None:
    """Write the card beside the run, from its config and its summary."""
    write_card(run, card(run, read_summary(run)))


def card(run: Run, figures: dict[str, Any]) -> str:
    """The card as Markdown. Figures are those of the summary; a run without one has none."""
    info = DATASETS[run.dataset]
    model, training = run.config["model"], run.config["training"]
    K = model.get("classes", 0)
    layers = (
        f"{model['pixels'] + K} - {model['hidden']} ReLU - "
        f"(mu {model['latent_dim']}, logvar {model['latent_dim']}); "
        f"{model['latent_dim'] + K} - {model['hidden']} ReLU - {model['pixels']}"
    )
    lines = [
        f"# {run.name}",
        "",
        f"{FAMILY_TITLES[run.family]} on {info.title}: {layers}.",
        "",
    ]
    if made := run.config.get("made"):
        lines += [
            "## How it was made",
            "",
            f"- Trained {made['date']} on {made['data']}; "
            f"{training['validation_share']:.0%} of them held out for validation.",
            f"- Adam, learning rate {training['learning_rate']:g} ({training['schedule']}), batch "
            f"{training['batch_size']}, {made['epochs_done']} of {training['epochs']} epochs, "
            f"seed {training['seed']}, precision {training['precision']}.",
            f"- The weights are those of epoch {made['best_epoch']}, the best on validation.",
            f"- torch {made['torch']} on {made['machine']}.",
            "",
        ]
    if imported := run.config.get("imported"):
        lines += ["## Where it came from", "", provenance(imported), ""]
    if figures:
        lines += figure_lines(figures)
    lines += ["## Data", "", f"{info.attribution} {info.home}", ""]
    return "\n".join(lines)


def figure_lines(figures: dict[str, Any]) -> list[str]:
    floors = figures["floors"]
    entropy, mean_image = floors["entropy"], floors["mean_image_nll"]
    lines = [
        "## Figures",
        "",
        f"On {figures['data']}, in nats an image. `python -m genlab evaluate {figures['name']}` "
        "computes them again.",
        "",
        "| figure | value | floor |",
        "|---|---|---|",
        f"| negative ELBO, one z an image | {figures['neg_elbo_test']:.2f} "
        f"(sd {figures['neg_elbo_test_std_over_draws']:.3f} over draws of z) "
        f"| {entropy:.2f} (pixel entropy) |",
        f"| reconstruction NLL | {figures['recon_nll_test']:.2f} "
        f"| {entropy:.2f} (pixel entropy); the mean image gives {mean_image:.2f} |",
        f"| KL(q(z given x), p(z)) | {figures['kl_test']:.2f} | 0 |",
    ]
    if "iwae_nll_test" in figures:
        lines.append(
            f"| importance-weighted NLL, K = {figures['iwae_samples']} "
            f"| {figures['iwae_nll_test']:.2f} | |"
        )
    lines += [
        f"| active latent dimensions | {figures['active_units']} of {len(figures['active'])} | |",
        "",
        "What the space and its maps know of the classes "
        f"(kNN, k = 10, leave-one-out; chance {floors['knn_chance']:.2f}):",
        "",
        "| space | kNN accuracy | silhouette | trustworthiness |",
        "|---|---|---|---|",
    ]
    for space, scores in figures["maps"].items():
        trust = scores["trustworthiness"]
        lines.append(
            f"| {METHODS.get(space, 'mu')} | {scores['knn_accuracy']:.3f} "
            f"| {scores['silhouette']:+.3f} | {'' if trust is None else f'{trust:.3f}'} |"
        )
    return [*lines, ""]
