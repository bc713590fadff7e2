"""The spread over seeds of the plain recipe of the literature and of the shipped one.

    python -m benchmarks.seeds [--seeds 4] [--recipes vae-fashion,cvae-fashion] [--json]

Each run trains from scratch, keeps its best weights on validation and is measured on the 10,000
test images with one z an image. "plain" is Adam at a constant 1e-3 in float32; "shipped" is the
recipe as it stands. Full data are needed (GENLAB_DATA) for figures that compare with others'.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time

import torch

from genlab.data.floors import floors
from genlab.explore.evaluate_vae import elbo_figures
from genlab.runs.recording import record_run
from genlab.training.recipes import RECIPES, with_settings
from genlab.training.session import prepare

PLAIN = {"learning_rate": "1e-3", "schedule": "constant", "precision": "float32"}


def measure(recipe: str, settings: dict[str, str], seed: int) -> dict:
    config = with_settings(RECIPES[recipe], settings | {"seed": str(seed)})
    session, started = prepare(config), time.perf_counter()
    run = record_run(
        f"{recipe}-{seed}-{len(settings)}",
        config,
        session.step,
        session.records(),
        data_origin=session.origin,
    )
    seconds = time.perf_counter() - started
    return {"recipe": recipe, "seed": seed, "seconds": seconds} | elbo_figures(run)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=4)
    options.add_argument("--recipes", default="vae-fashion,cvae-fashion")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["GENLAB_HOME"] = home
        for recipe in asked.recipes.split(","):
            for kind, settings in (("plain", PLAIN), ("shipped", {})):
                for seed in range(asked.seeds):
                    rows.append({"kind": kind} | measure(recipe, settings, seed))
                    print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    print("| recipe | neg ELBO on test, mean (sd) over seeds | worst | entropy floor | s a run |")
    print("|---|---|---|---|---|")
    for recipe in asked.recipes.split(","):
        for kind in ("plain", "shipped"):
            chosen = [r for r in rows if r["recipe"] == recipe and r["kind"] == kind]
            values = [r["neg_elbo_test"] for r in chosen]
            spread = statistics.stdev(values) if len(values) > 1 else float("nan")
            entropy = floors(RECIPES[recipe].dataset).entropy
            seconds = statistics.median(r["seconds"] for r in chosen)
            print(
                f"| {recipe}, {kind} | {statistics.mean(values):.2f} ({spread:.2f}) "
                f"| {max(values):.2f} | {entropy:.2f} | {seconds:.0f} |"
            )


if __name__ == "__main__":
    main()
