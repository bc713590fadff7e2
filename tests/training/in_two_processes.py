"""What two processes train, each in its rank: started by torchrun in test_process_group.py.

    torchrun --nproc-per-node=2 in_two_processes.py FOLDER

leaves FOLDER/0.pt and FOLDER/1.pt, one dict each. The test calls `trained` alone, and compares.
"""

import os
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch

from genlab.errors import GenLabError
from genlab.models.cvae import CVAE, CVAEConfig
from genlab.models.gan import GAN, GANConfig
from genlab.models.vae import VAE, VAEConfig
from genlab.training.config import TrainConfig
from genlab.training.fast_vae_step import FastVAEStep
from genlab.training.gan_step import GANStep
from genlab.training.loop import split_data, total_steps, train
from genlab.training.process_group import ALONE, Shard, process_group, together, until_interrupted
from genlab.training.recipes import RECIPES
from genlab.training.session import prepare_together
from genlab.training.vae_step import VAEStep

CONFIG = TrainConfig(epochs=3, batch_size=7, learning_rate=0.01, precision="float32")
MODELS = {
    "vae": lambda: VAE(VAEConfig(pixels=36, hidden=20, latent_dim=3)),
    "cvae": lambda: CVAE(CVAEConfig(pixels=36, hidden=20, latent_dim=3, classes=4)),
}
KINDS = ("fast", "reference")
GANS = {
    "mlp": GANConfig(architecture="mlp", latent_dim=4, noise="uniform", smoothing=0.1),
    "dcgan-32": GANConfig(
        architecture="dcgan-32", latent_dim=4, r1=1.0, instance_noise=0.1, averaging=0.5
    ),
}


def start(kind: str, family: str, shard: Shard, config: TrainConfig = CONFIG):
    """A step and its records; of 43 images the last batch has one, which one rank goes without."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (54, 36), generator=generator, dtype=torch.uint8)
    data = split_data(images, torch.arange(54) % 4, config)
    assert len(data.images) % config.batch_size == 1
    torch.manual_seed(0)
    model, steps = MODELS[family](), total_steps(len(data.images), config)
    step = (
        FastVAEStep(model, config, steps, torch.float32, shard)
        if kind == "fast"
        else VAEStep(model, config, steps, shard)
    )
    return step, train(step, data, config, report_every=3)


def trained(kind: str, family: str, shard: Shard = ALONE) -> dict:
    step, records = start(kind, family, shard)
    records = [asdict(record) | {"seconds": 0.0} for record in records]
    weights = torch.cat([p.detach().reshape(-1) for p in step.model.parameters()])
    return {"weights": weights, "records": records}


def trained_gan(architecture: str, shard: Shard = ALONE) -> dict:
    """Of 15 images the last batch has one, which one rank goes without."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (19, 784), generator=generator, dtype=torch.uint8)
    config = replace(CONFIG, epochs=2, learning_rate=1e-4)
    data = split_data(images, torch.arange(19) % 4, config)
    assert len(data.images) % config.batch_size == 1
    torch.manual_seed(0)
    model, steps = GAN(GANS[architecture]), total_steps(len(data.images), config)
    records = list(train(GANStep(model, config, steps, shard), data, config, report_every=2))
    weights = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    return {
        "weights": weights,
        "records": [asdict(record) | {"seconds": 0.0} for record in records],
    }


def ended_by_ctrl_c(shard: Shard) -> dict:
    """How far a training comes when Ctrl-C reaches rank 1 alone, after its second record."""
    _, records = start("fast", "vae", shard)
    steps, interrupted = [], False
    try:
        for record in until_interrupted(shard, records):
            steps.append(record.step)
            if shard.rank == 1 and len(steps) == 2:
                os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        interrupted = True
    return {"steps": steps, "interrupted": interrupted}


def sentence(call) -> str:
    try:
        call()
    except GenLabError as error:
        return str(error)
    return ""


def fails_in_rank_1(shard: Shard) -> None:
    if shard.rank == 1:
        raise GenLabError("Rank 1 has no room.")


def prepare_different_images(shard: Shard) -> None:
    config = replace(RECIPES["vae-fashion"], dataset=("fashion", "mnist")[shard.rank])
    prepare_together(config, data_root=None, shard=shard)


def prepare_what_normalises_over_the_batch(shard: Shard) -> None:
    config = replace(RECIPES["dcgan32-mnist"], model=GANConfig(architecture="dcgan-28"))
    prepare_together(config, data_root=None, shard=shard)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with process_group() as shard:
        found = {
            f"{kind} {family}": trained(kind, family, shard) for kind in KINDS for family in MODELS
        }
        found |= {f"gan {name}": trained_gan(name, shard) for name in GANS}
        found["gathered"] = shard.gather(f"rank {shard.rank}")
        found["ctrl-c"] = ended_by_ctrl_c(shard)
        found["failure"] = sentence(lambda: together(shard, lambda: fails_in_rank_1(shard)))
        found["batch norm"] = sentence(lambda: prepare_what_normalises_over_the_batch(shard))
        found["images"] = sentence(lambda: prepare_different_images(shard))
    torch.save(found, Path(sys.argv[1]) / f"{shard.rank}.pt")
