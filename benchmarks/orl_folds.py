"""The five folds of ORL: train on 32 people, verify the eight others, five times.

    GENLAB_DATA=... GENLAB_HOME=... python -m benchmarks.orl_folds [--set KEY=VALUE ...] [--json]

Every person is in one test fold. Settings are those of the recipe siamese-orl, which starts from
the shipped siamese-lfw (--set start= draws weights instead), unless --set says
otherwise, the same for all folds. None is chosen by test images, but for the window of the pictures
(see genlab/data/orl.py). The runs are kept in
GENLAB_HOME as siamese-orl, siamese-orl-2 ... siamese-orl-5; one that is there is only measured.
"""

import argparse
import json
import statistics
from typing import Any

from genlab.cli.training import read_settings
from genlab.data.catalogue import ORL_FOLDS
from genlab.explore.card import keep_card
from genlab.explore.evaluate import evaluate
from genlab.runs.folder import Run, find_run, list_runs
from genlab.runs.models import start_weights
from genlab.runs.recording import record_run
from genlab.training.device import use_one_thread
from genlab.training.recipes import find_recipe, with_settings
from genlab.training.session import prepare

FIGURES = ("pair_eer_test", "pair_auc_test", "pair_accuracy_test", "knn_accuracy_test")
FLOORS = ("raw_pair_eer", "raw_pair_auc", "raw_pair_accuracy", "raw_knn")


def trained(dataset: str, settings: dict[str, str]) -> Run:
    name = f"siamese-{dataset}"
    if name in {run.name for run in list_runs()}:
        return find_run(name)
    config = with_settings(find_recipe("siamese-orl"), settings | {"dataset": dataset})
    session = prepare(config, weights=start_weights(config))
    return record_run(name, config, session.step, session.records(), data_origin=session.origin)


def measured(dataset: str, settings: dict[str, str]) -> dict[str, Any]:
    run = trained(dataset, settings)
    found = evaluate(run, keep=True)
    keep_card(run)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    use_one_thread()
    rows = [measured(name, read_settings(asked.settings)) for name in ORL_FOLDS]
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    print("| fold | EER (raw pixels) | AUC | pair accuracy | nearest neighbour |")
    print("|---|---|---|---|---|")
    for row in rows:
        cells = [
            f"{row[figure]:.4f} ({row['floors'][floor]:.4f})"
            for figure, floor in zip(FIGURES, FLOORS, strict=True)
        ]
        print(f"| {row['dataset']} | {' | '.join(cells)} |", flush=True)
    for figure in FIGURES:
        values = [row[figure] for row in rows]
        spread = statistics.stdev(values)
        print(f"{figure}: mean {statistics.mean(values):.4f}, sd over folds {spread:.4f}")


if __name__ == "__main__":
    main()
