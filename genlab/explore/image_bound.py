"""The evidence lower bound of one test image, in numpy: a page can show it without torch.

A test holds it to genlab.models.vae and genlab.models.cvae.
Shapes: P pixels, Z latent dimensions, K classes (0 for a VAE), S draws.
"""

from dataclasses import dataclass

import numpy as np

from genlab.runs.mlp import mlp


@dataclass(frozen=True)
class ImageBound:
    neg_elbo: float  # nats: recon_nll + kl
    recon_nll: float  # E_q[-log p(x|z)], the mean over the draws
    kl: float  # KL(q(z|x) || p(z)), exact


def image_bound(
    tensors: dict[str, np.ndarray],
    image: np.ndarray,
    label: int | None = None,
    *,
    draws: int = 64,
    seed: int = 0,
) -> ImageBound:
    """The negative ELBO of one image and its two terms.

    Args:
        tensors: a run's weights.
        image: (28, 28) uint8.
        label: 0 to K - 1 for a CVAE, None for a VAE.
        draws: S, the z ~ q(z|x) that the reconstruction term is a mean of.
    """
    x = image.reshape(1, -1).astype(np.float32) / 255.0  # (1, P)
    K = tensors["encoder.0.weight"].shape[1] - x.shape[1]
    one_hot = np.eye(K, dtype=np.float32)[[label]] if K else None  # (1, K)
    mu, logvar = np.split(mlp(tensors, "encoder", x, one_hot).output, 2, axis=1)  # (1, Z)
    eps = np.random.default_rng(seed).standard_normal((draws, mu.shape[1]), np.float32)
    z = mu + np.exp(0.5 * logvar) * eps  # (S, Z)
    labels = np.repeat(one_hot, draws, axis=0) if K else None
    logits = mlp(tensors, "decoder", z, labels).output  # (S, P)
    recon_nll = float((np.logaddexp(0.0, logits) - x * logits).sum(axis=1).mean())
    kl = float(0.5 * (mu**2 + np.exp(logvar) - 1.0 - logvar).sum())
    return ImageBound(recon_nll + kl, recon_nll, kl)
