"""Exact t-SNE to two dimensions: every pair of points repels at every step, none is approximated.

van der Maaten & Hinton, Visualizing Data using t-SNE, JMLR 9, 2008. We depart from it in the
start (PCA: Kobak & Berens 2019), in the learning rate, N / exaggeration (Belkina et al. 2019), and
in a momentum that goes on rising after the exaggeration (after Sutskever et al. 2013): on 10,000
points 300 steps then reach a lower KL than the usual 1,000.

A step costs time as N^2 and memory as N: up to about 25,000 points this is the fastest road.
Shapes: N points, D dimensions, k neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.sparse import csr_array
from scipy.special import xlogy

from genlab.errors import GenLabError
from genlab.explore.maps import pca
from genlab.explore.tsne_kernels import (
    LANES,
    calibrate,
    descend,
    edge_distances,
    forces,
    nearest,
)
from genlab.row_blocks import in_blocks

START_SCALE = 1e-4  # standard deviation of the start along its first axis
START_JITTER = 1e-5  # of the seed's noise upon it, which also parts points that coincide
MOMENTUM = 0.8  # while exaggerated
MOMENTUM_RAMP = 100  # steps in which it rises from there to its last value


@dataclass(frozen=True, kw_only=True)
class TSNEConfig:
    perplexity: float = 30.0  # effective number of neighbours of a point
    exaggeration: float = 12.0  # factor on P in the first steps, which lets clusters gather
    exaggeration_steps: int = 75
    steps: int = 300  # in all, the exaggerated ones included
    seed: int = 0  # of the jitter on the start: another seed, another map of the same quality

    def __post_init__(self) -> None:
        if not 1 < self.perplexity < float("inf"):
            raise ValueError(f"perplexity is {self.perplexity}; choose more than 1, such as 30.")
        if not 1 <= self.exaggeration < float("inf"):
            raise ValueError(f"exaggeration is {self.exaggeration}; choose 1 (none) or more.")
        for name in ("exaggeration_steps", "steps", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 0 or more.")


@dataclass(frozen=True, eq=False)
class TSNEState:
    step: int  # updates made so far; 0 is the start
    embedding: np.ndarray  # (N, 2) float32, a copy that later steps leave alone
    kl: float  # KL(P || Q) of this very embedding in nats, P without exaggeration


def tsne(
    points: np.ndarray,
    config: TSNEConfig | None = None,
    every: int = 10,
    threads: int | None = None,
) -> Iterator[TSNEState]:
    """Map points (N, D) to two dimensions, showing the map as it forms.

    Args:
        points: (N, D) real numbers, left unchanged.
        config: settings; None is TSNEConfig().
        every: steps between two states; the start and the last step are always shown.
        threads: at most this many, by default one per core. The map does not depend on it.

    Yields:
        The states of steps 0, every, 2 every, ... and config.steps. To stop is to stop asking.

    Raises:
        GenLabError: there are too few points for the perplexity.
        ValueError: points are not an (N, D) array of finite numbers, or every is below 1.
    """
    config = config or TSNEConfig()
    if every < 1:
        raise ValueError(f"every is {every}; choose 1 or more steps.")
    points = unit_scaled(points)
    P, N = affinities(points, config.perplexity, threads), len(points)
    # N / (4 exaggeration), the 4 being that of the gradient; less for hubs, which would fly off.
    rates = (0.25 / np.maximum(P.sum(axis=1), 1 / N)).astype(np.float32)
    embedding = start(points, config.seed)  # (2, N)
    velocity, gains = np.zeros_like(embedding), np.ones_like(embedding)
    pull = Forces(P, threads)
    for step in range(config.steps + 1):
        pull.measure(embedding)
        if step % every == 0 or step == config.steps:
            yield TSNEState(step, embedding.T.copy(), pull.kl(embedding))
        if step == config.steps:
            return
        exaggerated = step - config.exaggeration_steps  # below 0 while it is
        exaggeration = np.float32(config.exaggeration if exaggerated < 0 else 1)
        momentum = np.float32(momentum_after(exaggerated, N))
        descend(
            embedding, velocity, gains, *pull.sums, rates / exaggeration, exaggeration, momentum
        )


def momentum_after(step: int, N: int) -> float:
    """MOMENTUM before step 0, from there a straight rise to 1 - 2 / sqrt(N).

    The larger a map, the slower it spreads out and the more momentum helps; a small map would
    only tremble. Measured from 95 points (0.8) to 10,000 (0.98).
    """
    last = max(MOMENTUM, 1 - 2 / N**0.5)
    return MOMENTUM + (last - MOMENTUM) * min(max(step / MOMENTUM_RAMP, 0.0), 1.0)


def affinities(points: np.ndarray, perplexity: float, threads: int | None = None) -> csr_array:
    """P: (N, N) sparse, symmetric, float64, sums to 1.

    Each p_{j|i} is a Gaussian over the k = 3 perplexity nearest neighbours of i (van der Maaten
    2014, section 4.1) whose width gives it the perplexity; p_ij = (p_{j|i} + p_{i|j}) / 2N.

    Raises:
        GenLabError: there are too few points for the perplexity.
        ValueError: points are not an (N, D) array of finite numbers.
    """
    points = unit_scaled(points)
    N, k = len(points), ceil(3 * perplexity)
    if k > N - 1:
        mend = f"lower it to {(N - 1) // 3} or" if N > 6 else "give at least 7 points and"
        raise GenLabError(
            f"A perplexity of {perplexity:g} needs {k + 1} points or more, but there are {N}; "
            f"{mend} map more points."
        )
    columns = padded_columns(points)
    neighbours, distances = np.empty((N, k), np.int32), np.empty((N, k), np.float32)
    p = np.empty((N, k))  # p_{j|i}

    def rows(lo: int, hi: int) -> None:
        nearest(columns, neighbours, distances, lo, hi)
        calibrate(distances, float(perplexity), p, lo, hi)

    in_blocks(rows, N, threads)
    row_starts = np.arange(0, N * k + 1, k, dtype=np.int32)
    conditional = csr_array((p.ravel(), neighbours.ravel(), row_starts), shape=(N, N))
    P = (conditional + conditional.T).tocsr()
    P.data /= 2 * N
    return P


def kl_divergence(P: csr_array, embedding: np.ndarray) -> float:
    """KL(P || Q) in nats of any map (N, 2), with Q over all pairs, for P as from `affinities`."""
    columns = np.ascontiguousarray(embedding.T, np.float32)
    pull = Forces(P)
    pull.measure(columns)
    return pull.kl(columns)


class Forces:
    """What the points of a map do to one another under one P, with room to sum it in."""

    def __init__(self, P: csr_array, threads: int | None = None) -> None:
        self.N, self.threads = P.shape[0], threads
        self.edges = P.indptr.astype(np.int32), P.indices.astype(np.uint32)
        self.weights = P.data.astype(np.float32)
        self.negative_entropy = float(xlogy(P.data, P.data).sum())  # sum p log p
        attraction, repulsion = np.empty((2, 2, self.N), np.float32)
        self.row_z = np.empty(self.N, np.float32)
        self.sums = attraction, repulsion, self.row_z  # as the kernel `forces` fills them
        self.edge_room = np.empty(P.nnz, np.float32)

    def measure(self, embedding: np.ndarray) -> None:
        """Fill `sums` for an embedding (2, N) float32."""

        def rows(lo: int, hi: int) -> None:
            forces(embedding, *self.edges, self.weights, *self.sums, lo, hi)

        in_blocks(rows, self.N, self.threads)

    def kl(self, embedding: np.ndarray) -> float:
        """KL(P || Q) in nats at the embedding last measured: sum p log p - sum p log q."""

        def rows(lo: int, hi: int) -> None:
            edge_distances(embedding, *self.edges, self.edge_room, lo, hi)

        in_blocks(rows, self.N, self.threads)
        costs = np.log(self.edge_room, out=self.edge_room)  # log of 1 / (q Z)
        costs *= (
            self.weights
        )  # no BLAS dot here: on a busy machine its threads take 10 times as long
        log_z = np.log(self.row_z.sum(dtype=np.float64))
        return float(self.negative_entropy + costs.sum(dtype=np.float64) + log_z)


def start(points: np.ndarray, seed: int) -> np.ndarray:
    """The first two principal components, shrunk, and the seed's jitter: (2, N) float32."""
    embedding = pca(points).T.astype(np.float64)
    embedding *= START_SCALE / max(embedding[0].std(), np.finfo(np.float32).tiny)
    jitter = np.random.default_rng(seed).standard_normal(embedding.shape)
    return np.ascontiguousarray(embedding + START_JITTER * jitter, np.float32)


def unit_scaled(points: np.ndarray) -> np.ndarray:
    """Points (N, D) centred and scaled into [-1, 1], float64.

    Neither P nor the start changes with the scale; this way float32 cannot overflow.
    """
    points = np.asarray(points)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(f"points have shape {points.shape}; give an (N, D) array.")
    if not np.isfinite(points).all():
        raise ValueError("points hold NaN or infinity; leave those rows out.")
    centred = points - points.mean(axis=0, dtype=np.float64)
    return centred / max(np.abs(centred).max(), np.finfo(np.float64).tiny)


def padded_columns(points: np.ndarray) -> np.ndarray:
    """Points (N, D) as (D, N) float32, zeros added up to a number of dimensions `nearest` takes."""
    N, D = points.shape
    columns = np.zeros((ceil(D / LANES) * LANES, N), np.float32)
    columns[:D] = points.T
    return columns
