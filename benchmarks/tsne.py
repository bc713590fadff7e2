"""t-SNE of 10,000 points: scikit-learn, openTSNE and ours, side by side in one process.

    pip install -r benchmarks/requirements.txt
    python -m benchmarks.tsne [--run vae-fashion | --pca] [--rounds 3] [--threads N] [--json]

The points are the latent means of a run's test images, or with --pca the first 20 principal
components of the Fashion-MNIST test images. Every method runs with its own usual settings at
perplexity 30 and takes its turn in each round, with the round's number as its seed; medians are
what to read. The quality columns are the same measures for all, means over the rounds:
KL(P || Q) in nats with our P, leave-one-out accuracy of 10 neighbours in the map and its range,
trustworthiness (k = 10) of 2,000 of the points. A warm-up on 500 points comes first: what it
takes is told apart.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.maps import knn_accuracy, trustworthiness
from genlab.explore.tsne import TSNEConfig, affinities, kl_divergence, tsne
from genlab.row_blocks import usable_cores
from genlab.runs.folder import find_run, load_array

PERPLEXITY = 30
Method = Callable[[np.ndarray, int], np.ndarray]  # points and seed to map


def latent_points(run_name: str) -> tuple[np.ndarray, np.ndarray, str]:
    run = find_run(run_name)
    mu = load_array(run, "latents/mu")
    if mu is None:
        from genlab.explore.latent import latent_means  # torch, only where it has to encode

        mu = latent_means(run)
    test = load_split(run.dataset, "test")
    return mu, test.labels, f"latent means of {run.name}"


def pca_points(root: str | None) -> tuple[np.ndarray, np.ndarray, str]:
    test = load_split("fashion", "test", root)
    pixels = test.images.reshape(len(test.images), -1) / 255.0
    pixels -= pixels.mean(axis=0)
    _, axes = np.linalg.eigh(pixels.T @ pixels)
    points = (pixels @ axes[:, ::-1][:, :20]).astype(np.float32)
    return points, test.labels, f"20 principal components of {test.origin}"


def methods(threads: int) -> dict[str, Method]:
    from sklearn.manifold import TSNE

    def ours(points: np.ndarray, seed: int) -> np.ndarray:
        *_, last = tsne(points, TSNEConfig(perplexity=PERPLEXITY, seed=seed), threads=threads)
        return last.embedding

    def scikit_learn(points: np.ndarray, seed: int) -> np.ndarray:
        model = TSNE(perplexity=PERPLEXITY, random_state=seed, n_jobs=threads)
        return model.fit_transform(points)

    found = {"ours": ours, "scikit-learn": scikit_learn}
    try:
        from openTSNE import TSNE as OpenTSNE
    except ImportError:
        print("openTSNE is not installed: its rows are left out.", file=sys.stderr)
        return found

    def open_tsne(points: np.ndarray, seed: int, method: str) -> np.ndarray:
        settings = {"random_state": seed, "n_jobs": threads, "negative_gradient_method": method}
        return np.asarray(OpenTSNE(perplexity=PERPLEXITY, **settings).fit(points))

    found["openTSNE, FFT"] = partial(open_tsne, method="fft")
    found["openTSNE, Barnes-Hut"] = partial(open_tsne, method="bh")
    return found


def take_turns(found: dict[str, Method], points: np.ndarray, rounds: int) -> list[dict]:
    """Time every method once a round: one dict per method with its times and maps."""
    rows = []
    for name, method in found.items():
        started = time.perf_counter()
        method(points[:500], 0)
        warm_up = time.perf_counter() - started
        rows.append({"method": name, "warm_up": warm_up, "seconds": [], "cpu": [], "maps": []})
    for turn in range(rounds):
        for row in rows:
            started, worked = time.perf_counter(), time.process_time()
            row["maps"].append(found[row["method"]](points, turn))
            row["seconds"].append(time.perf_counter() - started)
            row["cpu"].append(time.process_time() - worked)
            said = f"round {turn + 1}, {row['method']}: {row['seconds'][-1]:.2f} s"
            print(f"{said}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return rows


def summarise(rows: list[dict], points: np.ndarray, labels: np.ndarray) -> list[dict]:
    P, own = affinities(points, PERPLEXITY), rows[0]["seconds"]
    some = np.random.default_rng(0).permutation(len(points))[:2000]
    table = []
    for row in rows:
        seconds, maps = row["seconds"], row["maps"]
        accuracies = [knn_accuracy(embedding, labels) for embedding in maps]
        trusts = [trustworthiness(points[some], embedding[some]) for embedding in maps]
        table.append(
            {
                "method": row["method"],
                "seconds_median": statistics.median(seconds),
                "seconds_min": min(seconds),
                "seconds_max": max(seconds),
                "times_ours": statistics.median(a / b for a, b in zip(seconds, own, strict=True)),
                "cpu_seconds_median": statistics.median(row["cpu"]),
                "warm_up_seconds": row["warm_up"],
                "kl": statistics.mean(kl_divergence(P, embedding) for embedding in maps),
                "knn_accuracy": statistics.mean(accuracies),
                "knn_accuracy_min": min(accuracies),
                "knn_accuracy_max": max(accuracies),
                "trustworthiness": statistics.mean(trusts),
            }
        )
    return table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--run", default="vae-fashion", help="a run with latent means")
    options.add_argument("--pca", action="store_true", help="PCA of the images, no run")
    options.add_argument("--data-root", help="where --pca finds them, in torchvision's layout")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", type=int, default=usable_cores())
    options.add_argument("--ours-only", action="store_true", help="leave the others out")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    try:
        points, labels, what = (
            pca_points(asked.data_root) if asked.pca else latent_points(asked.run)
        )
    except GenLabError as error:
        raise SystemExit(str(error)) from error
    found = methods(asked.threads)
    if asked.ours_only:
        found = {"ours": found["ours"]}
    rows = summarise(take_turns(found, points, asked.rounds), points, labels)
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    print(
        f"{what}: {len(points):,} x {points.shape[1]}; {asked.threads} thread(s), "
        f"{asked.rounds} round(s), load {os.getloadavg()[0]:.1f} at the end; accuracy of 10 "
        f"neighbours in all {points.shape[1]} dimensions {knn_accuracy(points, labels):.4f}"
    )
    print(
        "| method | s, median (min to max) | x ours | CPU s | KL, nats "
        "| kNN accuracy (min to max) | trust | warm-up s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['method']} | {row['seconds_median']:.2f} ({row['seconds_min']:.2f} to "
            f"{row['seconds_max']:.2f}) | {row['times_ours']:.1f} "
            f"| {row['cpu_seconds_median']:.1f} | {row['kl']:.4f} | {row['knn_accuracy']:.4f} "
            f"({row['knn_accuracy_min']:.4f} to {row['knn_accuracy_max']:.4f}) "
            f"| {row['trustworthiness']:.4f} | {row['warm_up_seconds']:.2f} |"
        )


if __name__ == "__main__":
    main()
