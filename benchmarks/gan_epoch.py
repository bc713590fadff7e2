"""Training dcgan-32 at batch 64 on MNIST: the common loop and ours, side by side.

    pip install -r benchmarks/requirements.txt
    GENLAB_DATA=... python -m benchmarks.gan_epoch [--rounds 5] [--updates 100] [--threads 1]
    GENLAB_DATA=... python -m benchmarks.gan_epoch --scores [--epochs 3] [--seeds 3] [--json]

Every variant trains the same two networks with Adam 1e-3, betas 0.5 and 0.999: one update of each
per batch. The variants take turns, so many updates a turn, so that all meet the same machine; the
first round warms up and is not counted. Medians and ratios are what to read, and where other work
runs beside it the ratios of CPU time. "common" is the loop of the usual example: torchvision's
transforms and a DataLoader, images channels first in float32, real and fake images past the
discriminator one after the other, binary cross-entropy of logits, loss.item() of both losses at
each step. "autograd" is our step that every architecture has; the last rows are that with written
gradients.

With --scores each trains from scratch from several seeds instead, and the Frechet distance of 2,048
samples is compared. There the common loop pads images to 32 x 32 as ours do, so that all learn the
same: only the arithmetic and the order of work differ.
"""

import argparse
import dataclasses
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from genlab.data.images import ImageSplit, load_split
from genlab.explore.gan_scores import scorer
from genlab.models.gan import GAN, GANConfig
from genlab.training.config import TrainConfig
from genlab.training.device import has_fast_bfloat16
from genlab.training.fast_gan_step import FastGANStep
from genlab.training.gan_step import GANStep
from genlab.training.recipes import RECIPES

BATCH, RATE, BETAS = 64, 1e-3, (0.5, 0.999)
MODEL = GANConfig(architecture="dcgan-32")
Train = Callable[[int], None]  # makes so many updates


