"""Variational autoencoder with a diagonal Gaussian latent and Bernoulli pixels.

Kingma & Welling, Auto-Encoding Variational Bayes, 2014, arXiv:1312.6114.
Shapes: B images, P pixels, Z latent dimensions.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor, nn, randn_like


@dataclass(frozen=True, kw_only=True)
class VAEConfig:
    pixels: int = field(default=28 * 28, metadata={"fixed": "by the images"})
    hidden: int = field(
        default=400,
        metadata={
            "label": "Hidden, H",
            "help": "Units of the one hidden layer of the encoder and of the decoder.",
            "low": 1,
            "high": 4096,
            "step": 50,
        },
    )
    latent_dim: int = field(
        default=20,
        metadata={
            "label": "Latent, Z",
            "help": "Latent dimensions: the numbers in an image's code. Two can be drawn as a "
            "plane; more give sharper reconstructions, up to where further ones stay inactive.",
            "low": 1,
            "high": 256,
        },
    )

    def __post_init__(self) -> None:
        for name in ("pixels", "hidden", "latent_dim"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 1 or more.")


class VAEOutput(NamedTuple):
    logits: Tensor  # (B, P), Bernoulli logits of p(x|z)
    mu: Tensor  # (B, Z), mean of q(z|x)
    logvar: Tensor  # (B, Z), log variance of q(z|x)
    z: Tensor  # (B, Z), one draw from q(z|x)


class VAE(nn.Module):
    """The labels that each method takes are not used; a CVAE's are, and callers need not care."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        P, H, Z = config.pixels, config.hidden, config.latent_dim
        self.config = config
        self.encoder = nn.Sequential(nn.Linear(P, H), nn.ReLU(), nn.Linear(H, 2 * Z))
        self.decoder = nn.Sequential(nn.Linear(Z, H), nn.ReLU(), nn.Linear(H, P))

    def encode(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Images (B, P) in [0, 1] to mu and logvar, each (B, Z)."""
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Latents (B, Z) to logits (B, P); their sigmoid is the mean image."""
        return self.decoder(z)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> VAEOutput:
        mu, logvar = self.encode(x)
        z = mu + (0.5 * logvar).exp() * randn_like(mu)  # reparameterised, section 2.4
        return VAEOutput(self.decode(z), mu, logvar, z)
