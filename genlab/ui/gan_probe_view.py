"""What a GAN's discriminator has learned of the digits, from the figures of its run."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from genlab.data.catalogue import DATASETS
from genlab.plots.confusion import confusion_matrix
from genlab.plots.gan import share_curves
from genlab.runs.folder import Run, read_summary
from genlab.ui.gan_view import COLOURS
from genlab.ui.hostile import literal
from genlab.ui.live_decoder import number

REPORTED = (0.9791, 0.9815)  # of student-level GANs on MNIST, 10 % of the labels
Probed = Sequence[tuple[Run, Mapping[str, Any]]]
FIGURES = ("probe_test_accuracy", "probe_untrained_test_accuracy", "probe_raw_test_accuracy")


def show_probes(runs: Sequence[Run]) -> None:
    """The linear probes of the runs that were evaluated with one."""
    st.subheader("What did the discriminator learn?")
    st.caption(
        "GAN as pre-training: the discriminator loses its last layer, its features of 10 % of the "
        "training images are frozen, and one linear layer learns the ten classes from them. "
        "Five balanced draws give the spread."
    )
    probed = [(run, summary) for run in runs if (summary := probe_of(run))]
    if not probed:
        names = ", ".join(run.name for run in runs) or "RUN"
        st.info(f"No probe yet; make one with `python -m genlab evaluate {names} --keep`.")
        return
    for (run, summary), column in zip(probed, st.columns(len(probed)), strict=True):
        with column.container(border=len(probed) > 1):
            if len(probed) > 1:
                st.markdown(f"**{literal(run.name)}**")
            show_figures(summary)
    if all(run.dataset == "mnist" for run, _ in probed):
        st.caption(
            f"Others report {REPORTED[0]:.2%} to {REPORTED[1]:.2%} on the test images and 100 % on "
            "the training ones, from student-level GANs on MNIST with 10 % of the labels; they "
            "give no control. Ours stand beside each figure."
        )
    left, right = st.columns([1, 1], gap="large")
    with left:
        show_shares(probed)
    with right:
        show_confusion(probed)


def probe_of(run: Run) -> dict[str, Any] | None:
    """The run's figures if the probe is among them and they are numbers."""
    summary = read_summary(run)
    return summary if all(number(summary.get(name)) is not None for name in FIGURES) else None


def show_figures(summary: Mapping[str, Any]) -> None:
    spread, train = (number(summary.get(f"probe_{x}")) for x in ("test_accuracy_std",
                                                                 "train_accuracy"))  # fmt: skip
    tested, untrained, raw = (float(summary[name]) for name in FIGURES)
    cells = st.columns(3)
    cells[0].metric("Test accuracy", f"{tested:.2%}")
    words = f"± {100 * spread:.2f} over draws; " if spread is not None else ""
    cells[0].caption(words + (f"train {train:.2%}" if train is not None else ""))
    cells[1].metric("Untrained discriminator", f"{untrained:.2%}")
    cells[1].caption("the same shape, first weights: what learning is worth")
    cells[2].metric("Raw pixels", f"{raw:.2%}")
    cells[2].caption("the linear layer alone; chance 10 %")


def show_shares(probed: Probed) -> None:
    st.markdown("**With more labels, and with fewer**")
    shares = {}
    for run, summary in probed:
        found = summary.get("probe_by_share")
        if isinstance(found, Mapping) and found and all(map(is_share, found.items())):
            shares[run.name] = found
    if not shares:
        st.caption("This run was evaluated without this curve.")
        return
    figure = share_curves(shares, COLOURS, REPORTED)
    st.plotly_chart(figure, key="gan.shares", alt="Probe accuracy by share of the labels")


def is_share(item: tuple[Any, Any]) -> bool:
    share, figures = item
    return (
        (number(share) or 0.0) > 0.0
        and isinstance(figures, Mapping)
        and number(figures.get("test_accuracy")) is not None
    )


def show_confusion(probed: Probed) -> None:
    runs = {run.name: (run, summary) for run, summary in probed}
    words, picker = st.columns([2, 1], vertical_alignment="center")
    words.markdown("**What is taken for what, on the test images**")
    name = next(iter(runs))
    if len(runs) > 1:
        name = picker.selectbox("Run", list(runs), key="gan.probe", label_visibility="collapsed")
    run, summary = runs[name]
    classes = DATASETS[run.dataset].classes if run.dataset in DATASETS else tuple("0123456789")
    try:
        counts = np.array(summary.get("probe_confusion"), np.int64)
    except (TypeError, ValueError, OverflowError):
        counts = np.empty(0)
    if counts.shape != (len(classes),) * 2:
        st.caption("This run was evaluated without a confusion matrix.")
        return
    figure = confusion_matrix(counts, classes)
    st.plotly_chart(figure, key="gan.confusion", alt="Confusion matrix of the linear probe")
