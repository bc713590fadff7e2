"""Generative adversarial network: a generator and a discriminator, in four architectures.

Goodfellow et al., Generative Adversarial Networks, 2014, arXiv:1406.2661.
Shapes: B images, Z latent dimensions, P pixels of an image of the data (28 x 28), S the side of
the networks' own images, F features. The networks work in (-1, 1); pixels outside are in [0, 1].
"""

import copy
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genlab.models.gan_networks import ARCHITECTURES, Discriminator

SIDE = 28  # of an image of the data
NOISES = ("gaussian", "uniform")
LOSSES = ("non-saturating", "minimax", "least-squares")
NORMS = ("none", "spectral")
MORE = "More settings"  # where a form shows what is changed less often


@dataclass(frozen=True, kw_only=True)
class GANConfig:
    """Both networks, what they play for, and what steadies the game."""

    pixels: int = field(default=SIDE * SIDE, metadata={"fixed": "by the images"})
    architecture: str = field(
        default="dcgan-32",
        metadata={
            "label": "Architecture",
            "help": "Of generator and discriminator: mlp is two perceptrons, the others convolve.",
            "choices": tuple(ARCHITECTURES),
        },
    )
    latent_dim: int = field(
        default=128,
        metadata={
            "label": "Noise, Z",
            "help": "Numbers of noise that the generator turns into an image.",
            "low": 1,
            "high": 512,
        },
    )
    noise: str = field(
        default="gaussian",
        metadata={
            "label": "Noise from",
            "help": "gaussian: N(0, 1); uniform: from -1 to 1.",
            "choices": NOISES,
        },
    )
    loss: str = field(
        default="non-saturating",
        metadata={
            "label": "Loss",
            "help": "minimax is flat for a generator whose fakes are found out; non-saturating is "
            "steep there; least-squares also pulls on fakes that pass.",
            "choices": LOSSES,
        },
    )
    fake_code: float = field(
        default=0.0,
        metadata={
            "label": "Fake, a",
            "group": MORE,
            "help": "Least squares: what the discriminator should say of fakes.",
            "low": -5.0,
            "high": 0.0,
            "step": 0.5,
        },
    )
    real_code: float = field(
        default=1.0,
        metadata={
            "label": "Real, b",
            "group": MORE,
            "help": "Least squares: what the discriminator should say of real images.",
            "low": 0.5,
            "high": 5.0,
            "step": 0.5,
        },
    )
    wanted_code: float = field(
        default=1.0,
        metadata={
            "label": "Wanted, c",
            "group": MORE,
            "help": "Least squares: what the generator wants said of its fakes. "
            "b - c = 1 and b - a = 2 make its objective Pearson's chi-squared.",
            "low": -5.0,
            "high": 5.0,
            "step": 0.5,
        },
    )
    smoothing: float = field(
        default=0.0,
        metadata={
            "label": "Label smoothing",
            "group": MORE,
            "help": "Real images are to be called real with 1 less this: it keeps the "
            "discriminator from being too sure.",
            "low": 0.0,
            "high": 0.5,
            "step": 0.05,
        },
    )
    instance_noise: float = field(
        default=0.0,
        metadata={
            "label": "Instance noise",
            "group": MORE,
            "help": "Standard deviation of noise on all that the discriminator sees, of pixels in "
            "(-1, 1); it falls to 0 over the run.",
            "low": 0.0,
            "high": 2.0,
            "step": 0.05,
        },
    )
    normalisation: str = field(
        default="none",
        metadata={
            "label": "Normalise D",
            "group": MORE,
            "help": "spectral: each layer of the discriminator is divided by its largest singular "
            "value, so that it cannot be steep.",
            "choices": NORMS,
        },
    )
    r1: float = field(
        default=0.0,
        metadata={
            "label": "R1 penalty",
            "group": MORE,
            "help": "Weight of the squared gradient of the discriminator at real images: half of "
            "it joins its loss.",
            "low": 0.0,
            "high": 100.0,
            "step": 0.5,
        },
    )
    averaging: float = field(
        default=0.0,
        metadata={
            "label": "Average G",
            "group": MORE,
            "help": "Pictures come from a moving average of the generator's weights, which keeps "
            "this share of itself at every update; 0 for none.",
            "low": 0.0,
            "high": 0.9999,
            "step": 0.0005,
        },
    )

    def __post_init__(self) -> None:
        for name, choices in (
            ("architecture", tuple(ARCHITECTURES)),
            ("noise", NOISES),
            ("loss", LOSSES),
            ("normalisation", NORMS),
        ):
            if getattr(self, name) not in choices:
                found = getattr(self, name)
                raise ValueError(f"{name} is {found!r}; choose {', '.join(choices)}.")
        if self.pixels != SIDE * SIDE:
            raise ValueError(f"pixels is {self.pixels}; these networks make {SIDE * SIDE}.")
        if self.latent_dim < 1:
            raise ValueError(f"latent_dim is {self.latent_dim}; choose 1 or more.")
        if self.real_code == self.fake_code:
            raise ValueError(f"real_code and fake_code are both {self.real_code}; tell them apart.")
        for name in ("smoothing", "averaging"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; choose from 0 to below 1.")
        for name in ("instance_noise", "r1"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 0 or more.")


def sample_noise(
    count: int, config: GANConfig, generator: torch.Generator, device: torch.device | None = None
) -> Tensor:
    """(count, Z) draws of what the generator starts from, on `device`, the generator's."""
    shape = (count, config.latent_dim)
    if config.noise == "uniform":
        return torch.rand(shape, generator=generator, device=device).mul_(2.0).sub_(1.0)
    return torch.randn(shape, generator=generator, device=device)


def build_generator(config: GANConfig) -> nn.Module:
    """Noise (B, Z) to images (B, 1, S, S) in (-1, 1), with torch's default initialisation."""
    return ARCHITECTURES[config.architecture].generator(config.latent_dim)


def build_discriminator(config: GANConfig) -> Discriminator:
    """Images (B, 1, S, S) in (-1, 1) to logits (B,), with torch's default initialisation."""
    discriminator = Discriminator(*ARCHITECTURES[config.architecture].features())
    if config.normalisation == "spectral":  # Miyato et al. 2018, arXiv:1802.05957, algorithm 1
        for layer in discriminator.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                spectral_norm(layer)
    return discriminator


def build_optimiser(parameters, learning_rate: float = 1e-3) -> torch.optim.Adam:
    """Adam with the betas of GANs, 0.5 and 0.999 (Radford et al. 2016, section 4)."""
    return torch.optim.Adam(parameters, lr=learning_rate, betas=(0.5, 0.999), fused=True)


class GAN(nn.Module):
    """Both networks, and the average of the generator where the config asks for one."""

    def __init__(self, config: GANConfig) -> None:
        super().__init__()
        self.config = config
        self.side = ARCHITECTURES[config.architecture].side
        self.generator = build_generator(config)
        self.discriminator = build_discriminator(config)
        if config.averaging:
            self.averaged = copy.deepcopy(self.generator).requires_grad_(False)

    @property
    def shown_generator(self) -> nn.Module:
        """The generator that pictures come from."""
        return self.averaged if self.config.averaging else self.generator

    def generate(self, z: Tensor) -> Tensor:
        """Noise (B, Z) to images (B, P) in [0, 1]."""
        return self.to_pixels(self.shown_generator(z))

    def discriminate(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to logits (B,)."""
        return self.discriminator(self.from_pixels(images))

    def features(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to what the discriminator's last layer sees of them: (B, F)."""
        return self.discriminator.features(self.from_pixels(images))

    def from_pixels(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to (B, 1, S, S) in [-1, 1], black around where S is larger."""
        margin = (self.side - SIDE) // 2
        square = images.view(-1, 1, SIDE, SIDE).mul(2.0).sub(1.0)
        return nn.functional.pad(square, (margin,) * 4, value=-1.0) if margin else square

    def to_pixels(self, images: Tensor) -> Tensor:
        """Images (B, 1, S, S) in (-1, 1) to (B, P) in (0, 1), without the margin."""
        margin = (self.side - SIDE) // 2
        inner = images[:, :, margin : margin + SIDE, margin : margin + SIDE]
        return inner.float().add(1.0).mul(0.5).flatten(1)
