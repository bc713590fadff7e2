"""Look inside a VAE or CVAE: what its latent dimensions carry, which units never fire, how its
weights are spread, and whether it was trained on pixels as GenLab feeds them. No torch in here.

Shapes: B images, P pixels, K label inputs (0 for a VAE), H hidden units, Z latent dimensions.
"""

from dataclasses import dataclass

import numpy as np

from genlab.data.images import ImageSplit, load_split
from genlab.errors import GenLabError
from genlab.runs.folder import Run, load_tensors
from genlab.runs.mlp import (
    Tensors,
    bernoulli_nll,
    check_layers,
    gaussian_kl,
    mean_image_nll,
    mlp,
    sigmoid,
)

IMAGES = 2000  # for units and pixels; the latents are those of all images, as in the summary
ACTIVE_VARIANCE = 0.01  # of mu_j over the images; Burda et al. 2016, section 5.2
COLLAPSED_KL = 0.01  # nats; below it q(z_j|x) is the prior for every image, give or take
BINS = 60


@dataclass(frozen=True)
class Units:
    """The ReLU units of one side, over the images."""

    firing: np.ndarray  # (H,) share of the images on which each unit is above 0

    @property
    def dead(self) -> int:
        return int((self.firing == 0).sum())

    @property
    def always_on(self) -> int:
        """Units that never cut anything off: linear ones."""
        return int((self.firing == 1).sum())


@dataclass(frozen=True)
class TensorFigures:
    name: str
    shape: tuple[int, ...]
    not_finite: int  # NaN or infinite numbers; the figures below leave them out
    mean: float
    std: float
    low: float
    high: float
    counts: np.ndarray  # (BINS,) numbers in each bin
    edges: np.ndarray  # (BINS + 1,)


@dataclass(frozen=True)
class XRay:
    images: int  # for units and pixels
    latents: int  # images for kl, mu_variance and active
    origin: str  # of the images, for people
    parameters: int
    kl: np.ndarray  # (Z,) mean KL of each latent dimension, nats
    mu_variance: np.ndarray  # (Z,) variance of mu_j over the images
    active: np.ndarray  # (Z,) bool, mu_variance above ACTIVE_VARIANCE
    encoder: Units
    decoder: Units
    tensors: tuple[TensorFigures, ...]
    pixel_low: float  # least, mean and greatest mean pixel the decoder gives at z = mu
    pixel_mean: float
    pixel_high: float
    recon_nll: float  # nats per image at z = mu, inputs in [0, 1]
    recon_nll_signed: float  # the same when the encoder is fed pixels in [-1, 1]
    recon_nll_standard: float  # the same when they are fed less their mean, over their sd
    mean_image_nll: float  # the same of always predicting the images' own mean

    @property
    def collapsed(self) -> np.ndarray:
        """(Z,) bool: dimensions that say nothing of the image and cost nothing either."""
        return ~self.active & (self.kl < COLLAPSED_KL)

    @property
    def not_finite(self) -> int:
        return sum(tensor.not_finite for tensor in self.tensors)


def xray(run: Run) -> XRay:
    """The X-ray of a VAE or CVAE on the test images of its dataset.

    Raises:
        GenLabError: the weights or the images are not here, or do not fit each other.
    """
    tensors, test = load_tensors(run), load_split(run.dataset, "test")
    return xray_of(tensors, label_inputs(run), test, run.name)


