"""The verbs that tell of runs: all of them in a line each, or every figure of one."""

import argparse
import json
import sys

from genlab.errors import GenLabError
from genlab.runs.families import family_of
from genlab.runs.folder import Run, find_run, list_runs, read_summary


def list_all(options: argparse.Namespace) -> None:
    from genlab.training.recipes import RECIPES

    print("Recipes")
    for name, config in RECIPES.items():
        print(f"  {name:<18} {config.family} on {config.dataset}, {config.training.epochs} epochs")
    print("Runs")
    for run in list_runs():
        print(f"  {run.name:<18} {run.family} on {run.dataset}, {headline(read_summary(run))}")


def headline(figures: dict) -> str:
    """The first figure of a run's family, from its summary."""
    known = family_of(str(figures.get("family"))).figures
    reading = known[0].read(figures) if known else None
    if reading is None:
        return "not yet measured"
    return f"{known[0].name} {known[0].words(reading.value)} on test"


def evaluate(options: argparse.Namespace) -> None:
    from genlab.explore.card import keep_card

    run = find_run(options.name)
    methods = read_methods(options.maps)
    figures = describe(run, methods, options.iwae, options.keep, options.probe)
    if options.keep:
        keep_card(run)
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        print_figures(figures)


def describe(
    run: Run, methods: list[str], iwae_samples: int = 100, keep: bool = True, probe: bool = True
) -> dict:
    from genlab.explore.evaluate import evaluate as compute

    return compute(
        run, methods=methods, iwae_samples=iwae_samples, probe=probe, keep=keep, say=note
    )


def read_methods(text: str) -> list[str]:
    from genlab.explore.maps import METHODS

    methods = [] if text == "none" else [part.strip() for part in text.split(",")]
    if text == "all":
        methods = list(METHODS)
    for method in methods:
        if method not in METHODS:
            raise GenLabError(
                f'There is no map "{method}"; choose {", ".join(METHODS)}, all, none.'
            )
    return methods


def print_figures(figures: dict) -> None:
    """The figures of a run's family, each beside its floors, and what its maps know."""
    print(f"On {figures['data']}:")
    for figure in family_of(figures["family"]).figures:
        reading = figure.read(figures)
        if reading is None:
            continue
        beside = ", ".join(f"{words} {figure.words(n)}" for words, n in reading.beside.items())
        print(
            f"  {figure.name:<32} {figure.words(reading.value, figures):>10}"
            + (f"   ({beside})" if beside else "")
        )
    for space, scores in figures.get("maps", {}).items():
        trust = scores["trustworthiness"]
        shown = "" if trust is None else f", trustworthiness {trust:.3f}"
        print(
            f"  {space:<14} kNN {scores['knn_accuracy']:.3f} "
            f"(chance {figures['floors']['knn_chance']:.2f}), "
            f"silhouette {scores['silhouette']:+.3f}{shown}"
        )


def note(what: str) -> None:
    print(f"  {what} …", file=sys.stderr)
