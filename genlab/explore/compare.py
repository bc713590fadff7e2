"""Several runs side by side: where their configs differ, and each figure beside its floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genlab.runs.folder import Run, read_summary

ABSENT = "—"
PLANNED = ("family", "dataset", "model", "training")  # what was asked for, of a config
MADE = ("data", "best_epoch", "stopped_early")  # and of what came of it


@dataclass(frozen=True)
class Difference:
    setting: str  # "model.latent_dim"
    values: tuple[str, ...]  # of each run; ABSENT where it has none


@dataclass(frozen=True)
class FigureRow:
    name: str
    values: tuple[float | None, ...]  # of each run
    floors: tuple[float | None, ...]  # of each run's dataset
    decimals: int
    better: int  # -1 where less is better, 1 where more is, 0 where neither

    def best(self) -> set[int]:
        """The runs of the best value, where the runs can be ranked: same floor, another value."""
        known = {i: v for i, v in enumerate(self.values) if v is not None}
        if not self.better or len(set(self.floors)) > 1 or len(set(known.values())) < 2:
            return set()
        top = max(known.values(), key=lambda value: self.better * value)
        return {i for i, value in known.items() if value == top}


FIGURES = (  # name, key of the summary, key of its floor, decimals, better
    ("Negative ELBO, nats", "neg_elbo_test", "entropy", 2, -1),
    ("Reconstruction NLL, nats", "recon_nll_test", "entropy", 2, -1),
    ("KL, nats", "kl_test", "", 2, 0),
    ("Importance-weighted NLL, nats", "iwae_nll_test", "entropy", 2, -1),
    ("10-NN accuracy of μ", "knn", "knn_chance", 3, 1),
    ("Active latent dimensions", "active_units", "", 0, 0),
    ("Parameters", "parameters", "", 0, 0),
)


def config_differences(runs: Sequence[Run]) -> tuple[list[Difference], int]:
    """The settings in which the runs differ, and how many are the same in all."""
    flat = [flat_config(run.config) for run in runs]
    names = list(dict.fromkeys(name for config in flat for name in config))
    rows = [Difference(n, tuple(config.get(n, ABSENT) for config in flat)) for n in names]
    different = [row for row in rows if len(set(row.values)) > 1]
    return different, len(rows) - len(different)


def flat_config(config: Mapping[str, Any]) -> dict[str, str]:
    """Settings as words, under names such as "model.latent_dim"."""
    flat: dict[str, str] = {}
    made = config.get("made")
    chosen = {part: config[part] for part in PLANNED if part in config}
    if isinstance(made, Mapping):
        chosen["made"] = {name: made[name] for name in MADE if name in made}
    for part, value in chosen.items():
        if isinstance(value, Mapping):
            flat |= {f"{part}.{name}": str(item) for name, item in value.items()}
        else:
            flat[part] = str(value)
    return flat


def figure_rows(runs: Sequence[Run]) -> list[FigureRow]:
    """The figures that at least one run has, each with the floor of its dataset."""
    summaries = [read_summary(run) for run in runs]
    rows = []
    for name, key, floor_key, decimals, better in FIGURES:
        values = tuple(figure_of(summary, key) for summary in summaries)
        floors = tuple(figure_of(part(summary, "floors"), floor_key) for summary in summaries)
        if any(value is not None for value in values):
            rows.append(FigureRow(name, values, floors, decimals, better))
    return rows


def figure_of(summary: Mapping[str, Any], key: str) -> float | None:
    """A finite number of a summary, which may be anybody's."""
    found = part(part(summary, "maps"), "mu").get("knn_accuracy") if key == "knn" else None
    found = summary.get(key) if found is None else found
    good = type(found) in (int, float) and abs(found) < 1e300  # so no NaN either
    return found if good else None


def part(summary: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = summary.get(key)
    return found if isinstance(found, Mapping) else {}
