"""The same update as `gan_step` for dcgan-32, with the gradients written out, for a CPU.

Products run in bfloat16 where asked; weights, Adam, the losses and what D sees stay in float32.

Shapes: B images, P pixels, Z latent dimensions, S = 32 the side of the networks' images.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genlab.models.gan import GAN, GANConfig, build_optimiser, sample_noise
from genlab.objectives.adversarial import discriminator_loss, generator_loss, opinion
from genlab.training.config import TrainConfig
from genlab.training.device import pick_precision
from genlab.training.gan_step import GANStep, code_of
from genlab.training.process_group import ALONE, Shard
from genlab.training.vae_step import learning_rate_at

if TYPE_CHECKING:
    from genlab.training.written_gan import FlatWeights


def has_written_gradient(config: GANConfig) -> bool:
    """Whether `FastGANStep` knows the networks and all that the config asks for."""
    return config.architecture == "dcgan-32" and config.normalisation == "none" and not config.r1


class FastGANStep(GANStep):
    """Adam for each network of a dcgan-32; what a call returns are batch means."""

    def __init__(self, model: GAN, config: TrainConfig, steps: int, shard: Shard = ALONE) -> None:
        from genlab.training.written_gan import WrittenDiscriminator, WrittenGenerator  # numba

        self.model, self.config, self.steps, self.done = model, config, steps, 0
        self.shard, self.device = shard, torch.device("cpu")
        self.code, self.dtype = code_of(model.config), pick_precision(config.precision, self.device)
        rows = -(-config.batch_size // shard.world)
        self.g = WrittenGenerator(model.generator, self.dtype, rows)
        self.d = WrittenDiscriminator(model.discriminator, self.dtype, 2 * rows)
        self.optimiser_d = build_optimiser([self.d.flat], config.learning_rate)
        self.optimiser_g = build_optimiser([self.g.flat], config.learning_rate)

    @torch.no_grad()
    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Update both networks on images (B, P) uint8; the labels are not used.

        Returns 0-d means, those of GANStep.
        """
        config, B, take, mean = self.model.config, len(images), self.shard.take, self.shard.mean
        images, z = take(images), take(sample_noise(B, config, generator))
        N = len(images)
        real, fake = self.d.images[:N], self.d.images[N : 2 * N]
        real.copy_(self.model.from_pixels(images.float().div_(255.0)).squeeze(1))
        fake.copy_(self.g.forward(z))
        if config.instance_noise:
            for seen in (real, fake):
                seen.add_(take(self.blur(B, generator)).squeeze(1))

        logits = self.d.forward(0, 2 * N).requires_grad_()
        with torch.enable_grad():
            sides = logits[:N], logits[N:]
            parts = discriminator_loss(
                *sides, config.loss, code=self.code, smoothing=config.smoothing
            )
            loss_d = mean(parts[0], B) + mean(parts[1], B)
            (d_logits,) = torch.autograd.grad(loss_d, logits)
        views = [mean(opinion(part, config.loss, self.code), B) for part in sides]
        self.d.backward(d_logits)
        self.update(self.d, self.optimiser_d)

        logits = self.d.forward(N, 2 * N).requires_grad_()
        with torch.enable_grad():
            loss_g = mean(generator_loss(logits, config.loss, code=self.code), B)
            (d_logits,) = torch.autograd.grad(loss_g, logits)
        self.g.backward(self.d.backward_to_images(d_logits))
        self.update(self.g, self.optimiser_g)
        if config.averaging:
            self.average()

        losses = [loss_d.detach(), *views, loss_g.detach()]
        self.shard.sum_(*losses)
        self.done += 1
        return dict(zip(("loss_d", "d_real", "d_fake", "loss_g"), losses, strict=True))

    def update(self, network: "FlatWeights", optimiser: torch.optim.Adam) -> None:
        self.shard.sum_(network.flat.grad)
        optimiser.param_groups[0]["lr"] = learning_rate_at(self.config, self.done, self.steps)
        optimiser.step()
        network.refresh()

    def load_state_dict(self, state: dict) -> None:
        super().load_state_dict(state)
        self.d.refresh()
        self.g.refresh()
