"""What the Checkpoints page shows of a run: its facts, a strip of pictures, its script."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from genlab.data.catalogue import DATASETS
from genlab.errors import GenLabError
from genlab.explore.xray import XRay, reconstruct, xray
from genlab.runs.archive_check import check_epoch
from genlab.runs.folder import Run, find_run, is_shipped, read_metrics, read_summary
from genlab.runs.foreign_scan import plain
from genlab.runs.manage import read_tags

ENLARGED = 4


@dataclass(frozen=True)
class Facts:
    """A line about a run. A figure that is not there is None."""

    family_name: str  # as in its config, made harmless
    family: str  # for people
    dataset: str  # as in its config, made harmless
    data: str  # for people
    latent_dim: int | None
    origin: str  # "trained" or "imported"
    date: str
    parameters: int | None
    neg_elbo: float | None  # nats per image on the test images
    entropy: float | None  # floor of its reconstruction term
    mean_image: float | None  # what always predicting the mean image costs
    active: int | None
    recon_nll: float | None
    kl: float | None
    tags: tuple[str, ...]
    owner: str | None  # "" is the command line; None of a shipped run, which is nobody's
    changed: float  # seconds since 1970, when its config was written

    @property
    def excess(self) -> float | None:
        """The loss above its floor, in units of the mean image's: below 1 it has learnt."""
        if self.neg_elbo is None or self.entropy is None or self.mean_image is None:
            return None
        room = self.mean_image - self.entropy
        return (self.neg_elbo - self.entropy) / room if room > 0 else None

    @property
    def words(self) -> str:
        size = f" · {self.latent_dim}-D" if self.latent_dim else ""
        return f"{self.family} · {self.data}{size}"

    @property
    def when(self) -> str:
        return f"{self.origin} {self.date}".strip()


def facts(run: Run) -> Facts:
    """The facts of a run, read with care: its files may be anybody's."""
    figures = read_summary(run)
    floors = figures.get("floors")
    floors = floors if isinstance(floors, dict) else {}
    imported = run.config.get("imported")
    made = run.config.get("made") if imported is None else imported
    info, latent_dim = DATASETS.get(run.dataset), run.config["model"].get("latent_dim")
    return Facts(
        family_name=plain(run.family, 12),
        family=plain(run.family.upper(), 12),
        dataset=plain(run.dataset, 30),
        data=info.title if info else plain(run.dataset, 30),
        latent_dim=latent_dim if isinstance(latent_dim, int) else None,
        origin="trained" if imported is None else "imported",
        date=plain(str(made.get("date", "")), 10) if isinstance(made, dict) else "",
        parameters=number(figures.get("parameters")),
        neg_elbo=number(figures.get("neg_elbo_test")),
        entropy=number(floors.get("entropy")),
        mean_image=number(floors.get("mean_image_nll")),
        active=number(figures.get("active_units")),
        recon_nll=number(figures.get("recon_nll_test")),
        kl=number(figures.get("kl_test")),
        tags=tuple(read_tags(run)),
        owner=None if is_shipped(run) else run.owner,
        changed=changed(run),
    )


def changed(run: Run) -> float:
    try:
        return (run.path / "config.json").stat().st_mtime
    except OSError:  # deleted a moment ago
        return 0.0


def number(value: Any) -> Any:
    """The value if it is a finite number; a whole one of JSON may be larger than any float."""
    return value if type(value) in (int, float) and abs(value) < 1e300 else None


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


@st.cache_data(max_entries=256, show_spinner=False)
def thumbnail(name: str, version: str, dataset: str) -> bytes:
    """PNG: what the run makes of the first test image of each class, in two rows. Version and
    dataset are its own: a run that is imported anew under one name is drawn anew."""
    recons = reconstruct(find_run(name))[1]
    return png(np.concatenate([np.hstack(half) for half in np.array_split(recons, 2)]))


@st.cache_data(max_entries=64, show_spinner=False)
def comparison(name: str, version: str, dataset: str) -> bytes:
    """PNG: the first test image of each class above, what the run makes of it below."""
    return png(np.concatenate([np.hstack(row) for row in reconstruct(find_run(name))]))


def png(picture: np.ndarray) -> bytes:
    """A picture in [0, 1], enlarged, for the browser would blur the pixels."""
    grey = np.nan_to_num(picture * 255).clip(0, 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(grey.repeat(ENLARGED, 0).repeat(ENLARGED, 1)).save(buffer, "PNG")
    return buffer.getvalue()


@st.cache_resource(max_entries=64, show_spinner="X-raying …")
def xray_of(name: str, version: str, dataset: str) -> XRay:
    return xray(find_run(name))


def checkpoints_script(run: Run) -> str:
    """Python that gives the page's view of a run."""
    dataset = run.dataset if run.dataset in DATASETS else "mnist"
    return f'''\
from genlab.explore.findings import findings
from genlab.explore.xray import xray
from genlab.plots.xray import kl_bars
from genlab.runs.folder import find_run, read_summary

run = find_run("{run.name}")
figures = read_summary(run)
if figures:
    print("negative ELBO", figures["neg_elbo_test"], "floor", figures["floors"]["entropy"])

inside = xray(run)
for finding in findings(inside):
    print(finding.kind, finding.text)
figure = kl_bars(inside.kl, inside.active, inside.collapsed)  # figure.show() opens it in a browser

# In and out, as by the buttons; a zipped run, .pth, .pt or .safetensors comes in:
# from pathlib import Path
# from genlab.runs.archive import import_any
# from genlab.runs.exports import export_run
# name, content = export_run(run, "onnx")  # or "zip", "safetensors", "hub"
# Path(name).write_bytes(content)
# import_any("theirs.pth", "theirs", dataset="{dataset}")
'''
