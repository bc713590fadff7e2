"""Exact nearest neighbours by Euclidean distance. No torch in here.

A block of distances is one matrix product. Of its N columns the nearest are found in two steps: the
columns are dealt into groups, and the `count` groups with the nearest members hold the `count`
nearest of all (each of those groups has a member at least as near as any member of another group),
so that only their members are ordered. Shapes: N points, Q queries, E embedding.
"""

import numpy as np

BLOCK = 1_000_000  # distances at a time: 4 MB
WIDE, WIDE_BLOCK = 128, 2_000_000  # numbers a point from which products gain by more at a time
GROUP = 25  # columns
SPARE = 4  # more candidates than asked for: they are ordered anew by exact distances


class Points:
    """Points (N, E) made ready, once, for any number of questions.

    Raises:
        ValueError: embedding is not (N, E).
    """

    def __init__(self, embedding: np.ndarray) -> None:
        self.points = np.asarray(embedding, np.float32)
        if self.points.ndim != 2:
            raise ValueError(f"embedding is {self.points.shape}; give (N, E).")
        N, E = self.points.shape
        self.middle = self.points.mean(axis=0)  # about the middle the products cancel least
        # (N, E + 1): a point less the middle, and its square
        self.sides = np.empty((N, E + 1), np.float32)
        centred = np.subtract(self.points, self.middle, out=self.sides[:, :E])
        self.sides[:, E] = np.einsum("ne,ne->n", centred, centred)
        self.rows = max(1, (WIDE_BLOCK if E >= WIDE else BLOCK) // max(N, 1))

    def nearest(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """As the function of this name."""
        (N, E), asked = self.points.shape, np.asarray(queries, np.float32)
        if asked.ndim != 2 or asked.shape[1] != E:
            raise ValueError(f"embedding is {self.points.shape} but queries are {asked.shape}.")
        if not 1 <= count <= N:
            raise ValueError(f"count is {count}; choose from 1 to {N}.")
        index = np.empty((len(asked), count), np.int64)
        distance = np.empty((len(asked), count), np.float32)
        room = np.empty((min(self.rows, len(asked)), N), np.float32)
        for start in range(0, len(asked), self.rows):
            block = asked[start : start + self.rows]
            factors = np.ones((len(block), E + 1), np.float32)
            np.multiply(block - self.middle, -2.0, out=factors[:, :E])
            # squared distances, less the query's own square
            apart = np.matmul(factors, self.sides.T, out=room[: len(block)])
            found = smallest(apart, min(count + SPARE, N))
            found.sort(axis=1)  # so that the first of equal ones comes first
            offsets = self.points[found]
            offsets -= block[:, None]
            exact = np.sqrt(np.einsum("qce,qce->qc", offsets, offsets))
            order = np.argsort(exact, axis=1, kind="stable")[:, :count]
            index[start : start + self.rows] = np.take_along_axis(found, order, axis=1)
            distance[start : start + self.rows] = np.take_along_axis(exact, order, axis=1)
        return index, distance


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
    return Points(embedding).nearest(queries, count)


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
    among = values.take(columns + N * np.arange(Q)[:, None])
    best = np.argpartition(among, count - 1, axis=1)
    return np.take_along_axis(columns, best[:, :count], axis=1)


def vote(voters: np.ndarray) -> np.ndarray:
    """The class (Q,) that most of the voters (Q, count) have, who stand in order of nearness; where
    no class has more votes than another, the one whose first voter is nearer."""
    agreeing = (voters[:, :, None] == voters[:, None, :]).sum(axis=2)
    winner = agreeing.argmax(axis=1)  # the first, so the nearest, of those with most votes
    return np.take_along_axis(voters, winner[:, None], axis=1)[:, 0]
