"""Exact nearest neighbours by Euclidean distance. No torch in here.

A block of distances is one matrix product. Of its N columns the nearest are found in two steps: the
columns are dealt into groups, and the `count` groups with the nearest members hold the `count`
nearest of all (each of those groups has a member at least as near as any member of another group),
so that only their members are ordered. Shapes: N points, Q queries, E embedding.
"""

import numpy as np

BLOCK = 2_000_000  # distances at a time: 8 MB
GROUP = 32  # columns
SPARE = 4  # more candidates than asked for: they are ordered anew by exact distances


def nearest(
    embedding: np.ndarray, queries: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest points of each query, the nearest first; of equal ones the first.

    Args:
        embedding: (N, E) points.
        queries: (Q, E).
        count: of neighbours, 1 to N.

    Returns:
        (Q, count) int64 rows of embedding and (Q, count) float32 distances.

    Raises:
        ValueError: the shapes do not fit, or there are fewer points than asked for.
    """
    points, asked = (np.asarray(some, np.float32) for some in (embedding, queries))
    if points.ndim != 2 or asked.ndim != 2 or points.shape[1] != asked.shape[1]:
        raise ValueError(f"embedding is {points.shape} but queries are {asked.shape}.")
    if not 1 <= count <= len(points):
        raise ValueError(f"count is {count}; choose from 1 to {len(points)}.")
    middle = points.mean(axis=0)  # about the middle the products cancel least
    centred, rows = points - middle, max(1, BLOCK // len(points))
    squares = np.einsum("ne,ne->n", centred, centred)
    index = np.empty((len(asked), count), np.int64)
    distance = np.empty((len(asked), count), np.float32)
    for start in range(0, len(asked), rows):
        block = asked[start : start + rows]
        apart = (-2.0 * (block - middle)) @ centred.T  # less the query's own square
        apart += squares
        found = smallest(apart, min(count + SPARE, len(points)))
        found.sort(axis=1)  # so that the first of equal ones comes first
        offsets = points[found]
        offsets -= block[:, None]
        exact = np.sqrt(np.einsum("qce,qce->qc", offsets, offsets))
        order = np.argsort(exact, axis=1, kind="stable")[:, :count]
        index[start : start + rows] = np.take_along_axis(found, order, axis=1)
        distance[start : start + rows] = np.take_along_axis(exact, order, axis=1)
    return index, distance


def smallest(values: np.ndarray, count: int) -> np.ndarray:
    """The columns (Q, count) of the smallest values (Q, N) of each row, in no order."""
    Q, N = values.shape
    groups = N // GROUP
    if groups < 2 * count:
        return np.argpartition(values, count - 1, axis=1)[:, :count]
    dealt = values[:, : groups * GROUP].reshape(Q, GROUP, groups)
    leaders = np.argpartition(dealt.min(axis=1), count - 1, axis=1)[:, :count]  # (Q, count)
    members = leaders[:, None, :] + groups * np.arange(GROUP)[:, None]  # (Q, GROUP, count)
    rest = np.broadcast_to(np.arange(groups * GROUP, N), (Q, N - groups * GROUP))
    columns = np.concatenate([members.reshape(Q, -1), rest], axis=1)
    best = np.argpartition(np.take_along_axis(values, columns, axis=1), count - 1, axis=1)
    return np.take_along_axis(columns, best[:, :count], axis=1)


def vote(voters: np.ndarray) -> np.ndarray:
    """The class (Q,) that most of the voters (Q, count) have, who stand in order of nearness; where
    no class has more votes than another, the one whose first voter is nearer."""
    agreeing = (voters[:, :, None] == voters[:, None, :]).sum(axis=2)
    winner = agreeing.argmax(axis=1)  # the first, so the nearest, of those with most votes
    return np.take_along_axis(voters, winner[:, None], axis=1)[:, 0]
