"""The live decoder: what its browser component shows, as a value, a link and a script.

Shapes: Z latent dimensions, K classes (0 for a VAE).
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from genlab.data.catalogue import DATASETS
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.folder import Run, find_run, read_summary
from genlab.ui.arrays import decoder_url, latents_url, version_of
from genlab.ui.components import mount

TABS = ("traversals", "walk")
SPANS = (2, 3, 4, 5)  # half-widths of the plane of a 2-D latent, prior standard deviations
LONGEST = 100.0  # no coordinate of a link goes further out


@dataclass(frozen=True, kw_only=True)
class View:
    """What the sliders show. A z of None is the start image's mean, or else the seed's draw."""

    z: tuple[float, ...] | None = None  # (Z,)
    label: int | None = None  # the class a CVAE decodes under
    start: int | None = None  # a test image
    other: int | None = None  # the test image at the other end of the walk
    tab: str = "traversals"
    dim: int | None = None  # the dimension whose traversal is shown; None is the one of most KL
    seed: int | None = None  # of the last draw from the prior
    temperature: float = 1.0  # of that draw
    span: int = 3


def read_view(raw: Mapping[str, Any], *, latent_dim: int, classes: int, images: int) -> View:
    """A view out of a link's parameters or the browser's message; what does not fit is left out.

    Args:
        raw: names of View's fields to values; numbers may be text, and z text joined by "_".
        latent_dim: Z; a z of another length is left out.
        classes: K; images: how many test images there are.
    """
    tab, span = raw.get("tab"), whole(raw.get("span"), SPANS[-1] + 1)
    temperature = number(raw.get("temperature"))
    return View(
        z=coordinates(raw.get("z"), latent_dim),
        label=whole(raw.get("label"), classes),
        start=whole(raw.get("start"), images),
        other=whole(raw.get("other"), images),
        tab=tab if tab in TABS else TABS[0],
        dim=whole(raw.get("dim"), latent_dim),
        seed=whole(raw.get("seed"), 1_000_000),
        temperature=temperature if temperature is not None and 0 <= temperature <= 2 else 1.0,
        span=span if span in SPANS else View.span,
    )


def number(value: Any) -> float | None:
    """A finite number, given as one or as text; None for anything else."""
    try:
        parsed = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return parsed if math.isfinite(parsed) else None


def whole(value: Any, limit: int) -> int | None:
    """A whole number from 0 to limit - 1, or None."""
    parsed = number(value)
    if parsed is None or parsed != int(parsed) or not 0 <= parsed < limit:
        return None
    return int(parsed)


def coordinates(value: Any, latent_dim: int) -> tuple[float, ...] | None:
    parts = value.split("_") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != latent_dim:
        return None
    parsed = [number(part) for part in parts]
    if any(z is None or abs(z) > LONGEST for z in parsed):
        return None
    return tuple(round(z, 3) + 0.0 for z in parsed)  # + 0.0: no minus zero


def nll_of(message: Mapping[str, Any]) -> dict[str, float] | None:
    """The start image's floor, NLL at its mean and NLL now (nats), from the browser's message."""
    told = message.get("nll")
    if not isinstance(told, Mapping):
        return None
    nll = {name: number(told.get(name)) for name in ("floor", "mean", "now")}
    return None if None in nll.values() else nll


def settled(
    view: View,
    *,
    kl: list[float],
    classes: int,
    means: np.ndarray | None,
    labels: np.ndarray | None,
) -> View:
    """The view with what a link leaves open filled in, as the browser does.

    A z that is a seed's draw stays None: the browser draws it and tells.

    Args:
        kl: nats of each dimension, (Z,).
        means, labels: mu (N, Z) and class (N,) of the test images; None where they are not here.
    """
    start = view.start if means is not None else None
    z, label = view.z, view.label
    if z is None and view.seed is None:
        z = (0.0,) * len(kl) if start is None else coordinates(means[start].tolist(), len(kl))
    if classes and label is None:
        label = 0 if start is None else int(labels[start])
    dim = view.dim if view.dim is not None else int(np.argmax(kl))
    other = view.other if view.other is not None or start is None else int(start != 1)
    return replace(view, z=z, label=label if classes else None, start=start, other=other, dim=dim)


def link_of(view: View) -> dict[str, str]:
    """The view as URL parameters: only what differs from a fresh page, z compact."""
    fresh = asdict(View())
    changed = {name: value for name, value in asdict(view).items() if value != fresh[name]}
    if view.z is not None:
        changed["z"] = "_".join(f"{z:g}" for z in view.z)
    return {name: str(value) for name, value in changed.items()}


def dimension_figures(run: Run) -> tuple[list[float], list[bool]]:
    """KL in nats and activity of each latent dimension, (Z,): stored with the run or made now.

    Raises:
        GenLabError: they are not stored and the test images are not at hand.
    """
    summary = read_summary(run)
    if "kl_per_dim" in summary and "active" in summary:
        return summary["kl_per_dim"], summary["active"]
    return encoded_figures(run.name, version_of(run))


@st.cache_data(max_entries=16, show_spinner="Encoding the test images, once for this run…")
def encoded_figures(run_name: str, version: str) -> tuple[list[float], list[bool]]:
    from genlab.explore.latent import active_units, dimension_kl, encode_test  # loads torch

    posterior = encode_test(find_run(run_name))
    return dimension_kl(posterior).tolist(), active_units(posterior.mu).tolist()


def live_decoder(
    run: Run, view: View, *, version: int, kl: list[float], active: list[bool], images: bool
) -> dict[str, Any] | None:
    """Show the component; return its last message, or None before the first.

    The message has the fields of View, "version" and "nll" (None or a dict of nats: the start
    image's floor, its NLL at its mean, its NLL now).

    Args:
        version: a new number makes the browser take over `view`; the same number leaves the hand
            alone, and `view` is used only where the component starts afresh.
        kl, active: nats and activity of each latent dimension, (Z,).
        images: whether the dataset's test images are at hand.
    """
    data = {
        **asdict(view),
        "version": version,
        "classes": list(DATASETS[run.dataset].classes),
        "palette": list(CLASS_COLOURS),
        "sprite": {"url": f"genlab/sprite/{run.dataset}.png", "columns": 100, "tile": 28},
        "labels_url": f"genlab/labels/{run.dataset}.bin",
        "decoder_url": decoder_url(run),
        "latents_url": latents_url(run),
        "latent_dim": run.latent_dim,
        "conditional": run.conditional,
        "kl": kl,
        "active": active,
    }
    if not images:
        data |= {"sprite": None, "labels_url": None, "latents_url": None}
    result = mount("live_decoder", data=data, key=f"sliders.{run.name}", outputs=("view",))
    return result.view


def sliders_script(run_name: str, view: View, *, latent_dim: int, classes: int) -> str:
    """A script of genlab calls that decodes the pictures of a settled view.

    It leaves `image` (28, 28), `traversal_strip` (11, 28, 28) and, where they are shown,
    `label_strip` (10, 28, 28), `walk_strip` (12, 28, 28), `plane` (24, 24, 28, 28).
    """
    under = f", label={view.label}" if classes else ""
    walks = view.start is not None and view.other is not None
    names = ["decode"] + ["decode_plane"] * (latent_dim == 2)
    names += ["latent_means"] * walks + ["traversal"] + ["walk"] * walks
    rows = [", ".join(f"{z:g}" for z in view.z[i : i + 10]) for i in range(0, latent_dim, 10)]
    z = ",\n     ".join(rows)
    lines = [
        "import numpy as np",
        "",
        f"from genlab.explore.latent import {', '.join(names)}",
        "from genlab.runs.folder import find_run",
        "from genlab.runs.models import load_model",
        "",
        f'run = find_run("{run_name}")',
        "model = load_model(run)",
        f"z = np.array(\n    [{z}]\n)",
        "",
        f"image = decode(model, z{under})[0]  # (28, 28), mean pixels in [0, 1]",
        f"traversal_strip = decode(model, traversal(z, {view.dim}, span=3.0, steps=11){under})",
    ]
    if classes:
        lines.append(
            f"label_strip = decode(model, np.tile(z, ({classes}, 1)), np.arange({classes}))"
        )
    if walks:
        lines += [
            "mu = latent_means(run)  # (N, Z), one row for each test image",
            f'path = walk(mu[{view.start}], mu[{view.other}], steps=12, kind="spherical")',
            f"walk_strip = decode(model, path{under})",
        ]
    if latent_dim == 2:
        lines.append(f"plane = decode_plane(model, span={view.span}, tiles=24{under})")
    return "\n".join(lines)
