"""The tabs of one run on the Checkpoints page."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from genlab.explore.findings import Finding, findings
from genlab.explore.layer_findings import layer_findings
from genlab.explore.xray import TensorFigures, XRay
from genlab.plots.curves import loss_curves
from genlab.plots.layers import layer_bars
from genlab.plots.xray import firing_curves, kl_bars, weight_histograms
from genlab.runs.archive import public_config
from genlab.runs.families import family_of, number_at
from genlab.runs.folder import Run, read_card, read_summary
from genlab.ui.arrays import version_of
from genlab.ui.checkpoints import layers_of, metrics_of, xray_of
from genlab.ui.hostile import card_markdown, literal

MOST_HISTOGRAMS = 16
ICONS = {
    "good": ":green[:material/check_circle:]",
    "note": ":orange[:material/info:]",
    "bad": ":red[:material/error:]",
}


def show_xray(run: Run) -> None:
    if family_of(run.family).xray == "latents":
        show_latents(run)
    else:
        show_layers(run)


def show_findings(found: list[Finding], caption: str) -> None:
    with st.container(gap="xsmall"):
        for finding in found:
            st.markdown(f"{ICONS[finding.kind]} {literal(finding.text)}")
        st.caption(literal(caption))


def show_layers(run: Run) -> None:
    """The X-ray of a network that has no codes to look at."""
    inside = layers_of(run.name, version_of(run), run.dataset)
    show_findings(
        layer_findings(run, inside),
        f"{inside.parameters:,} parameters in {len(inside.layers)} layers.",
    )
    st.markdown("**Parameters of each layer**")
    st.plotly_chart(
        layer_bars(inside.layers),
        key="checkpoints.layers",
        alt="Bars: the parameters of each layer, in the order of the network",
    )
    show_weights(inside.tensors)


def show_latents(run: Run) -> None:
    """The X-ray of an autoencoder."""
    inside = xray_of(run.name, version_of(run), run.dataset)
    show_findings(
        findings(inside),
        f"{inside.origin}: latent dimensions on {inside.latents:,} of them, units and pixels on "
        f"the first {inside.images:,}.",
    )
    left, right = st.columns([3, 2])
    left.markdown("**KL of each latent dimension**")
    left.plotly_chart(
        kl_bars(inside.kl, inside.active, inside.collapsed),
        key="checkpoints.kl",
        alt="Bars: KL of each latent dimension, the largest first",
    )
    right.markdown("**How often each hidden unit is on**")
    right.plotly_chart(
        firing_curves(inside.encoder, inside.decoder),
        key="checkpoints.firing",
        alt="Lines: share of images on which each unit fires, the busiest first",
    )
    show_pixels(inside)
    show_weights(inside.tensors)


def show_pixels(inside: XRay) -> None:
    st.markdown("**Pixels: what it gives, and what it wants to be fed**")
    columns = st.columns([1.2, 1, 1, 1])
    columns[0].metric(
        "Mean pixels",
        f"{inside.pixel_low:.2f} to {inside.pixel_high:.2f}",
        help="The least and the greatest that it gives at the mean of q(z|x).",
    )
    fed = {
        "NLL, fed [0, 1]": (inside.recon_nll, "Nats per image, decoded at the mean of q(z|x)."),
        "fed [−1, 1]": (
            inside.recon_nll_signed,
            "Lower than with [0, 1]? Then it was trained on such pixels.",
        ),
        "fed standardised": (
            inside.recon_nll_standard,
            "Pixels less their mean, over their standard deviation. Lower than with [0, 1]? Then "
            "it was trained on such pixels.",
        ),
    }
    for column, (label, (nll, text)) in zip(columns[1:], fed.items(), strict=True):
        column.metric(label, f"{nll:,.1f}" if nll < 1000 else f"{nll:,.0f}", help=text)
    columns[1].caption(f"mean image: {inside.mean_image_nll:.1f}")


def show_weights(tensors: tuple[TensorFigures, ...]) -> None:
    """A histogram of each tensor, of the weights alone where there are many; and their figures."""
    st.markdown("**Weights**")
    drawn = tensors
    if len(tensors) > MOST_HISTOGRAMS:
        drawn = tuple(t for t in tensors if len(t.shape) > 1)[:MOST_HISTOGRAMS] or tensors[:1]
    st.plotly_chart(
        weight_histograms(drawn),
        key="checkpoints.weights",
        alt="Histograms of the numbers in each tensor, on a log scale",
    )
    st.dataframe(
        [
            {
                "tensor": t.name,
                "shape": " × ".join(map(str, t.shape)),
                "numbers": int(t.counts.sum()) + t.not_finite,
                "mean": t.mean,
                "sd": t.std,
                "least": t.low,
                "greatest": t.high,
                "NaN or infinite": t.not_finite,
            }
            for t in tensors
        ],
        hide_index=True,
        column_config={"numbers": st.column_config.NumberColumn(format="localized")},
    )


def show_card(run: Run) -> None:
    imported = run.config.get("imported")
    if isinstance(imported, Mapping):
        show_import(imported)
    text = read_card(run)
    st.markdown(card_markdown(text) if text else "This run has no README.md.")


def show_import(imported: Mapping[str, Any]) -> None:
    """What was found and assumed when the run was imported."""
    with st.container(border=True):
        source, kind = str(imported.get("file", "")), str(imported.get("container", ""))
        st.markdown(f"**Imported from** {literal(source)} ({literal(kind)})")
        for title, key in (("Assumed", "assumptions"), ("On the way in", "notes")):
            sentences = imported.get(key)
            if sentences and isinstance(sentences, list):
                lines = [f"- {literal(str(sentence))}" for sentence in sentences]
                st.markdown("\n".join([f"{title}:\n", *lines]))


def show_curves(run: Run) -> None:
    metrics = metrics_of(run)
    if not metrics:
        st.info("No curves: an imported run does not bring the story of its training.")
        return
    made = run.config.get("made")
    best = made.get("best_epoch") if isinstance(made, Mapping) else None
    st.plotly_chart(
        loss_curves(metrics, best if isinstance(best, int) else None),
        key="checkpoints.curves",
        alt="Training and validation losses by epoch",
    )
    floor = number_at(read_summary(run), "floors.entropy")
    words = "The dashed line is the epoch whose weights were kept."
    if floor is not None and "recon_nll" in family_of(run.family).losses:
        words += f" The reconstruction NLL cannot go below {floor:.2f} nats, the pixels' entropy."
    st.caption(words)


def show_config(run: Run) -> None:
    if "imported" in run.config:
        st.caption("The training settings are GenLab's defaults: those of an import are not known.")
    config = json.loads(public_config(run))
    st.code(json.dumps(config, indent=1, ensure_ascii=False), language="json")


TABS = {"X-ray": show_xray, "Card": show_card, "Curves": show_curves, "Config": show_config}