def xray_of(tensors: Tensors, K: int, test: ImageSplit, name: str = "the model") -> XRay:
    """The X-ray of weights under GenLab's names; K is 0 for a VAE."""
    check_layers(tensors, test.images[0].size, K, name)
    x, one_hot = inputs(test.images[:IMAGES], test.labels[:IMAGES], K, name)
    with np.errstate(over="ignore", invalid="ignore"):
        inside, stats = mlp(tensors, "encoder", x, one_hot)
        mu, logvar = np.split(stats, 2, axis=1)  # (B, Z) each
        all_mu, all_logvar = np.split(encode_all(tensors, K, test, name), 2, axis=1)
        noise = np.random.default_rng(0).standard_normal(mu.shape, dtype=np.float32)
        sampled = mlp(tensors, "decoder", mu + np.exp(0.5 * logvar) * noise, one_hot)
        logits = mlp(tensors, "decoder", mu, one_hot).output
        standard = (x - x.mean()) / max(float(x.std()), 1e-6)
        variance, pixels = all_mu.var(axis=0, dtype=np.float64), sigmoid(logits)
        return XRay(
            images=len(x),
            latents=len(all_mu),
            origin=test.origin,
            parameters=sum(array.size for array in tensors.values()),
            kl=gaussian_kl(all_mu, all_logvar).mean(axis=0, dtype=np.float64),
            mu_variance=variance,
            active=variance > ACTIVE_VARIANCE,
            encoder=Units(inside),
            decoder=Units(sampled.firing),
            tensors=tuple(tensor_figures(name, array) for name, array in tensors.items()),
            pixel_low=float(pixels.min()),
            pixel_mean=float(pixels.mean(dtype=np.float64)),
            pixel_high=float(pixels.max()),
            recon_nll=float(bernoulli_nll(logits, x).mean()),
            recon_nll_signed=recon_nll(tensors, 2 * x - 1, x, one_hot),
            recon_nll_standard=recon_nll(tensors, standard, x, one_hot),
            mean_image_nll=mean_image_nll(x),
        )


def recon_nll(
    tensors: Tensors, seen: np.ndarray, x: np.ndarray, one_hot: np.ndarray | None
) -> float:
    """Nats per image of x (B, P) decoded at the mean of what was encoded from seen (B, P)."""
    mu = np.split(mlp(tensors, "encoder", seen, one_hot).output, 2, axis=1)[0]
    return float(bernoulli_nll(mlp(tensors, "decoder", mu, one_hot).output, x).mean())


def encode_all(tensors: Tensors, K: int, test: ImageSplit, name: str) -> np.ndarray:
    """mu and logvar of all images side by side, (N, 2Z)."""
    parts = []
    for start in range(0, len(test.images), IMAGES):
        part = slice(start, start + IMAGES)
        x, one_hot = inputs(test.images[part], test.labels[part], K, name)
        parts.append(mlp(tensors, "encoder", x, one_hot).output)
    return np.concatenate(parts)


def reconstruct(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """The first test image of each class and its mean reconstruction, for thumbnails: twice
    (classes, 28, 28) in [0, 1]. It costs milliseconds. Errors as `xray`."""
    tensors, test = load_tensors(run), load_split(run.dataset, "test")
    K = label_inputs(run)
    check_layers(tensors, test.images[0].size, K, run.name)
    first = [int(np.argmax(test.labels == label)) for label in range(len(test.info.classes))]
    x, one_hot = inputs(test.images[first], test.labels[first], K, run.name)
    with np.errstate(over="ignore", invalid="ignore"):
        mu = np.split(mlp(tensors, "encoder", x, one_hot).output, 2, axis=1)[0]
        recon = sigmoid(mlp(tensors, "decoder", mu, one_hot).output)
    return x.reshape(-1, *test.images.shape[1:]), recon.reshape(-1, *test.images.shape[1:])


def label_inputs(run: Run) -> int:
    """K of a CVAE, 0 of a VAE. The config may be anybody's, so its number is looked at first."""
    K = run.config["model"].get("classes", 0)
    if not isinstance(K, int) or not 0 <= K <= 1000:
        raise GenLabError(f"The config of {run.name} has no usable number of classes; mend it.")
    return K


def inputs(
    images: np.ndarray, labels: np.ndarray, K: int, name: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images (B, P) in [0, 1] and one-hot labels (B, K), or None for a VAE."""
    if K and labels.max() >= K:
        raise GenLabError(
            f"{name} takes {K} labels but its images have more; "
            "choose the dataset it was trained on."
        )
    x = images.reshape(len(images), -1).astype(np.float32) / 255.0
    return x, np.eye(K, dtype=np.float32)[labels] if K else None


def tensor_figures(name: str, array: np.ndarray) -> TensorFigures:
    good = array[np.isfinite(array)].astype(np.float64)
    bad = array.size - good.size
    if not good.size:
        nan = float("nan")
        empty = np.zeros(BINS), np.linspace(0, 1, BINS + 1)
        return TensorFigures(name, array.shape, bad, nan, nan, nan, nan, *empty)
    counts, edges = np.histogram(good, BINS)
    figures = (float(f) for f in (good.mean(), good.std(), good.min(), good.max()))
    return TensorFigures(name, array.shape, bad, *figures, counts, edges)
