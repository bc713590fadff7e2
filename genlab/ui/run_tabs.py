"""The tabs of one run on the Checkpoints page."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from genlab.explore.findings import findings
from genlab.explore.xray import XRay
from genlab.plots.curves import loss_curves
from genlab.plots.xray import firing_curves, kl_bars, weight_histograms
from genlab.runs.archive import public_config
from genlab.runs.folder import Run, read_card
from genlab.ui.arrays import version_of
from genlab.ui.checkpoints import facts, metrics_of, xray_of
from genlab.ui.hostile import card_markdown, literal

ICONS = {
    "good": ":green[:material/check_circle:]",
    "note": ":orange[:material/info:]",
    "bad": ":red[:material/error:]",
}


def show_xray(run: Run) -> None:
    inside = xray_of(run.name, version_of(run), run.dataset)
    with st.container(gap="xsmall"):
        for finding in findings(inside):
            st.markdown(f"{ICONS[finding.kind]} {literal(finding.text)}")
        st.caption(
            f"{literal(inside.origin)}: latent dimensions on {inside.latents:,} of them, units and "
            f"pixels on the first {inside.images:,}."
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
    show_weights(inside)


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


def show_weights(inside: XRay) -> None:
    st.markdown("**Weights**")
    st.plotly_chart(
        weight_histograms(inside.tensors),
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
            for t in inside.tensors
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
    floor = facts(run).entropy
    words = "The dashed line is the epoch whose weights were kept."
    if floor is not None:
        words += f" The reconstruction NLL cannot go below {floor:.2f} nats, the pixels' entropy."
    st.caption(words)


def show_config(run: Run) -> None:
    if "imported" in run.config:
        st.caption("The training settings are GenLab's defaults: those of an import are not known.")
    config = json.loads(public_config(run))
    st.code(json.dumps(config, indent=1, ensure_ascii=False), language="json")


TABS = {"X-ray": show_xray, "Card": show_card, "Curves": show_curves, "Config": show_config}
