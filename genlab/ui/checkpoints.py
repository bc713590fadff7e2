"""What the Checkpoints page shows of a run: its facts and its script."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from genlab.data.catalogue import DATASETS, KNOWN
from genlab.errors import GenLabError
from genlab.explore.layers import LayerXRay, layer_xray
from genlab.explore.xray import XRay, xray
from genlab.runs.archive_check import check_epoch
from genlab.runs.families import Figure, Reading, family_of, number_at
from genlab.runs.folder import Run, find_run, is_shipped, read_metrics, read_summary
from genlab.runs.foreign_scan import plain
from genlab.runs.manage import read_tags


@dataclass(frozen=True)
class Facts:
    """A line about a run. A figure that is not there is None."""

    family_name: str  # as in its config, made harmless
    family: str  # for people
    dataset: str  # as in its config, made harmless
    data: str  # for people
    brief: str  # its size, such as "20-D"
    origin: str  # "trained" or "imported"
    date: str
    parameters: float | None
    figure: Figure | None  # the headline of its family
    headline: Reading | None
    tags: tuple[str, ...]
    owner: str | None  # "" is the command line; None of a shipped run, which is nobody's
    changed: float  # seconds since 1970, when its config was written

    @property
    def rank(self) -> tuple[str, float] | None:
        """Orders runs from the best on, among those of one headline; None of an unmeasured one."""
        if self.figure is None or self.headline is None:
            return None
        return self.figure.key, self.figure.excess(self.headline)

    @property
    def words(self) -> str:
        size = f" · {self.brief}" if self.brief else ""
        return f"{self.family} · {self.data}{size}"

    @property
    def when(self) -> str:
        return f"{self.origin} {self.date}".strip()


def facts(run: Run) -> Facts:
    """The facts of a run, read with care: its files may be anybody's."""
    figures, family = read_summary(run), family_of(run.family)
    imported = run.config.get("imported")
    made = run.config.get("made") if imported is None else imported
    info = KNOWN.get(run.dataset)
    headline = family.figures[0] if family.figures else None
    return Facts(
        family_name=plain(run.family, 12),
        family=plain(family.short, 12),
        dataset=plain(run.dataset, 30),
        data=info.title if info else plain(run.dataset, 30),
        brief=plain(family.brief(run.config["model"]), 30),
        origin="trained" if imported is None else "imported",
        date=plain(str(made.get("date", "")), 10) if isinstance(made, dict) else "",
        parameters=number_at(figures, "parameters"),
        figure=headline,
        headline=headline.read(figures) if headline else None,
        tags=tuple(read_tags(run)),
        owner=None if is_shipped(run) else run.owner,
        changed=changed(run),
    )


def changed(run: Run) -> float:
    try:
        return (run.path / "config.json").stat().st_mtime
    except OSError:  # deleted a moment ago
        return 0.0


def metrics_of(run: Run) -> list[dict[str, Any]]:
    """The run's epochs, oldest first.

    Raises:
        GenLabError: there are metrics, but they cannot be read.
    """
    try:
        return [check_epoch(line) for line in read_metrics(run)]
    except (ValueError, OSError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise GenLabError(
            f"The metrics of {run.name} cannot be read; copy the run again."
        ) from error


@st.cache_resource(max_entries=64, show_spinner="X-raying …")
def xray_of(name: str, version: str, dataset: str) -> XRay:
    return xray(find_run(name))


@st.cache_resource(max_entries=64, show_spinner="X-raying …")
def layers_of(name: str, version: str, dataset: str) -> LayerXRay:
    return layer_xray(find_run(name))


def checkpoints_script(run: Run) -> str:
    """Python that gives the page's view of a run."""
    latents = family_of(run.family).xray == "latents"
    dataset = run.dataset if run.dataset in DATASETS else "mnist"
    return (
        (LATENT_IMPORTS if latents else LAYER_IMPORTS)
        + FIGURES.format(name=run.name)
        + (LATENT_SCRIPT if latents else LAYER_SCRIPT)
        + IN_AND_OUT.format(dataset=dataset)
    )


LATENT_IMPORTS = """\
from genlab.explore.findings import findings
from genlab.explore.xray import xray
from genlab.plots.xray import kl_bars
"""
LAYER_IMPORTS = """\
from genlab.explore.layer_findings import layer_findings
from genlab.explore.layers import layer_xray
from genlab.plots.layers import layer_bars
"""
FIGURES = """\
from genlab.runs.families import family_of
from genlab.runs.folder import find_run, read_summary

run = find_run("{name}")
figures = read_summary(run)
for figure in family_of(run.family).figures:
    reading = figure.read(figures)
    if reading is not None:
        print(figure.name, reading.value, "beside", reading.beside)

"""
LATENT_SCRIPT = """\
inside = xray(run)
for finding in findings(inside):
    print(finding.kind, finding.text)
figure = kl_bars(inside.kl, inside.active, inside.collapsed)  # figure.show() opens it in a browser
"""
LAYER_SCRIPT = """\
inside = layer_xray(run)
for finding in layer_findings(run, inside):
    print(finding.kind, finding.text)
figure = layer_bars(inside.layers)  # figure.show() opens it in a browser
"""
IN_AND_OUT = """
# In and out, as by the buttons; a zipped run, .pth, .pt or .safetensors comes in:
# from pathlib import Path
# from genlab.runs.archive import import_any
# from genlab.runs.exports import export_run
# name, content = export_run(run, "onnx")  # or "zip", "safetensors", "hub"
# Path(name).write_bytes(content)
# import_any("theirs.pth", "theirs", dataset="{dataset}")
"""