def common_loop(split: ImageSplit, seed: int, fit: str = "resize") -> tuple[GAN, Train]:
    """The loop most people write, data decoding included; to 32 x 32 by "resize" or "pad"."""
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    to_32 = transforms.Resize(32) if fit == "resize" else transforms.Pad(2)
    transform = transforms.Compose(
        [to_32, transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
    )

    class Images(Dataset):  # what torchvision.datasets.MNIST does for one item
        def __len__(self) -> int:
            return len(split.images)

        def __getitem__(self, index: int):
            return transform(Image.fromarray(split.images[index])), int(split.labels[index])

    torch.manual_seed(seed)
    model = GAN(MODEL)
    G, D = model.generator, model.discriminator
    adam_g = torch.optim.Adam(G.parameters(), lr=RATE, betas=BETAS)
    adam_d = torch.optim.Adam(D.parameters(), lr=RATE, betas=BETAS)
    loader = DataLoader(Images(), batch_size=BATCH, shuffle=True)
    batches = (x for _ in itertools.count() for x, _ in loader)

    def train(updates: int) -> None:
        totals = [0.0, 0.0]
        for real in itertools.islice(batches, updates):
            one, zero = torch.ones(len(real)), torch.zeros(len(real))
            fake = G(torch.randn(len(real), model.config.latent_dim))
            adam_d.zero_grad()
            loss_d = binary_cross_entropy_with_logits(D(real), one)
            loss_d = loss_d + binary_cross_entropy_with_logits(D(fake.detach()), zero)
            loss_d.backward()
            adam_d.step()
            adam_g.zero_grad()
            loss_g = binary_cross_entropy_with_logits(D(fake), one)
            loss_g.backward()
            adam_g.step()
            totals = [
                total + loss.item() for total, loss in zip(totals, (loss_d, loss_g), strict=True)
            ]

    return model, train


def ours(kind: type[GANStep], precision: str, split: ImageSplit, seed: int) -> tuple[GAN, Train]:
    """One of our steps over resident images, the losses fetched every 20 updates as in training."""
    torch.manual_seed(seed)
    model = GAN(MODEL)
    config = TrainConfig(batch_size=BATCH, learning_rate=RATE, precision=precision)
    step = kind(model, config, 10**9)
    images = torch.from_numpy(split.images.copy()).flatten(1)
    labels = torch.from_numpy(split.labels.astype(np.int64))
    noise = torch.Generator().manual_seed(seed)
    order = torch.Generator().manual_seed(seed)

    def batches() -> Iterator[torch.Tensor]:
        while True:
            yield from torch.randperm(len(images), generator=order).split(BATCH)

    stream = batches()

    def train(updates: int) -> None:
        recent = []
        for batch in itertools.islice(stream, updates):
            losses = step(images.index_select(0, batch), labels.index_select(0, batch), noise)
            recent.append(torch.stack(list(losses.values())))
            if len(recent) == 20:
                torch.stack(recent).tolist()
                recent = []

    return model, train


def variants(split: ImageSplit, seed: int, fit: str) -> dict[str, tuple[GAN, Train]]:
    kinds = {"ours, autograd": GANStep, "ours": FastGANStep}
    precisions = {"f32": "float32", "bf16": "bfloat16"}
    if not has_fast_bfloat16(torch.device("cpu")):
        print("This CPU has no bfloat16 products: the bf16 rows are left out.")
        del precisions["bf16"]
    return {"common": common_loop(split, seed, fit)} | {
        f"{name} {short}": ours(kind, precision, split, seed)
        for name, kind in kinds.items()
        for short, precision in precisions.items()
    }


def measure_speed(split: ImageSplit, rounds: int, updates: int) -> list[dict]:
    found, seconds, cpu = variants(split, 0, "resize"), {}, {}
    for turn in range(rounds + 1):
        for name, (_, train) in found.items():
            started, worked = time.perf_counter(), time.process_time()
            train(updates)
            if turn:
                seconds.setdefault(name, []).append(time.perf_counter() - started)
                cpu.setdefault(name, []).append(time.process_time() - worked)
    rows = []
    for name, times in seconds.items():
        each = statistics.median(times) / updates
        ratios, cpu_ratios = (
            [a / b for a, b in zip(spent["common"], spent[name], strict=True)]
            for spent in (seconds, cpu)
        )
        rows.append(
            {
                "variant": name,
                "update_ms_median": 1e3 * each,
                "update_ms_min": 1e3 * min(times) / updates,
                "update_ms_max": 1e3 * max(times) / updates,
                "images_per_second": BATCH / each,
                "epoch_seconds": len(split.images) / BATCH * each,
                "ratio_to_common": statistics.median(ratios),
                "ratio_min": min(ratios),
                "ratio_max": max(ratios),
                "cpu_ms_median": 1e3 * statistics.median(cpu[name]) / updates,
                "cpu_ratio_to_common": statistics.median(cpu_ratios),
            }
        )
    return rows


def measure_scores(split: ImageSplit, epochs: int, seeds: int) -> list[dict]:
    score = scorer(dataclasses.replace(RECIPES["dcgan32-mnist"], model=MODEL))
    if score is None:
        raise SystemExit("The run digits-classifier is not here: nothing can score the samples.")
    rows: dict[str, list[dict]] = {}
    for seed in range(seeds):
        for name, (model, train) in variants(split, seed, "pad").items():
            torch.manual_seed(seed)
            train(epochs * -(-len(split.images) // BATCH))
            rows.setdefault(name, []).append(score(model.eval()))
            print(name, seed, rows[name][-1], flush=True)
    return [
        {"variant": name}
        | {key: [each[key] for each in found] for key in ("frechet", "mode_kl", "recall")}
        for name, found in rows.items()
    ]


def show_speed(rows: list[dict]) -> None:
    print(
        "| variant | ms an update, median (min to max) | images/s | s an epoch | x common | "
        "CPU ms | x common |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['variant']} | {row['update_ms_median']:.1f} ({row['update_ms_min']:.1f} to "
            f"{row['update_ms_max']:.1f}) | {row['images_per_second']:,.0f} "
            f"| {row['epoch_seconds']:.1f} | {row['ratio_to_common']:.2f} "
            f"({row['ratio_min']:.2f} to {row['ratio_max']:.2f}) "
            f"| {row['cpu_ms_median']:.1f} | {row['cpu_ratio_to_common']:.2f} |"
        )


def show_scores(rows: list[dict]) -> None:
    print("| variant | Frechet distance, mean | of each seed | recall |")
    print("|---|---|---|---|")
    for row in rows:
        each = ", ".join(f"{value:.2f}" for value in row["frechet"])
        print(
            f"| {row['variant']} | {statistics.mean(row['frechet']):.2f} | {each} "
            f"| {statistics.mean(row['recall']):.3f} |"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--updates", type=int, default=100)
    options.add_argument("--scores", action="store_true")
    options.add_argument("--epochs", type=int, default=3)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    split = load_split("mnist", "train")
    if asked.scores:
        rows, show = measure_scores(split, asked.epochs, asked.seeds), show_scores
    else:
        rows, show = measure_speed(split, asked.rounds, asked.updates), show_speed
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{split.origin}; {asked.threads} thread(s), load {os.getloadavg()[0]:.1f}")
    show(rows)


if __name__ == "__main__":
    main()
