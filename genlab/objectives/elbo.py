"""The two terms of the ELBO and the importance-weighted bound, in nats per image.

ELBO(x) = E_q(z|x)[log p(x|z)] - KL(q(z|x) || p(z)), q = N(mu, diag exp(logvar)), p(z) = N(0, I).
Shapes: B images, P pixels, Z latent dimensions.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def kl_per_dimension(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each latent dimension.

    Args:
        mu: (B, Z) means, floating point.
        logvar: (B, Z) natural-log variances, same dtype and device as mu.

    Returns:
        (B, Z) KL in nats, never negative.

    Raises:
        ValueError: mu and logvar differ in shape.

    Source: Kingma & Welling 2014, appendix B (there with the sign turned).
    """
    if mu.shape != logvar.shape:
        raise ValueError(
            f"mu is {tuple(mu.shape)} but logvar is {tuple(logvar.shape)}; "
            "both come from one encode() call and must match."
        )
    return 0.5 * (mu.square() + logvar.exp() - 1.0 - logvar)


def kl_to_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, diag exp(logvar)) || N(0, I)) of each row: (B, Z) twice to (B,) nats."""
    return kl_per_dimension(mu, logvar).sum(dim=1)


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """-log p(x|z) of pixels in [0, 1] under Bernoulli logits: (B, P) twice to (B,) nats.

    Grey pixels make this a cross-entropy: it cannot go below the entropy of the pixels.
    """
    return binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)


def softplus_sum(logits: Tensor, probabilities: Tensor) -> Tensor:
    """sum over the last axis of softplus(logits), several times faster than term by term.

    softplus(l) = max(l, 0) - log max(p, 1 - p) with p = sigmoid(l). That last factor lies in
    [0.5, 1], so that 32 of them can be multiplied before one logarithm, the dear part, is taken.

    Args:
        logits: (..., P) floating point.
        probabilities: (..., P), sigmoid(logits), which callers have at hand.

    Returns:
        (...,), of the logits' dtype.
    """
    factors = torch.maximum(probabilities, 1.0 - probabilities)
    for _ in range(5):
        width = factors.shape[-1]
        if width % 2:
            break
        factors = factors[..., : width // 2] * factors[..., width // 2 :]
    return logits.clamp_min(0.0).sum(dim=-1) - factors.log().sum(dim=-1)


def importance_weighted_nll(
    x: Tensor,
    mu: Tensor,
    logvar: Tensor,
    decode: Callable[[Tensor], Tensor],
    *,
    samples: int,
    generator: torch.Generator | None = None,
    chunk: int = 10,
) -> Tensor:
    """-log (1/K) sum_k p(x, z_k) / q(z_k|x), z_k ~ q(z|x): an upper bound of -log p(x).

    It falls towards -log p(x) as K grows; K = 1 is the negative ELBO with one z per image.

    Args:
        x: (B, P) images in [0, 1].
        mu, logvar: (B, Z), of q(z|x).
        decode: (B * k, Z) latents, image by image, to (B * k, P) logits.
        samples: K, 1 or more.
        chunk: latents per image decoded at once; bounds the memory, not the result.

    Returns:
        (B,) nats.

    Source: Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders, 2016, eq. 8.
    """
    if samples < 1:
        raise ValueError(f"samples is {samples}; choose 1 or more.")
    B, Z = mu.shape
    std, log_weights = (0.5 * logvar).exp(), []
    for start in range(0, samples, chunk):
        k = min(chunk, samples - start)
        eps = torch.randn(B, k, Z, dtype=mu.dtype, device=mu.device, generator=generator)
        z = mu[:, None] + std[:, None] * eps  # (B, k, Z)
        logits = decode(z.flatten(0, 1)).view(B, k, -1)
        # -log p(x|z) = softplus(l) - x l, summed over pixels; x is shared by an image's latents
        nll = softplus_sum(logits, logits.sigmoid()) - (logits @ x[:, :, None]).squeeze(2)
        # log p(z) - log q(z|x); the constants of the two Gaussians cancel
        log_ratio = 0.5 * (eps.square() - z.square() + logvar[:, None]).sum(dim=2)
        log_weights.append(log_ratio - nll)
    return math.log(samples) - torch.cat(log_weights, dim=1).logsumexp(dim=1)
