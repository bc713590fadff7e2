"""Which families there are, and the recipes that ship: where a model meets its step.

A new model is one entry in FAMILIES and one in RECIPES.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from genlab.data.catalogue import DatasetInfo, find_dataset
from genlab.errors import GenLabError
from genlab.models.cvae import CVAE, CVAEConfig
from genlab.models.digit_classifier import ClassifierConfig, DigitClassifier
from genlab.models.gan import GAN, GANConfig
from genlab.models.siamese import SiameseConfig, SiameseNetwork
from genlab.models.vae import VAE, VAEConfig
from genlab.training.classifier_step import ClassifierStep
from genlab.training.config import TrainConfig
from genlab.training.device import pick_precision
from genlab.training.fast_gan_step import FastGANStep, has_written_gradient
from genlab.training.fast_vae_step import FastVAEStep
from genlab.training.gan_step import GANStep
from genlab.training.loop import Step
from genlab.training.process_group import ALONE, Shard
from genlab.training.siamese_step import SiameseStep
from genlab.training.vae_step import VAEStep

CONFIG_FIELDS = ("family", "dataset", "model", "training")  # of a saved config; some lack start


@dataclass(frozen=True)
class Family:
    config: type
    model: Callable[[Any], nn.Module]
    step: Callable[[nn.Module, TrainConfig, int, Shard], Step]


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """All that decides a run: saved as config.json, and enough to train it again."""

    family: str
    dataset: str
    model: Any  # the family's config
    training: TrainConfig
    start: str = ""  # the run whose weights it begins with; "" draws them by the seed

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def make_vae_step(model: nn.Module, config: TrainConfig, steps: int, shard: Shard = ALONE) -> Step:
    device = next(model.parameters()).device
    if device.type == "cpu":
        return FastVAEStep(model, config, steps, pick_precision(config.precision, device), shard)
    return VAEStep(model, config, steps, shard)


def make_gan_step(model: nn.Module, config: TrainConfig, steps: int, shard: Shard = ALONE) -> Step:
    device = next(model.parameters()).device
    if device.type == "cpu" and has_written_gradient(model.config):
        return FastGANStep(model, config, steps, shard)
    return GANStep(model, config, steps, shard)


FAMILIES: dict[str, Family] = {
    "vae": Family(VAEConfig, VAE, make_vae_step),
    "cvae": Family(CVAEConfig, CVAE, make_vae_step),
    "gan": Family(GANConfig, GAN, make_gan_step),
    "classifier": Family(ClassifierConfig, DigitClassifier, ClassifierStep),
    "siamese": Family(SiameseConfig, SiameseNetwork, SiameseStep),
}

# Both perceptrons are trained alike, so that what differs is the loss
MLP_GAN_TRAINING = TrainConfig(
    epochs=90, batch_size=256, learning_rate=5e-4, schedule="cosine", validation_share=0.05
)
# All on digits are trained alike, so that their losses and embeddings can be compared
SIAMESE_MNIST_TRAINING = TrainConfig(
    epochs=12, learning_rate=3e-3, schedule="cosine", validation_share=0.05
)

RECIPES: dict[str, RunConfig] = {
    "vae-fashion": RunConfig(
        family="vae",
        dataset="fashion",
        model=VAEConfig(),
        training=TrainConfig(learning_rate=3e-3, schedule="cosine"),
    ),
    "cvae-fashion": RunConfig(
        family="cvae",
        dataset="fashion",
        model=CVAEConfig(),
        training=TrainConfig(learning_rate=3e-3, schedule="cosine"),
    ),
    "vae2d-mnist": RunConfig(
        family="vae",
        dataset="mnist",
        model=VAEConfig(latent_dim=2),
        training=TrainConfig(epochs=60, learning_rate=3e-3, schedule="cosine"),
    ),
    "gan-mlp-mnist": RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture="mlp", latent_dim=96, noise="uniform"),
        training=MLP_GAN_TRAINING,
    ),
    "lsgan-mlp-mnist": RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture="mlp", latent_dim=96, noise="uniform", loss="least-squares"),
        training=MLP_GAN_TRAINING,
    ),
    "dcgan-course-mnist": RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture="dcgan-course", latent_dim=96, noise="uniform"),
        training=TrainConfig(
            epochs=5, learning_rate=1e-3, schedule="cosine", validation_share=0.05
        ),
    ),
    "dcgan32-mnist": RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture="dcgan-32", r1=1.0),
        training=TrainConfig(epochs=10, batch_size=64, schedule="cosine", validation_share=0.05),
    ),
    "dcgan28-mnist": RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture="dcgan-28", latent_dim=100, r1=1.0),
        training=TrainConfig(
            epochs=5, batch_size=64, learning_rate=5e-4, schedule="cosine", validation_share=0.05
        ),
    ),
    "gan-collapse-mnist": RunConfig(
        family="gan",
        dataset="mnist",
        model=GANConfig(architecture="mlp", latent_dim=96, noise="uniform"),
        training=TrainConfig(epochs=6, learning_rate=3e-3, validation_share=0.05),
    ),
    "digits-classifier": RunConfig(
        family="classifier",
        dataset="mnist",
        model=ClassifierConfig(),
        training=TrainConfig(
            epochs=12, learning_rate=3e-3, schedule="cosine", validation_share=0.05
        ),
    ),
    "siamese-mnist": RunConfig(
        family="siamese",
        dataset="mnist",
        model=SiameseConfig(embedding_dim=32),
        training=SIAMESE_MNIST_TRAINING,
    ),
    "siamese2d-mnist": RunConfig(
        family="siamese",
        dataset="mnist",
        model=SiameseConfig(embedding_dim=2),
        training=SIAMESE_MNIST_TRAINING,
    ),
    "siamese2d-triplet-mnist": RunConfig(
        family="siamese",
        dataset="mnist",
        model=SiameseConfig(embedding_dim=2, loss="triplet"),
        training=SIAMESE_MNIST_TRAINING,
    ),
    "siamese2d-cosine-mnist": RunConfig(
        family="siamese",
        dataset="mnist",
        model=SiameseConfig(embedding_dim=2, loss="cosine-softmax", margin=0.1),
        training=SIAMESE_MNIST_TRAINING,
    ),
    "siamese-unseen-mnist": RunConfig(
        family="siamese",
        dataset="mnist-unseen",
        model=SiameseConfig(embedding_dim=32),
        training=SIAMESE_MNIST_TRAINING,
    ),
    "siamese-orl": RunConfig(
        family="siamese",
        dataset="orl",
        model=SiameseConfig(
            height=64,
            width=64,
            identities=40,
            embedding_dim=128,
            channels=24,
            loss="triplet",
            margin=0.3,
            mining="hard",
            sphere="yes",
            mirror="yes",
            dropout=0.2,
        ),
        training=TrainConfig(
            epochs=30, batch_size=64, learning_rate=5e-5, schedule="cosine", validation_share=0.2
        ),
        start="siamese-lfw",
    ),
    "siamese-lfw": RunConfig(
        family="siamese",
        dataset="lfw",
        model=SiameseConfig(
            height=64,
            width=64,
            identities=2132,
            embedding_dim=128,
            channels=24,
            loss="cosine-softmax",
            margin=0.2,
            erasing=0.5,
            mirror="yes",
            dropout=0.2,
        ),
        training=TrainConfig(
            epochs=100, batch_size=64, learning_rate=2e-3, schedule="cosine", validation_share=0.05
        ),
    ),
}


def find_recipe(name: str) -> RunConfig:
    if name not in RECIPES:
        raise GenLabError(f'There is no recipe "{name}"; choose one of {", ".join(RECIPES)}.')
    return RECIPES[name]


def config_from_dict(saved: Mapping[str, Any]) -> RunConfig:
    """The RunConfig that `to_dict` wrote. A missing or unknown field is named in the error."""
    family = saved.get("family")
    if family not in FAMILIES:
        raise GenLabError(f"family is {family!r}; this GenLab knows {', '.join(FAMILIES)}.")
    if missing := set(CONFIG_FIELDS) - set(saved):
        raise GenLabError(f"The config lacks {', '.join(sorted(missing))}; restore it and retry.")
    return RunConfig(
        family=family,
        dataset=saved["dataset"],
        model=exact_fields(FAMILIES[family].config, saved["model"], "model"),
        training=exact_fields(TrainConfig, saved["training"], "training"),
        start=str(saved.get("start", "")),
    )


def exact_fields(config_type: type, values: Mapping[str, Any], where: str) -> Any:
    """A config of exactly these values; but a field whose metadata says "later" is one that older
    runs lack, and has the default then."""
    fields = {field.name: field for field in dataclasses.fields(config_type)}
    if unknown := set(values) - set(fields):
        raise GenLabError(f"{where} has the unknown field {', '.join(sorted(unknown))}.")
    needed = {name for name, field in fields.items() if "later" not in field.metadata}
    if missing := needed - set(values):
        raise GenLabError(f"{where} lacks the field {', '.join(sorted(missing))}.")
    try:
        return config_type(**values)
    except (TypeError, ValueError) as error:
        raise GenLabError(f"{where}: {error}") from error


def with_settings(config: RunConfig, settings: Mapping[str, str]) -> RunConfig:
    """Replace fields by name, as `--set latent_dim=2` asks; values are read as the field's type."""
    parts = {"model": config.model, "training": config.training}
    for key, text in settings.items():
        if key == "dataset":
            info = find_dataset(text)
            config = dataclasses.replace(config, dataset=info.name)
            parts["model"] = fitted(parts["model"], info)
            continue
        if key == "start":
            config = dataclasses.replace(config, start=text)
            continue
        part = next((name for name, value in parts.items() if hasattr(value, key)), None)
        if part is None:
            names = [f.name for value in parts.values() for f in dataclasses.fields(value)]
            names += ["dataset", "start"]
            raise GenLabError(f'There is no setting "{key}"; choose {", ".join(names)}.')
        kind = type(getattr(parts[part], key))
        try:
            value = kind(text)
        except ValueError as error:
            raise GenLabError(f"{key} is {text!r}; it takes a {kind.__name__}.") from error
        try:
            parts[part] = dataclasses.replace(parts[part], **{key: value})
        except ValueError as error:
            raise GenLabError(str(error)) from error
    return dataclasses.replace(config, **parts)


def fitted(model: Any, info: DatasetInfo) -> Any:
    """A model's config with the sides and the number of classes of a dataset, where it has such."""
    sizes = {name: getattr(info, name) for name in ("height", "width", "identities")}
    return dataclasses.replace(model, **{n: v for n, v in sizes.items() if hasattr(model, n)})


def build_model(config: RunConfig) -> nn.Module:
    """A fresh model with weights drawn by the run's seed; the caller's generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.training.seed)
        return FAMILIES[config.family].model(config.model)
