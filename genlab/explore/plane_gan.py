"""A GAN on the line or in the plane, trained in numpy, half step by half step.

Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1: so many steps of the discriminator, then one
of the generator, each with Adam. Weights, target batches and noise come from three streams of one
seed, so that two losses begin at the same weights and see the same batches and noises.
    python -m genlab.explore.plane_gan '{"target": "ring"}' > ring.film
Shapes: B points, D axes (1 or 2; the noise has as many), W weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from genlab.explore.plane_loss import (
    LOSSES,
    Code,
    discriminator_losses,
    discriminator_slopes,
    generator_losses,
    generator_slopes,
    opinion,
)
from genlab.explore.plane_net import Adam, Shape, backward, forward, run_net
from genlab.explore.plane_target import TARGETS, build_target

NOISES = {"gaussian": "Gaussian", "uniform": "Uniform"}
BOUNDS = {  # of what a visitor may turn
    "a": (-2.0, 2.0),
    "b": (-2.0, 2.0),
    "c": (-2.0, 2.0),
    "rate_d": (1e-4, 0.1),
    "rate_g": (1e-4, 0.1),
    "d_steps": (1, 5),
    "hidden": (4, 64),
    "batch": (16, 256),
    "updates": (100, 4000),
    "seed": (0, 9999),
}


@dataclass(frozen=True, kw_only=True)
class PlaneConfig:
    axes: int = 2
    target: str = "eight-gaussians"  # one of TARGETS[axes]
    ink: str = ""  # of a drawn target, see plane_ink
    loss: str = "minimax"  # one of LOSSES
    a: float = 0.0  # of least squares: what D should say of fakes,
    b: float = 1.0  # of targets,
    c: float = 1.0  # and what G wants it to say
    rate_d: float = 0.01  # Adam's learning rates, betas 0.5 and 0.999
    rate_g: float = 0.001
    d_steps: int = 1  # of the discriminator for each one of the generator
    hidden: int = 32  # units in each of two layers
    batch: int = 128
    updates: int = 2000
    noise: str = "gaussian"  # one of NOISES
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (
            ("axes", TARGETS),
            ("target", TARGETS.get(self.axes, ())),
            ("loss", LOSSES),
            ("noise", NOISES),
        ):
            if getattr(self, name) not in allowed:
                words = ", ".join(map(str, allowed))
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose from {words}.")
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; choose from {low:g} to {high:g}."
                )
        if self.a == self.b:
            raise ValueError(f"a and b are both {self.a:g}; choose two different numbers.")

    @property
    def code(self) -> Code:
        return Code(self.a, self.b, self.c)

    @property
    def generator(self) -> Shape:
        return Shape(self.axes, self.hidden, self.axes)

    @property
    def discriminator(self) -> Shape:
        return Shape(self.axes, self.hidden, 1)


@dataclass(frozen=True)
class HalfStep:
    """Both networks after the start, after D's steps of an update or after G's step of it.

    The losses and opinions are means over the batch that the step was made from, before its last
    move; NaN for what the half step does not know.
    """

    update: int  # from 1; 0 is the start
    mover: str  # "D", "G", or "" at the start
    generator: np.ndarray  # (W,)
    discriminator: np.ndarray  # (W,)
    loss_d: float = np.nan
    loss_g: float = np.nan
    d_real: float = np.nan  # D's opinion of targets, 0 to 1 as a rule
    d_fake: float = np.nan  # and of fakes

    @property
    def time(self) -> float:
        """In updates: D's half of update u is at u - 1/2, G's at u."""
        return self.update - 0.5 * (self.mover == "D")


def sample_noise(config: PlaneConfig, rng: np.random.Generator, count: int) -> np.ndarray:
    """(B, D): standard normal, or uniform from -1 to 1."""
    if config.noise == "uniform":
        return rng.uniform(-1.0, 1.0, (count, config.axes))
    return rng.standard_normal((count, config.axes))


def train(config: PlaneConfig) -> Iterator[HalfStep]:
    """The start, then two records for each update; no record is changed afterwards."""
    target = build_target(config.axes, config.target, config.ink)
    weights, batches, noises = (np.random.default_rng([config.seed, i]) for i in range(3))
    g, d = config.generator.initial(weights), config.discriminator.initial(weights)
    adam_g = Adam(len(g), config.rate_g)
    adam_d = Adam(len(d), config.rate_d)
    yield HalfStep(0, "", g, d)
    for update in range(1, config.updates + 1):
        for _ in range(config.d_steps):
            real = target.sample(batches, config.batch)
            fake = run_net(config.generator, g, sample_noise(config, noises, config.batch))
            gradient, told = discriminator_gradient(config, d, real, fake)
            d = adam_d.step(d, gradient)
        yield HalfStep(update, "D", g, d, **told)
        gradient, loss_g = generator_gradient(
            config, g, d, sample_noise(config, noises, config.batch)
        )
        g = adam_g.step(g, gradient)
        yield HalfStep(update, "G", g, d, **told, loss_g=loss_g)


def discriminator_gradient(
    config: PlaneConfig, d: np.ndarray, real: np.ndarray, fake: np.ndarray
) -> tuple[np.ndarray, dict[str, float]]:
    """Of D's mean loss on real and fake (B, D) by its weights, (W,); its loss and opinions."""
    B, loss, code = len(real), config.loss, config.code
    out, inputs = forward(config.discriminator, d, np.concatenate([real, fake]))
    slopes = np.concatenate(discriminator_slopes(out[:B], out[B:], loss, code)) / B
    gradient = np.empty_like(d)
    backward(config.discriminator, d, inputs, slopes, into=gradient)
    of_real, of_fake = discriminator_losses(out[:B], out[B:], loss, code)
    view = opinion(out, loss, code)
    return gradient, {
        "loss_d": float(of_real.mean() + of_fake.mean()),
        "d_real": float(view[:B].mean()),
        "d_fake": float(view[B:].mean()),
    }


def generator_gradient(
    config: PlaneConfig, g: np.ndarray, d: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, float]:
    """Of G's mean loss on noises z (B, D) by its weights, (W,), through D; and that loss."""
    fake, inputs = forward(config.generator, g, z)
    slopes, losses = sample_gradients(config, d, fake)
    gradient = np.empty_like(g)
    backward(config.generator, g, inputs, slopes / len(z), into=gradient)
    return gradient, float(losses.mean())


def sample_gradients(
    config: PlaneConfig, d: np.ndarray, fake: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each fake's own G loss by where it lies, (B, D), and those losses (B,).

    A step of the generator tries to move each fake against it.
    """
    out, inputs = forward(config.discriminator, d, fake)
    slopes = backward(
        config.discriminator, d, inputs, generator_slopes(out, config.loss, config.code)
    )
    return slopes, generator_losses(out[:, 0], config.loss, config.code)


if __name__ == "__main__":
    from genlab.explore.plane_film import write_film

    write_film()
