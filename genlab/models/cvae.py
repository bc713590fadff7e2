"""Conditional variational autoencoder: the label joins what the encoder and the decoder see.

log p(x|c) >= E_q(z|x,c)[log p(x|z,c)] - KL(q(z|x,c) || p(z|c)), with p(z|c) = N(0, I).
Sohn, Lee & Yan, Learning Structured Output Representation using Deep Conditional Generative
Models, NeurIPS 2015, here with a prior that does not depend on c.
Shapes: B images, P pixels, K classes, Z latent dimensions.
"""

from dataclasses import dataclass, field

from torch import Tensor, cat, nn, randn_like
from torch.nn.functional import one_hot

from genlab.models.vae import VAEConfig, VAEOutput


@dataclass(frozen=True, kw_only=True)
class CVAEConfig(VAEConfig):
    classes: int = field(default=10, metadata={"fixed": "by the images"})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.classes < 2:
            raise ValueError(f"classes is {self.classes}; choose 2 or more, or train a VAE.")


class CVAE(nn.Module):
    def __init__(self, config: CVAEConfig) -> None:
        super().__init__()
        P, H, Z, K = config.pixels, config.hidden, config.latent_dim, config.classes
        self.config = config
        self.encoder = nn.Sequential(nn.Linear(P + K, H), nn.ReLU(), nn.Linear(H, 2 * Z))
        self.decoder = nn.Sequential(nn.Linear(Z + K, H), nn.ReLU(), nn.Linear(H, P))

    def with_label(self, values: Tensor, labels: Tensor) -> Tensor:
        """(B, D) values and (B,) integer labels joined to (B, D + K), the one-hot label last."""
        return cat([values, one_hot(labels.long(), self.config.classes).to(values.dtype)], dim=1)

    def encode(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, P) in [0, 1] with labels (B,) to mu and logvar, each (B, Z)."""
        mu, logvar = self.encoder(self.with_label(x, labels)).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        """Latents (B, Z) under labels (B,) to logits (B, P)."""
        return self.decoder(self.with_label(z, labels))

    def forward(self, x: Tensor, labels: Tensor) -> VAEOutput:
        mu, logvar = self.encode(x, labels)
        z = mu + (0.5 * logvar).exp() * randn_like(mu)
        return VAEOutput(self.decode(z, labels), mu, logvar, z)
