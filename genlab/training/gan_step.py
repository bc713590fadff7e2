"""One update of a GAN: the discriminator's, then the generator's, on the same fakes.

Goodfellow et al., Generative Adversarial Networks, 2014, arXiv:1406.2661, algorithm 1 with k = 1.
Shapes: B images, P pixels, Z latent dimensions, S the side of the networks' images.
"""

import numpy as np
import torch
from torch import Tensor

from genlab.errors import GenLabError
from genlab.models.gan import GAN, GANConfig, build_optimiser, sample_noise
from genlab.models.gan_networks import ARCHITECTURES
from genlab.objectives.adversarial import Code, discriminator_loss, generator_loss, opinion
from genlab.training.config import TrainConfig
from genlab.training.device import arithmetic, pick_precision
from genlab.training.process_group import ALONE, Shard
from genlab.training.vae_step import learning_rate_at

EARLY_FRAMES = (10, 25, 50, 100, 250, 500, 1000)
FILM_NOISES = 64


class GANStep:
    """Adam for each network; what a call returns are batch means."""

    best_by = ""  # no loss of a GAN tells which epoch is best: the last weights are kept
    frames_at = EARLY_FRAMES

    def __init__(self, model: GAN, config: TrainConfig, steps: int, shard: Shard = ALONE) -> None:
        if shard.world > 1 and ARCHITECTURES[model.config.architecture].batch_norm:
            raise GenLabError(
                f"{model.config.architecture} normalises over the whole batch, of which each "
                "process sees a part; train it with one, or choose mlp or dcgan-32."
            )
        self.model, self.config, self.steps, self.done = model, config, steps, 0
        self.shard, self.device = shard, next(model.parameters()).device
        self.code = code_of(model.config)
        self.dtype = pick_precision(config.precision, self.device)
        model.to(memory_format=torch.channels_last)
        self.optimiser_d = build_optimiser(model.discriminator.parameters(), config.learning_rate)
        self.optimiser_g = build_optimiser(model.generator.parameters(), config.learning_rate)

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Update both networks on images (B, P) uint8; the labels are not used.

        Returns 0-d means: loss_d, loss_g, and D's opinion of the images and of the fakes before
        its update, d_real and d_fake (objectives.adversarial.opinion).
        """
        config, B, take = self.model.config, len(images), self.shard.take
        real = self.model.from_pixels(take(images).float().div_(255.0))
        z = take(sample_noise(B, config, generator, self.device))
        with arithmetic(self.device, self.dtype):
            fake = self.model.generator(z).float()  # (B, 1, S, S)
        blur_real, blur_fake = (take(self.blur(B, generator)) for _ in range(2))

        losses = self.update_discriminator(real + blur_real, fake.detach() + blur_fake, B)
        losses["loss_g"] = self.update_generator(fake + blur_fake, B)
        self.shard.sum_(*losses.values())
        self.done += 1
        return losses

    def update_discriminator(self, real: Tensor, fake: Tensor, B: int) -> dict[str, Tensor]:
        """One Adam step on images (B, 1, S, S) of each kind, in one pass."""
        config, mean = self.model.config, self.shard.mean
        real.requires_grad_(config.r1 > 0.0)
        with arithmetic(self.device, self.dtype):
            logits = self.model.discriminator(torch.cat([real, fake])).float()
        of_real, of_fake = logits.split([len(real), len(fake)])
        parts = discriminator_loss(
            of_real, of_fake, config.loss, code=self.code, smoothing=config.smoothing
        )
        loss = mean(parts[0], B) + mean(parts[1], B)
        objective = loss
        if config.r1:  # Mescheder et al. 2018, arXiv:1801.04406, equation 9
            (slope,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            objective = loss + 0.5 * config.r1 * mean(slope.square().flatten(1).sum(1), B)
        self.step(self.optimiser_d, objective)
        views = [opinion(part.detach(), config.loss, self.code) for part in (of_real, of_fake)]
        return {"loss_d": loss.detach(), "d_real": mean(views[0], B), "d_fake": mean(views[1], B)}

    def update_generator(self, fake: Tensor, B: int) -> Tensor:
        """One Adam step through what the discriminator now says of fakes (B, 1, S, S)."""
        config, discriminator = self.model.config, self.model.discriminator
        discriminator.requires_grad_(False)
        with arithmetic(self.device, self.dtype):
            logits = discriminator(fake).float()
        loss = self.shard.mean(generator_loss(logits, config.loss, code=self.code), B)
        self.step(self.optimiser_g, loss)
        discriminator.requires_grad_(True)
        if config.averaging:
            self.average()
        return loss.detach()

    def step(self, optimiser: torch.optim.Optimizer, objective: Tensor) -> None:
        optimiser.zero_grad()
        objective.backward()
        group = optimiser.param_groups[0]
        self.shard.sum_(*(p.grad for p in group["params"]))
        group["lr"] = learning_rate_at(self.config, self.done, self.steps)
        optimiser.step()

    def blur(self, B: int, generator: torch.Generator) -> Tensor:
        """Instance noise (B, 1, S, S), or (B, 1, 1, 1) zeros where the config asks for none."""
        spread = self.model.config.instance_noise * (1.0 - self.done / self.steps)
        if not spread:
            return torch.zeros(B, 1, 1, 1, device=self.device)
        shape = (B, 1, self.model.side, self.model.side)
        return torch.randn(shape, generator=generator, device=self.device).mul_(spread)

    @torch.no_grad()
    def average(self) -> None:
        keep = self.model.config.averaging
        ours, theirs = self.model.averaged.state_dict(), self.model.generator.state_dict()
        for name, value in theirs.items():
            if value.is_floating_point():
                ours[name].lerp_(value, 1.0 - keep)
            else:
                ours[name].copy_(value)

    def state_dict(self) -> dict:
        """All that the next update depends on, weights apart."""
        optimisers = {"optimiser_d": self.optimiser_d, "optimiser_g": self.optimiser_g}
        return {name: o.state_dict() for name, o in optimisers.items()} | {"done": self.done}

    def load_state_dict(self, state: dict) -> None:
        self.optimiser_d.load_state_dict(state["optimiser_d"])
        self.optimiser_g.load_state_dict(state["optimiser_g"])
        self.done = state["done"]

    @torch.no_grad()
    def pictures(self, images: Tensor, labels: Tensor, seed: int) -> Tensor:
        """Images (N, P) uint8 and as many generated ones: (2, N, P) uint8."""
        made, _ = self.shown(len(images), seed)
        return torch.stack([images, made])

    def fixed(self) -> dict[str, np.ndarray]:
        """noise (64, Z): what every frame of the film is made from."""
        return {"noise": film_noise(self.model.config).numpy()}

    def frame(self) -> dict[str, np.ndarray]:
        """images (64, P) uint8, and D's opinion of each, (64,) float32."""
        images, opinions = self.shown(FILM_NOISES, 0)
        return {"images": images.cpu().numpy(), "opinions": opinions.cpu().numpy()}

    @torch.no_grad()
    def shown(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """The images of a seed's noises, (count, P) uint8, and D's opinion of each, (count,)."""
        model, was_training = self.model, self.model.training
        model.eval()
        made = model.shown_generator(film_noise(model.config, count, seed).to(self.device))
        opinions = opinion(model.discriminator(made), model.config.loss, self.code)
        model.train(was_training)
        return model.to_pixels(made).mul(255.0).round().to(torch.uint8), opinions

    @torch.no_grad()
    def evaluate(self, images: Tensor, labels: Tensor, seed: int) -> dict[str, float]:
        """Losses and opinions on images held out, (N, P) uint8, and as many fakes."""
        config, sums = self.model.config, torch.zeros(4, dtype=torch.float64)
        generator = torch.Generator(self.device).manual_seed(seed)
        for rows in images.split(500):
            z = sample_noise(len(rows), config, generator, self.device)
            with arithmetic(self.device, self.dtype):
                of_real = self.model.discriminate(rows.float().div_(255.0)).float()
                of_fake = self.model.discriminator(self.model.shown_generator(z)).float()
            parts = discriminator_loss(of_real, of_fake, config.loss, code=self.code)
            terms = (
                parts[0] + parts[1],
                generator_loss(of_fake, config.loss, code=self.code),
                opinion(of_real, config.loss, self.code),
                opinion(of_fake, config.loss, self.code),
            )
            sums += torch.stack([term.sum(dtype=torch.float64).cpu() for term in terms])
        names = ("loss_d", "loss_g", "d_real", "d_fake")
        return dict(zip(names, (sums / len(images)).tolist(), strict=True))


def code_of(config: GANConfig) -> Code:
    return Code(config.fake_code, config.real_code, config.wanted_code)


def film_noise(config: GANConfig, count: int = FILM_NOISES, seed: int = 0) -> Tensor:
    """(count, Z) float32 on the CPU: the fixed noises that a run's film shows."""
    return sample_noise(count, config, torch.Generator().manual_seed(seed))
