"""The numbers under the maps: what each latent space and each map knows of the classes."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from genlab.data.images import ImageSplit
from genlab.explore.maps import load_scores, map_scores
from genlab.runs.folder import Run
from genlab.ui import live
from genlab.ui.arrays import latent_means
from genlab.ui.maps_view import LIVE, TITLES

Scores = dict[str, float | None]  # the fields of MapScores; empty where nothing is known


def show_numbers(
    runs: tuple[Run, Run], methods: tuple[str, str], films: Mapping[str, str], test: ImageSplit
) -> None:
    """Two figures for each run, and all scores beside their floors as a table."""
    rows, guess = [], f"guessing: {1 / len(test.info.classes):.0%}"
    for run, method, place, cell in zip(runs, methods, "ab", st.columns(2), strict=True):
        scores = load_scores(run)
        of_map = scores.get(method, {})
        if method == LIVE:
            of_map = live_scores(run, films[place], test.labels, cell)
        of_means = scores.get("mu", {})
        with cell.container(horizontal=True):
            beside = {"delta": guess, "delta_color": "off", "delta_arrow": "off"}
            st.metric(f"{run.name}: 10-NN accuracy, latent space", percent(of_means), **beside)
            st.metric(f"10-NN accuracy, {TITLES[method]} map", percent(of_map), **beside)
        rows.append((f"{run.name}, μ in {run.latent_dim} dimensions", of_means))
        rows.append((f"{run.name}, {TITLES[method]} map", of_map))
    st.markdown(score_table(rows, classes=len(test.info.classes)))


def live_scores(run: Run, film: str, labels: np.ndarray, cell: DeltaGenerator) -> Scores:
    """The scores of a live map that has ended, computed when the visitor asks for them."""
    kept = st.session_state.setdefault("maps.live_scores", {})
    asked = cell.button("Score the live map", key=f"maps.score.{film}", disabled=film in kept)
    if asked and live.find_film(film).state not in (live.DONE, live.STOPPED):
        cell.caption("It is still moving; score it when it has ended.")
    elif asked:
        with cell, st.spinner("Comparing every point with every other…"):
            embedding = live.find_film(film).coordinates
            kept[film] = map_scores(labels, embedding, latent_means(run))
    return kept.get(film, {})


def percent(scores: Scores) -> str:
    return f"{scores['knn_accuracy']:.1%}" if scores else "–"


def score_table(rows: list[tuple[str, Scores]], *, classes: int) -> str:
    """A Markdown table of named scores, the floor of each column last."""
    lines = [
        "| | 10-NN accuracy | silhouette of the classes | trustworthiness of the map |",
        "|:--|--:|--:|--:|",
    ]
    for name, scores in rows:
        figures = [decimals(scores.get("silhouette")), decimals(scores.get("trustworthiness"))]
        lines.append(f"| {name} | {percent(scores)} | {' | '.join(figures)} |")
    lines.append(f"| *floor: points thrown at random* | *{1 / classes:.1%}* | *0* | *0.500* |")
    return "\n".join(lines)


def decimals(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".replace("-", "−")


def describe_choice(chosen: np.ndarray, test: ImageSplit) -> str:
    """The choice (N,) bool in a sentence: size, commonest class, spread over the classes."""
    count = int(chosen.sum())
    if count == 0:
        return "Nothing chosen: the CSV holds every image, with its place in both maps."
    shares = np.bincount(test.labels[chosen], minlength=len(test.info.classes)) / count
    bits = -sum(share * np.log2(share) for share in shares if share > 0)
    commonest = test.info.classes[shares.argmax()]
    return (
        f"{count:,} images chosen, {shares.max():.0%} of them {commonest}; their classes have an "
        f"entropy of {abs(bits):.2f} bits (one class: 0, all alike: {np.log2(len(shares)):.2f})."
    )
