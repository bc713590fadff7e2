"""One update of a VAE or CVAE by autograd: the reference that the fast path is held to.

Shapes: B images, P pixels, Z latent dimensions.
"""

import math

import torch
from torch import Tensor, nn

from genlab.objectives.elbo import bernoulli_nll, kl_per_dimension, kl_to_standard_normal
from genlab.training.config import TrainConfig
from genlab.training.process_group import ALONE, Shard


def learning_rate_at(config: TrainConfig, step: int, steps: int) -> float:
    """The rate of update `step` (from 0) of `steps`: constant, or half a cosine down to 0."""
    if config.schedule == "constant":
        return config.learning_rate
    return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * step / steps))


class VAEStep:
    """Adam on the negative ELBO, batch mean in nats per image, one z for each image."""

    best_by = "neg_elbo"
    frames_at = None  # no film

    def __init__(
        self, model: nn.Module, config: TrainConfig, steps: int, shard: Shard = ALONE
    ) -> None:
        self.model, self.config, self.steps, self.done = model, config, steps, 0
        self.shard = shard
        self.optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Update on images (B, P) uint8 with labels (B,); return batch means as 0-d tensors."""
        B, take = len(images), self.shard.take
        x, labels = take(images).float().div_(255.0), take(labels)
        mu, logvar = self.model.encode(x, labels)
        eps = take(torch.randn(B, mu.shape[1], device=mu.device, generator=generator))
        logits = self.model.decode(mu + (0.5 * logvar).exp() * eps, labels)
        recon_nll = self.shard.mean(bernoulli_nll(logits, x), B)
        kl = self.shard.mean(kl_to_standard_normal(mu, logvar), B)
        neg_elbo = recon_nll + kl
        self.optimiser.zero_grad()
        neg_elbo.backward()
        losses = {"neg_elbo": neg_elbo, "recon_nll": recon_nll, "kl": kl}
        losses = {name: value.detach() for name, value in losses.items()}
        self.shard.sum_(*(p.grad for p in self.model.parameters()), *losses.values())
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_at(self.config, self.done, self.steps)
        self.optimiser.step()
        self.done += 1
        return losses

    def state_dict(self) -> dict:
        """All that the next update depends on, weights apart."""
        return {"optimiser": self.optimiser.state_dict(), "done": self.done}

    def load_state_dict(self, state: dict) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        self.done = state["done"]

    @torch.no_grad()
    def pictures(self, images: Tensor, labels: Tensor, seed: int) -> Tensor:
        """Images (N, P) uint8, their reconstructions, and draws from the prior: (3, N, P) uint8."""
        x = images.float().div(255.0)
        mu, _ = self.model.encode(x, labels)
        noise = torch.Generator().manual_seed(seed)
        z = torch.randn(mu.shape, generator=noise).to(mu.device)
        made = [x, self.model.decode(mu, labels).sigmoid(), self.model.decode(z, labels).sigmoid()]
        return torch.stack(made).mul(255.0).round().to(torch.uint8)

    def evaluate(self, images: Tensor, labels: Tensor, seed: int) -> dict[str, float]:
        return elbo_terms(self.model, images, labels, seed=seed, shard=self.shard)


@torch.no_grad()
def elbo_terms(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    seed: int,
    batch: int = 1000,
    shard: Shard = ALONE,
) -> dict[str, float]:
    """Means of neg_elbo, recon_nll and kl over images (N, P) uint8, one seeded z an image."""
    generator = torch.Generator(images.device).manual_seed(seed)
    recon_nll = kl = 0.0
    for rows, c in zip(images.split(batch), labels.split(batch), strict=True):
        x, c = shard.take(rows).float().div_(255.0), shard.take(c)
        mu, logvar = model.encode(x, c)
        noise = torch.randn(len(rows), mu.shape[1], device=mu.device, generator=generator)
        eps = shard.take(noise)
        logits = model.decode(mu + (0.5 * logvar).exp() * eps, c)
        recon_nll += bernoulli_nll(logits, x).sum(dtype=torch.float64).item()
        kl += kl_per_dimension(mu, logvar).sum(dtype=torch.float64).item()
    sums = shard.gather((recon_nll, kl))
    recon_nll, kl = (sum(part) / len(images) for part in zip(*sums, strict=True))
    return {"neg_elbo": recon_nll + kl, "recon_nll": recon_nll, "kl": kl}
