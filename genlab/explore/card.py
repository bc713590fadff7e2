"""The card of a run: what it is, how it was made, and its figures beside their floors."""

from collections.abc import Mapping
from typing import Any

from genlab.data.catalogue import DatasetInfo, find_dataset
from genlab.explore.maps import METHODS
from genlab.runs.families import Figure, at, family_of, number_at
from genlab.runs.folder import Run, read_summary, write_card
from genlab.runs.foreign import provenance


def keep_card(run: Run) -> None:
    """Write the card beside the run, from its config and its summary."""
    write_card(run, card(run, read_summary(run)))


def card(run: Run, figures: Mapping[str, Any]) -> str:
    """The card as Markdown. Figures are those of the summary; a run without one has none."""
    info, family = find_dataset(run.dataset), family_of(run.family)
    training = run.config["training"]
    lines = [
        f"# {run.name}",
        "",
        f"{family.title} on {info.title}: {family.layers(run.config['model'])}.",
        "",
    ]
    if made := run.config.get("made"):
        lines += [
            "## How it was made",
            "",
            f"- Trained {made['date']} on {made['data']}; "
            f"{training['validation_share']:.0%} of {held_out(info)} held out for validation.",
            *start_lines(run.config.get("start")),
            f"- Adam, learning rate {training['learning_rate']:g} ({training['schedule']}), batch "
            f"{training['batch_size']}, {made['epochs_done']} of {training['epochs']} epochs, "
            f"seed {training['seed']}, precision {training['precision']}.",
            f"- The weights are those of epoch {made['best_epoch']}, the "
            f"{'last' if family.keeps_last else 'best on validation'}"
            f"{f', {rounded}' if (rounded := made.get('weights')) else ''}.",
            f"- torch {made['torch']} on {made['machine']}.",
            "",
        ]
    if imported := run.config.get("imported"):
        lines += ["## Where it came from", "", provenance(imported), ""]
    if figures:
        lines += figure_lines(run, figures)
    lines += ["## Data", "", f"{info.attribution} {info.home}", ""]
    return "\n".join(lines)


def start_lines(start: str | None) -> list[str]:
    return [f"- It began with the weights of {start}, where they fit."] if start else []


def held_out(info: DatasetInfo) -> str:
    return "the people" if info.of_people else "them"


def figure_lines(run: Run, figures: Mapping[str, Any]) -> list[str]:
    """All figures of the family in a table, and what else the summary tells."""
    lines = [
        "## Figures",
        "",
        f"On {figures['data']}. `python -m genlab evaluate {figures['name']}` computes them again.",
        "",
        "| figure | value | beside it |",
        "|---|---|---|",
    ]
    for figure in family_of(run.family).figures:
        reading = figure.read(figures)
        if reading is None:
            continue
        spread = number_at(figures, f"{figure.key}_std") or number_at(
            figures, f"{figure.key}_std_over_draws"
        )
        sd = f" (sd {spread:.{figure.decimals + 1}f})" if spread is not None else ""
        beside = "; ".join(f"{words} {figure.words(n)}" for words, n in reading.beside.items())
        value = figure.words(reading.value, figures) + sd + interval_words(figure, figures)
        under = "".join(
            f", {word} = {shown(at(figures, key))}" for word, key in figure.under.items()
        )
        lines.append(f"| {figure.name}{under} | {value} | {beside or figure.remark} |")
    return [*lines, "", *mode_lines(run, figures), *map_lines(figures)]


def shown(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


def interval_words(figure: Figure, figures: Mapping[str, Any]) -> str:
    """The 95 % interval of a figure, where the summary has one: " (0.9941 to 0.9967)"."""
    found = at(figures, f"{figure.key}_interval")
    if not isinstance(found, list) or len(found) != 2 or not all(type(n) is float for n in found):
        return ""
    return f" ({figure.words(found[0])} to {figure.words(found[1])})"


def mode_lines(run: Run, figures: Mapping[str, Any]) -> list[str]:
    """How many samples of each class there are."""
    shares, classes = at(figures, "mode_histogram"), find_dataset(run.dataset).classes
    if not isinstance(shares, list) or len(shares) != len(classes):
        return []
    parts = [f"{name} {share:.1%}" for name, share in zip(classes, shares, strict=True)]
    return [f"The classes of the samples: {', '.join(parts)}.", ""]


def map_lines(figures: Mapping[str, Any]) -> list[str]:
    """What the latent space and its maps know of the classes."""
    if not isinstance(maps := at(figures, "maps"), Mapping):
        return []
    lines = [
        "What the space and its maps know of the classes "
        f"(kNN, k = 10, leave-one-out; chance {figures['floors']['knn_chance']:.2f}):",
        "",
        "| space | kNN accuracy | silhouette | trustworthiness |",
        "|---|---|---|---|",
    ]
    for space, scores in maps.items():
        trust = scores["trustworthiness"]
        lines.append(
            f"| {METHODS.get(space, 'mu')} | {scores['knn_accuracy']:.3f} "
            f"| {scores['silhouette']:+.3f} | {'' if trust is None else f'{trust:.3f}'} |"
        )
    return [*lines, ""]
