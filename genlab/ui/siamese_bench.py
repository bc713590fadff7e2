"""The first tab of the Siamese page: pairs under a threshold, and the same in Python."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from genlab.data.images import load_split
from genlab.runs.folder import Run
from genlab.ui.components import mount
from genlab.ui.siamese_arrays import bench_of
from genlab.ui.siamese_state import SiameseState, held_run, take_in
from genlab.ui.siamese_urls import pairs_url, raw_url, stamp_of, tiles_url
from genlab.ui.siamese_view import COLOURS, PairsView, about


def show_bench(state: SiameseState, runs: Sequence[Run]) -> None:
    view = state.view
    with st.spinner("Embedding the images, once for each run…", show_time=True):
        for run in runs:  # the browser's questions are then answered at once
            bench_of(run.name, stamp_of(run), view.split, view.seed)
    data = {
        "runs": [
            {
                "name": run.name,
                "about": about(run),
                "colour": colour,
                "pairs": pairs_url(run),
                "tiles": tiles_url(run),
            }
            for run, colour in zip(runs, COLOURS, strict=False)
        ],
        "raw": raw_url(state.dataset),
        "view": {name: asdict(view)[name] for name in ("split", "seed", "t", "curve", "log")}
        | {"held": held_run(state, runs).name},
        "version": state.version,
    }
    result = mount("siamese_bench", data=data, key="siamese.bench", outputs=("view",))
    take_in(state, result.view, "split", "seed", "t", "held", "curve", "log")


def data_words(dataset: str) -> str:
    """Which images are in use, in words."""
    train, test = (load_split(dataset, split).origin for split in ("train", "test"))
    return f"Data: {test}; thresholds: {train}."


def bench_script(names: Sequence[str], dataset: str, view: PairsView) -> str:
    """A script of genlab calls that gives the same figures; it leaves `found`, `rates` and, of the
    run that is held, `row`, `accepts` and `rejects`."""
    held = names.index(view.held) if view.held in names else 0
    given = [*view.t, *[None] * len(names)][: len(names)]
    thresholds = [
        f"benches[{i}].threshold" if value is None else f"{value:g}"
        for i, value in enumerate(given)
    ]
    draw = f'"{view.split}", seed={view.seed}'
    return "\n".join(
        [
            "from genlab.explore.siamese_view import (",
            "    bench, rates_at, raw_bench, row_of_pairs, worst_accepts, worst_rejects",
            ")",
            "from genlab.plots.siamese import pair_figure",
            "from genlab.runs.folder import find_run",
            "",
            f"names = {list(names)!r}".replace("'", '"'),
            f"benches = [bench(find_run(name), {draw}) for name in names]",
            f'raw = raw_bench("{dataset}", {draw})  # the floor: distances of the pixels',
            f"thresholds = [{', '.join(thresholds)}, raw.threshold]",
            "found = [*benches, raw]",
            "rates = [rates_at(one, t) for one, t in zip(found, thresholds)]",
            "for one, rate in zip(found, rates):",
            "    print(one.name, rate, one.figures.auc, one.figures.eer)",
            "",
            f"held = benches[{held}]",
            f"row = row_of_pairs(held, {view.seed})  # numbers of 20 pairs, nearest first",
            "accepts, rejects = worst_accepts(held), worst_rejects(held)",
            "for number in row:",
            "    print(held.pairs[number], held.same[number], held.distances[number])",
            "",
            "figure = pair_figure(",
            "    names, [one.distances for one in benches], held.same, thresholds, raw.distances",
            ")",
            'figure.write_html("pairs.html")',
        ]
    )
