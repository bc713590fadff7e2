"""The losses of generative adversarial networks, as functions of the discriminator's outputs.

Goodfellow et al., Generative Adversarial Networks, 2014, arXiv:1406.2661 (minimax, section 3, and
the non-saturating loss proposed there); Mao et al., Least Squares Generative Adversarial Networks,
2017, arXiv:1611.04076, equation 2 (the a-b-c code).
Shapes: B images. The outputs are logits: D(x) = sigmoid(logits); least squares takes them as they
are. Each loss is minimised by whom it names.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class Code:
    """The a-b-c code of least squares: what D should say of fakes and of real images, and what G
    wants D to say of its fakes."""

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0


def bce_with_logits(logits: Tensor, wanted: float) -> Tensor:
    """-wanted log D - (1 - wanted) log(1 - D) of each output, D = sigmoid(logits).

    Args:
        logits: (B,) of any size; log(sigmoid(logits)) would be infinite at -104.
        wanted: the probability of "real" that is asked for, in [0, 1].

    Returns:
        (B,) nats, never negative.
    """
    # A sum, where softplus(logits) - wanted * logits would cancel at large logits
    return wanted * softplus(-logits) + (1.0 - wanted) * softplus(logits)


def discriminator_loss(
    real_logits: Tensor,
    fake_logits: Tensor,
    loss: str,
    *,
    code: Code = Code(),
    smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """What the discriminator minimises, the part of real images and that of fakes, each (B,).

    Args:
        real_logits: (B,) of real images.
        fake_logits: (B,) of generated ones.
        loss: "non-saturating", "minimax" or "least-squares"; the first two differ only in the
            generator's.
        code: of least squares.
        smoothing: real images are to be called real with 1 - smoothing (Salimans et al. 2016,
            section 3.4: one-sided); of least squares b moves that share of its way to a.
    """
    if loss == "least-squares":
        b = code.b + smoothing * (code.a - code.b)
        return 0.5 * (real_logits - b).square(), 0.5 * (fake_logits - code.a).square()
    return bce_with_logits(real_logits, 1.0 - smoothing), bce_with_logits(fake_logits, 0.0)


def generator_loss(fake_logits: Tensor, loss: str, *, code: Code = Code()) -> Tensor:
    """What the generator minimises: (B,).

    minimax: log(1 - D), flat where D is sure of a fake; non-saturating: -log D, steep there;
    least squares: (output - c)^2 / 2.
    """
    if loss == "least-squares":
        return 0.5 * (fake_logits - code.c).square()
    if loss == "minimax":
        return -softplus(fake_logits)
    return bce_with_logits(fake_logits, 1.0)


def value(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """V(D, G) = mean log D(x) + mean log(1 - D(G(z))), 0-d nats, at most 0.

    At the optimum of both it is -log 4. D maximises it, G minimises it.
    """
    return -softplus(-real_logits).mean() - softplus(fake_logits).mean()


def opinion(logits: Tensor, loss: str, code: Code = Code()) -> Tensor:
    """How real D takes each image: (B,), 0 what it should say of fakes and 1 of real ones.

    The probability D of the logistic losses; the output between a and b of least squares, which
    may lie outside [0, 1].
    """
    if loss == "least-squares":
        return (logits - code.a) / (code.b - code.a)
    return torch.sigmoid(logits)
