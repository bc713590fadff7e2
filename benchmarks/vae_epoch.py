"""One VAE epoch of 60,000 images at batch 128: the common loop, pythae, and ours, side by side.

    pip install -r benchmarks/requirements.txt
    GENLAB_DATA=... python -m benchmarks.vae_epoch [--rounds 5] [--threads 1] [--json]

Every variant trains the same 784-400-20 network on Fashion-MNIST with Adam 1e-3. The variants
take turns, one epoch each a round, so that all meet the same machine; the first round warms up
and is not counted. Medians and ratios are what to read. "common" is the loop of the usual
example: torchvision's dataset and a DataLoader, binary_cross_entropy of a sigmoid, loss.item()
at each step. The loss shown is the negative ELBO on the test images after the last round, the
same measure for all.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy

from genlab.data.images import ImageSplit, load_split
from genlab.models.vae import VAE, VAEConfig
from genlab.training.config import TrainConfig
from genlab.training.device import has_fast_bfloat16
from genlab.training.fast_vae_step import FastVAEStep
from genlab.training.vae_step import VAEStep, elbo_terms

BATCH, RATE = 128, 1e-3
Epoch = Callable[[], None]


def common_loop(split: ImageSplit) -> tuple[nn.Module, Epoch]:
    """The loop most people write, data decoding included."""
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision.transforms.functional import to_tensor

    class Images(Dataset):  # what torchvision.datasets.FashionMNIST does for one item
        def __len__(self) -> int:
            return len(split.images)

        def __getitem__(self, index: int):
            return to_tensor(Image.fromarray(split.images[index])), int(split.labels[index])

    model = VAE(VAEConfig())
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    loader = DataLoader(Images(), batch_size=BATCH, shuffle=True)

    def epoch() -> None:
        total = 0.0
        for x, _ in loader:
            x = x.view(-1, 784)
            optimiser.zero_grad()
            out = model(x)
            recon_nll = binary_cross_entropy(out.logits.sigmoid(), x, reduction="sum")
            kl = -0.5 * torch.sum(1 + out.logvar - out.mu.pow(2) - out.logvar.exp())
            loss = (recon_nll + kl) / len(x)
            loss.backward()
            optimiser.step()
            total += loss.item()

    return model, epoch


def ours(split: ImageSplit, dtype: torch.dtype | None) -> tuple[nn.Module, Epoch]:
    """Our step over resident images: autograd (None), or the written gradient in `dtype`."""
    model, config = VAE(VAEConfig()), TrainConfig(learning_rate=RATE)
    images = torch.from_numpy(split.images.copy()).flatten(1)
    labels = torch.from_numpy(split.labels.astype(np.int64))
    steps = 10**6
    step = (
        VAEStep(model, config, steps) if dtype is None else FastVAEStep(model, config, steps, dtype)
    )
    noise = torch.Generator().manual_seed(0)

    def epoch() -> None:
        for batch in torch.randperm(len(images)).split(BATCH):
            step(images.index_select(0, batch), labels.index_select(0, batch), noise)

    return model, epoch


def pythae_trainer(split: ImageSplit) -> tuple[nn.Module, Epoch]:
    """pythae's BaseTrainer with networks of the same sizes, its own logging switched off."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig as PythaeConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net = net

        def forward(self, x):
            mu, logvar = self.net(x.flatten(1)).chunk(2, dim=1)
            return ModelOutput(embedding=mu, log_covariance=logvar)

    class Decoder(BaseDecoder):
        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net = net

        def forward(self, z):
            return ModelOutput(reconstruction=self.net(z).sigmoid().view(-1, 1, 28, 28))

    twin = VAE(VAEConfig())
    model = PythaeVAE(
        PythaeConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce"),
        Encoder(twin.encoder),
        Decoder(twin.decoder),
    )
    images = torch.from_numpy(split.images / np.float32(255)).unsqueeze(1)
    data = BaseDataset(images, torch.from_numpy(split.labels.astype(np.int64)))
    config = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        num_epochs=10**6,
        learning_rate=RATE,
        per_device_train_batch_size=BATCH,
        no_cuda=True,
    )
    trainer = BaseTrainer(model=model, train_dataset=data, training_config=config)
    trainer.prepare_training()
    count = iter(range(1, 10**6))

    def epoch() -> None:
        with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):  # its progress bar
            trainer.train_step(next(count))

    return twin, epoch


def variants(split: ImageSplit) -> dict[str, tuple[nn.Module, Epoch]]:
    found = {
        "common": common_loop(split),
        "ours, autograd f32": ours(split, None),
        "ours, f32": ours(split, torch.float32),
    }
    if has_fast_bfloat16(torch.device("cpu")):
        found["ours, bf16"] = ours(split, torch.bfloat16)
    else:
        print("This CPU has no bfloat16 products: the bf16 row is left out.")
    try:
        found["pythae"] = pythae_trainer(split)
    except ImportError:
        print("pythae is not installed: its row is left out.")
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    train, test = load_split("fashion", "train"), load_split("fashion", "test")
    images = torch.from_numpy(test.images.copy()).flatten(1)
    labels = torch.from_numpy(test.labels.astype(np.int64))
    found, seconds = variants(train), {}
    for turn in range(asked.rounds + 1):
        for name, (_, epoch) in found.items():
            started = time.perf_counter()
            epoch()
            if turn:
                seconds.setdefault(name, []).append(time.perf_counter() - started)
    rows = []
    for name, (model, _) in found.items():
        times = seconds[name]
        ratios = [a / b for a, b in zip(seconds["common"], times, strict=True)]
        loss = elbo_terms(model.eval(), images, labels, seed=0)["neg_elbo"]
        rows.append(
            {
                "variant": name,
                "seconds_median": statistics.median(times),
                "seconds_min": min(times),
                "seconds_max": max(times),
                "images_per_second": len(train.images) / statistics.median(times),
                "ratio_to_common": statistics.median(ratios),
                "neg_elbo_test": loss,
            }
        )
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    load = os.getloadavg()[0]
    print(f"{train.origin}; {asked.threads} thread(s), {asked.rounds} rounds, load {load:.1f}")
    print("| variant | s an epoch, median (min to max) | images/s | x common | neg ELBO on test |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['variant']} | {row['seconds_median']:.2f} ({row['seconds_min']:.2f} to "
            f"{row['seconds_max']:.2f}) | {row['images_per_second']:,.0f} "
            f"| {row['ratio_to_common']:.2f} | {row['neg_elbo_test']:.2f} |"
        )


if __name__ == "__main__":
    main()
