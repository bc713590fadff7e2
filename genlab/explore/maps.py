"""2-D maps of latent means, and numbers that say what a map knows.

Shapes: N points, D dimensions of the space a map was made from.
"""

from dataclasses import asdict, dataclass

import numpy as np

from genlab.errors import GenLabError
from genlab.runs.folder import Run, load_array, read_summary, saved_arrays

METHODS = {
    "tsne": "t-SNE",
    "tsne-sklearn": "t-SNE (scikit-learn)",
    "umap": "UMAP",
    "pca": "PCA",
}
CHUNK = 500  # rows of a distance matrix held at once


def project(method: str, points: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Map points (N, D) to (N, 2) float32 by one of METHODS, with its usual settings.

    Raises:
        GenLabError: there is no such method.
    """
    if method == "pca":
        return pca(points)
    if method == "tsne":
        from genlab.explore.tsne import TSNEConfig, tsne  # numba loads when it is needed

        *_, last = tsne(points, TSNEConfig(seed=seed))
        return last.embedding
    if method == "tsne-sklearn":
        from sklearn.manifold import TSNE

        return TSNE(random_state=seed).fit_transform(points).astype(np.float32)
    if method == "umap":
        from umap import UMAP

        return UMAP(random_state=seed, n_jobs=1).fit_transform(points).astype(np.float32)
    raise GenLabError(f'There is no map method "{method}"; choose {", ".join(METHODS)}.')


def ready_methods(run: Run) -> list[str]:
    """The methods whose map of this run is there at once, in the order of METHODS."""
    saved = saved_arrays(run, "maps")
    return [method for method in METHODS if method in saved or method == "pca"]


def load_map(run: Run, method: str) -> np.ndarray:
    """A map of the run's test means, (N, 2) float32: the saved one, or PCA made now."""
    embedding = load_array(run, f"maps/{method}")
    if embedding is not None:
        return embedding
    mu = load_array(run, "latents/mu")
    if method == "pca" and mu is not None:
        return pca(mu)
    title = METHODS.get(method, method)
    raise GenLabError(f'Run "{run.name}" has no {title} map yet; choose another map or make it.')


def load_scores(run: Run) -> dict[str, dict[str, float | None]]:
    """The scores stored when the run was described: {"mu": {...}, "tsne": {...}, ...}."""
    return read_summary(run).get("maps", {})


def pca(points: np.ndarray) -> np.ndarray:
    """The two directions of largest variance: (N, D) to (N, 2) float32, D = 1 padded with zeros.

    The sign of each axis is set so that its largest loading is positive: same data, same map.
    """
    centred = points - points.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    embedding = (centred @ axes).astype(np.float32)
    return np.pad(embedding, ((0, 0), (0, 2 - embedding.shape[1])))


def align(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """`moving` (N, 2) turned, mirrored, scaled and shifted to lie closest to `fixed` (N, 2).

    Ordinary Procrustes: least squares over orthogonal matrices, one scale and one shift, with
    row i of one matched to row i of the other. Source: Schonemann & Carroll, Psychometrika 1970.
    """
    if moving.shape != fixed.shape:
        raise ValueError(
            f"moving is {moving.shape} but fixed is {fixed.shape}; align two maps of one dataset."
        )
    a = moving - moving.mean(axis=0, dtype=np.float64)
    b = fixed - fixed.mean(axis=0, dtype=np.float64)
    u, singular, vt = np.linalg.svd(a.T @ b)
    scale = singular.sum() / max(np.square(a).sum(), 1e-12)
    return (scale * a @ (u @ vt) + fixed.mean(axis=0)).astype(np.float32)


@dataclass(frozen=True)
class MapScores:
    """What a space knows of the labels, and how faithful a map is to the space it shows."""

    knn_accuracy: float  # leave-one-out, k = 10; chance is 1 / classes
    silhouette: float  # of the labels, -1 to 1; 0 is no clustering
    trustworthiness: (
        float | None
    )  # of a map, k = 10, 0.5 for a random one; None for the space itself


def map_scores(
    labels: np.ndarray, embedding: np.ndarray, space: np.ndarray | None = None, k: int = 10
) -> dict[str, float | None]:
    """Scores of an embedding (N, D) with labels (N,); with `space` (N, Z) how well it shows that.

    Sources: Rousseeuw 1987 (silhouette); Venna & Kaski 2001 (trustworthiness).
    """
    trust = None if space is None else trustworthiness(space, embedding, k)
    scores = MapScores(knn_accuracy(embedding, labels, k), silhouette(embedding, labels), trust)
    return asdict(scores)


def squared_distances(rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(R, D) and (N, D) to (R, N), by the expanded square: good to float32's rounding."""
    norms = np.einsum("nd,nd->n", points, points)
    own = np.einsum("rd,rd->r", rows, rows)
    return np.maximum(own[:, None] + norms - 2.0 * rows @ points.T, 0.0)


def chunks(count: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, count, CHUNK)]


def knn_accuracy(points: np.ndarray, labels: np.ndarray, k: int = 10) -> float:
    """Share of points whose k nearest others vote for their label; ties go to the lower one."""
    points = np.ascontiguousarray(points, np.float32)
    labels = np.asarray(labels, np.int64)
    classes, right = labels.max() + 1, 0
    for part in chunks(len(points)):
        distances = squared_distances(points[part], points)
        rows = np.arange(len(distances))
        distances[rows, part.start + rows] = np.inf
        nearest = np.argpartition(distances, k, axis=1)[:, :k]
        votes = np.zeros((len(rows), classes), np.int64)
        np.add.at(votes, (rows[:, None], labels[nearest]), 1)
        right += int((votes.argmax(axis=1) == labels[part]).sum())
    return right / len(points)


def silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """Mean over points of (b - a) / max(a, b): a to the own class, b to the nearest other."""
    points = np.ascontiguousarray(points, np.float32)
    labels = np.asarray(labels, np.int64)
    member = np.eye(labels.max() + 1, dtype=np.float32)[labels]  # (N, K)
    counts, total = member.sum(axis=0), 0.0
    for part in chunks(len(points)):
        sums = np.sqrt(squared_distances(points[part], points)) @ member  # (R, K)
        rows, own = np.arange(len(sums)), labels[part]
        a = sums[rows, own] / np.maximum(counts[own] - 1, 1)
        others = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
        others[rows, own] = np.inf
        b = others.min(axis=1)
        value = (b - a) / np.maximum(np.maximum(a, b), 1e-12)
        total += float(np.where(counts[own] > 1, value, 0.0).sum())  # alone in its class: 0
    return total / len(points)


def trustworthiness(space: np.ndarray, embedding: np.ndarray, k: int = 10) -> float:
    """1 less a penalty for neighbours in the map that are far in the space, by rank there."""
    space = np.ascontiguousarray(space, np.float32)
    embedding = np.ascontiguousarray(embedding, np.float32)
    N, penalty = len(space), 0.0
    if k >= N / 2:
        raise ValueError(f"k is {k} for {N} points; choose k below {N / 2:g}.")
    for part in chunks(N):
        in_map = squared_distances(embedding[part], embedding)
        in_space = squared_distances(space[part], space)
        rows = np.arange(len(in_map))
        in_map[rows, part.start + rows] = np.inf
        in_space[rows, part.start + rows] = -1.0  # itself: rank 0
        nearest = np.argpartition(in_map, k, axis=1)[:, :k]
        for row in rows:
            ranks = np.searchsorted(np.sort(in_space[row]), in_space[row, nearest[row]])
            penalty += float(np.maximum(ranks - k, 0).sum())
    return 1.0 - 2.0 * penalty / (N * k * (2 * N - 3 * k - 1))
