"""A Siamese network beside the usual ways: training, embedding and exact nearest neighbours.

    pip install -r benchmarks/requirements.txt
    GENLAB_DATA=... python -m benchmarks.siamese [--rounds 5] [--updates 30] [--threads 1] [--json]

Training: the network of genlab.models.siamese (16 channels, 2-D embedding) on MNIST, 128 images an
update, Adam 1e-3, nothing augmented. "two passes" is the loop of the usual tutorial: a DataLoader
that draws 64 pairs, each side past the network by itself, channels first in float32, loss.item() at
each step. "pytorch-metric-learning" embeds a batch of 128 once and takes that library's
ContrastiveLoss of all its pairs. Ours do the same in our step. Embedding: 10,000 test images, in
batches of 1,000 as usual and as ours. Neighbours: the ten nearest of 10,000 points to each of
10,000 others, by us, faiss (IndexFlatL2) and scikit-learn, and in how many of the ten they agree
with us. Methods take turns, so that all meet the same machine; the first round warms up and is not
counted. Medians, and medians of the ratios within a round, are what to read.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from genlab.data.images import ImageSplit, load_split
from genlab.explore.neighbours import nearest
from genlab.explore.siamese import embed
from genlab.models.siamese import SiameseConfig, SiameseNetwork
from genlab.training.config import TrainConfig
from genlab.training.device import has_fast_bfloat16
from genlab.training.siamese_step import SiameseStep

IMAGES, RATE, POINTS, COUNT = 128, 1e-3, 10_000, 10
MODEL = SiameseConfig(embedding_dim=2, augmentation=0.0)
Work = Callable[[], None]


def two_passes(split: ImageSplit, updates: int) -> Work:
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    by_class = [np.flatnonzero(split.labels == k) for k in range(10)]
    to_tensor = transforms.ToTensor()

    class Pairs(Dataset):
        def __len__(self) -> int:
            return len(split.images)

        def __getitem__(self, index: int):
            same = np.random.random() < 0.5
            label = split.labels[index]
            other = label if same else (label + np.random.randint(1, 10)) % 10
            mate = np.random.choice(by_class[other])
            pair = (to_tensor(split.images[i]) for i in (index, mate))
            return *pair, float(same)

    model = network()
    adam = torch.optim.Adam(model.parameters(), lr=RATE)
    loader = DataLoader(Pairs(), batch_size=IMAGES // 2, shuffle=True)
    batches = (batch for _ in itertools.count() for batch in loader)

    def train() -> None:
        for one, other, same in itertools.islice(batches, updates):
            a, b = model.embed(one.flatten(1)), model.embed(other.flatten(1))
            d = torch.nn.functional.pairwise_distance(a, b)
            loss = (same * d**2 + (1 - same) * torch.clamp(1.0 - d, min=0.0) ** 2).mean() / 2
            adam.zero_grad()
            loss.backward()
            adam.step()
            loss.item()

    return train


def metric_learning(split: ImageSplit, updates: int) -> Work | None:
    try:
        from pytorch_metric_learning.losses import ContrastiveLoss
    except ImportError:
        print("pytorch-metric-learning is not installed: its row is left out.", file=sys.stderr)
        return None
    model, loss_of, batches = network(), ContrastiveLoss(), resident(split)
    adam = torch.optim.Adam(model.parameters(), lr=RATE)

    def train() -> None:
        for images, labels in itertools.islice(batches, updates):
            loss = loss_of(model.embed(images.float() / 255.0), labels)
            adam.zero_grad()
            loss.backward()
            adam.step()

    return train


def ours(split: ImageSplit, updates: int, precision: str) -> Work:
    config = TrainConfig(batch_size=IMAGES, learning_rate=RATE, precision=precision)
    step, batches = SiameseStep(network(), config, 10**9), resident(split)
    noise = torch.Generator().manual_seed(0)

    def train() -> None:
        recent = []
        for images, labels in itertools.islice(batches, updates):
            recent.append(torch.stack(list(step(images, labels, noise).values())))
        torch.stack(recent).tolist()

    return train


def network() -> SiameseNetwork:
    torch.manual_seed(0)
    return SiameseNetwork(MODEL).train()


def resident(split: ImageSplit) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    images = torch.from_numpy(split.images.copy()).flatten(1)
    labels = torch.from_numpy(split.labels.astype(np.int64))
    order = torch.Generator().manual_seed(0)
    while True:
        for batch in torch.randperm(len(images), generator=order).split(IMAGES):
            if len(batch) == IMAGES:
                yield images[batch], labels[batch]


def trainings(split: ImageSplit, updates: int) -> dict[str, Work]:
    found = {
        "two passes": two_passes(split, updates),
        "pytorch-metric-learning": metric_learning(split, updates),
        "ours, float32": ours(split, updates, "float32"),
    }
    if has_fast_bfloat16(torch.device("cpu")):
        found["ours, bfloat16"] = ours(split, updates, "bfloat16")
    return {name: work for name, work in found.items() if work is not None}


def embeddings(split: ImageSplit) -> dict[str, Work]:
    images, model = split.images[:POINTS], network().eval()
    laid_out = network().eval().to(memory_format=torch.channels_last)

    @torch.no_grad()
    def usual() -> None:
        for start in range(0, len(images), 1000):
            model.embed(torch.from_numpy(images[start : start + 1000]).float().flatten(1) / 255.0)

    return {"batches of 1,000": usual, "ours": lambda: embed(laid_out, images)}


def searches(points: np.ndarray, queries: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    from sklearn.neighbors import NearestNeighbors

    def scikit_learn() -> np.ndarray:
        return NearestNeighbors(n_neighbors=COUNT).fit(points).kneighbors(queries)[1]

    found = {"ours": lambda: nearest(points, queries, COUNT)[0], "scikit-learn": scikit_learn}
    try:
        import faiss
    except ImportError:
        print("faiss is not installed: its rows are left out.", file=sys.stderr)
        return found

    def flat() -> np.ndarray:
        index = faiss.IndexFlatL2(points.shape[1])
        index.add(points)
        return index.search(queries, COUNT)[1]

    return found | {"faiss": flat}


def point_sets(split: ImageSplit) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """2 and 32 numbers as an embedding has them, and the pixels."""
    rng = np.random.default_rng(0)
    pixels = split.images[: 2 * POINTS].reshape(-1, 784).astype(np.float32) / 255.0
    half = len(pixels) // 2
    sets = {"784 pixels": (pixels[:half], pixels[half:])}
    for E in (32, 2):
        spread = (pixels @ rng.normal(size=(784, E)) / np.sqrt(784)).astype(np.float32)
        sets[f"{E} numbers"] = (spread[:half], spread[half:])
    return dict(reversed(sets.items()))


def take_turns(found: dict[str, Work], rounds: int) -> dict[str, list[float]]:
    """Seconds of each method in each round, the first left out."""
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds + 1):
        for name, work in found.items():
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    return {name: values[1:] for name, values in seconds.items()}


def rows_of(task: str, seconds: dict[str, list[float]], per: int, unit: str) -> list[dict]:
    """A row for each method: its times, and how many times as quick as the first it is."""
    first = next(iter(seconds.values()))
    return [
        {
            "task": task,
            "method": name,
            "seconds_median": statistics.median(values),
            "seconds_min": min(values),
            "seconds_max": max(values),
            "rate": per / statistics.median(values),
            "unit": unit,
            "times_first": statistics.median(a / b for a, b in zip(first, values, strict=True)),
        }
        for name, values in seconds.items()
    ]


def measure(rounds: int, updates: int) -> list[dict]:
    train, test = load_split("mnist", "train"), load_split("mnist", "test")
    rows = rows_of(
        f"train, {updates} updates of {IMAGES} images",
        take_turns(trainings(train, updates), rounds),
        updates * IMAGES,
        "images/s",
    )
    seconds = take_turns(embeddings(test), rounds)
    rows += rows_of("embed 10,000 images", seconds, POINTS, "images/s")
    for what, (points, queries) in point_sets(train).items():
        found = searches(points, queries)
        task = f"{COUNT} nearest of {len(points):,} to {len(queries):,}, {what}"
        table = rows_of(task, take_turns(found, rounds), len(queries), "queries/s")
        own = found["ours"]()
        for row in table:
            row["agreement"] = agreement(own, found[row["method"]]())
        rows += table
    return rows


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """The share of neighbours (Q, k) that both name, in any order."""
    return float((one[:, :, None] == other[:, None, :]).any(axis=2).mean())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--updates", type=int, default=30)
    options.add_argument("--threads", type=int, default=1, help="of torch; set OMP_NUM_THREADS too")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    rows = measure(asked.rounds, asked.updates)
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{asked.threads} thread(s), {asked.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print("| task | method | s, median (min to max) | rate | x first | same neighbours |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        alike = f"{row['agreement']:.4f}" if "agreement" in row else ""
        print(
            f"| {row['task']} | {row['method']} | {row['seconds_median']:.3f} "
            f"({row['seconds_min']:.3f} to {row['seconds_max']:.3f}) "
            f"| {row['rate']:,.0f} {row['unit']} | {row['times_first']:.2f} | {alike} |"
        )


if __name__ == "__main__":
    main()
