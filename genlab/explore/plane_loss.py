"""The losses of a GAN and their slopes, the optimal discriminator and what it reaches, in numpy.

Goodfellow et al. 2014, arXiv:1406.2661: minimax, non-saturating (section 3), the optimal
discriminator (proposition 1), the value at it (theorem 1). Mao et al. 2017, arXiv:1611.04076:
least squares with the a-b-c code (equation 2), and its optimal discriminator.
Shapes: B points, any shape "..." of a grid. An output is a logit of the logistic losses,
D = sigmoid(output), and D itself of least squares. Densities are given as the mass of each cell of
a grid, so that a sum is the integral.
"""

from dataclasses import dataclass

import numpy as np

LOSSES = {
    "minimax": "Minimax",
    "non-saturating": "Non-saturating",
    "least-squares": "Least squares",
}
LOG4 = float(np.log(4.0))


@dataclass(frozen=True)
class Code:
    """Of least squares: what D should say of fakes (a) and of targets (b), what G wants (c)."""

    a: float = -1.0
    b: float = 1.0
    c: float = 0.0

    def __post_init__(self) -> None:
        if self.a == self.b:
            raise ValueError(f"a and b are both {self.a:g}; choose two different numbers.")


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)) without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def discriminator_losses(
    real: np.ndarray, fake: np.ndarray, loss: str, code: Code = Code()
) -> tuple[np.ndarray, np.ndarray]:
    """What D minimises, at outputs (...) for targets and (...) for fakes."""
    if loss == "least-squares":
        return 0.5 * np.square(real - code.b), 0.5 * np.square(fake - code.a)
    return softplus(-real), softplus(fake)


def discriminator_slopes(
    real: np.ndarray, fake: np.ndarray, loss: str, code: Code = Code()
) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of discriminator_losses by the outputs."""
    if loss == "least-squares":
        return real - code.b, fake - code.a
    return sigmoid(real) - 1.0, sigmoid(fake)


def generator_losses(fake: np.ndarray, loss: str, code: Code = Code()) -> np.ndarray:
    """What G minimises, at outputs (...) for its fakes: log(1 - D), -log D or (D - c)^2 / 2."""
    if loss == "least-squares":
        return 0.5 * np.square(fake - code.c)
    return -softplus(fake) if loss == "minimax" else softplus(-fake)


def generator_slopes(fake: np.ndarray, loss: str, code: Code = Code()) -> np.ndarray:
    """The derivative of generator_losses by the outputs.

    Where D is sure of a fake (a very negative logit) it goes to 0 for minimax: the loss saturates.
    For non-saturating it goes to -1, and for least squares it grows with the distance from c.
    """
    if loss == "least-squares":
        return fake - code.c
    return -sigmoid(fake) if loss == "minimax" else sigmoid(fake) - 1.0


def opinion(output: np.ndarray, loss: str, code: Code = Code()) -> np.ndarray:
    """How real D takes a point: 0 as fakes should be, 1 as targets should be.

    Least squares gives (output - a) / (b - a), which may lie outside [0, 1].
    """
    if loss == "least-squares":
        return (output - code.a) / (code.b - code.a)
    return sigmoid(output)


def optimal_share(data: np.ndarray, made: np.ndarray) -> np.ndarray:
    """p_data / (p_data + p_g), (...): 1/2 where neither has any mass.

    This is D* of the logistic losses; that of least squares, (b p_data + a p_g) / (p_data + p_g),
    has it for its opinion.
    """
    total = data + made
    return np.divide(data, total, out=np.full_like(total, 0.5), where=total > 0.0)


def optimal_output(data: np.ndarray, made: np.ndarray, loss: str, code: Code) -> np.ndarray:
    """The output D* gives: a logit (infinite where only one has mass), or the code's mean."""
    share = optimal_share(data, made)
    if loss == "least-squares":
        return code.a + (code.b - code.a) * share
    with np.errstate(divide="ignore"):
        return np.log(share) - np.log1p(-share)


def value(
    output: np.ndarray, data: np.ndarray, made: np.ndarray, loss: str, code: Code = Code()
) -> float:
    """What D maximises, with its outputs on a grid where p_data and p_g have masses `data`, `made`.

    The logistic losses: V = E log D(x) + E log(1 - D(G(z))), nats. Least squares, with its sign
    turned so that D maximises it too: -E (D - b)^2 / 2 - E (D - a)^2 / 2.
    """
    of_real, of_fake = discriminator_losses(output, output, loss, code)
    return -float(np.sum(data * of_real) + np.sum(made * of_fake))


def js_divergence(data: np.ndarray, made: np.ndarray) -> float:
    """The Jensen-Shannon divergence of two densities, nats: from 0, equal, to log 2, apart."""
    middle = 0.5 * (data + made)
    parts = [np.sum(p[p > 0.0] * np.log(p[p > 0.0] / middle[p > 0.0])) for p in (data, made)]
    return max(0.0, 0.5 * float(sum(parts)))


def best_value(data: np.ndarray, made: np.ndarray, loss: str, code: Code = Code()) -> float:
    """The value at D*: 2 JSD - log 4, or -(b - a)^2 / 2 * integral of p_data p_g / (p_data + p_g).

    At p_g = p_data it is as low as it gets: see equilibrium.
    """
    if loss != "least-squares":
        return 2.0 * js_divergence(data, made) - LOG4
    overlap = float(np.sum(made * optimal_share(data, made)))
    return -0.5 * (code.b - code.a) ** 2 * overlap


def equilibrium(loss: str, code: Code = Code()) -> float:
    """The value where p_g = p_data and D = D*: -log 4, or -(b - a)^2 / 4."""
    return -LOG4 if loss != "least-squares" else -0.25 * (code.b - code.a) ** 2
