"""Several runs side by side: where their configs differ, and each figure beside its floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genlab.runs.families import Figure, family_of
from genlab.runs.folder import Run, read_summary

ABSENT = "—"
PLANNED = ("family", "dataset", "model", "training", "start")  # what was asked for, of a config
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
        floors = {self.floors[i] for i in known}
        if not self.better or len(floors) > 1 or len(set(known.values())) < 2:
            return set()
        top = max(known.values(), key=lambda value: self.better * value)
        return {i for i, value in known.items() if value == top}


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
    chosen = {part: config[part] for part in PLANNED if config.get(part)}
    if isinstance(made, Mapping):
        chosen["made"] = {name: made[name] for name in MADE if name in made}
    for part, value in chosen.items():
        if isinstance(value, Mapping):
            flat |= {f"{part}.{name}": str(item) for name, item in value.items()}
        else:
            flat[part] = str(value)
    return flat


def figures_in_common(runs: Sequence[Run]) -> list[Figure]:
    """The figures that the families of all the runs have."""
    tables = [family_of(run.family).figures for run in runs]
    return [f for f in tables[0] if all(f in table for table in tables)] if tables else []


def losses_in_common(runs: Sequence[Run]) -> list[str]:
    """The losses that the families of all the runs have, the first one first."""
    tables = [family_of(run.family).losses for run in runs]
    return [n for n in tables[0] if all(n in table for table in tables)] if tables else []


def figure_rows(runs: Sequence[Run]) -> list[FigureRow]:
    """The figures that the runs' families share and at least one run has, each with its floor."""
    summaries = [read_summary(run) for run in runs]
    rows = []
    for figure in figures_in_common(runs):
        readings = [figure.read(summary) for summary in summaries]
        if any(readings):
            values = tuple(reading and reading.value for reading in readings)
            floors = tuple(reading and next(iter(reading.beside.values()), None)
                           for reading in readings)  # fmt: skip
            rows.append(FigureRow(figure.name, values, floors, figure.decimals, figure.better))
    return rows
