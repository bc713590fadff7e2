"""Whether two clouds can be registered, and what is odd about them; one sentence each."""

import numpy as np

from genlab.errors import GenLabError

MOST_POINTS = 10_000_000
FLAT = 1e-7  # of the longest extent: thinner is flat
DUPLICATES_UP_TO = 200_000  # points; counting them in larger clouds takes seconds


def check_cloud(points, name: str) -> np.ndarray:
    """Points as (N, D) float64 with D = 2 or 3, all finite; GenLabError where they are not."""
    try:
        points = np.ascontiguousarray(points, np.float64)
    except (TypeError, ValueError) as error:
        raise GenLabError(
            f"{name} is no table of numbers; give a row x, y (, z) for each point."
        ) from error
    if points.size == 0:
        raise GenLabError(f"{name} has no points; choose a cloud with at least one.")
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        shape = " x ".join(map(str, points.shape))
        raise GenLabError(
            f"{name} is {shape}; give one row for each point, with 2 or 3 coordinates."
        )
    if len(points) > MOST_POINTS:
        raise GenLabError(f"{name} has {len(points):,} points; thin it to {MOST_POINTS:,} at most.")
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if bad.size:
        raise GenLabError(
            f"{name} has {bad.size:,} of {len(points):,} points with a coordinate that is not a "
            f"finite number, the first of them point {bad[0] + 1:,}; remove them."
        )
    if np.abs(points).max() > 1e150:
        raise GenLabError(f"{name} has coordinates beyond 1e150; choose larger units.")
    return points


def check_pair(source, target, model: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Both clouds checked, and remarks on them; GenLabError where the model cannot be fitted."""
    source, target = check_cloud(source, "source"), check_cloud(target, "target")
    if source.shape[1] != target.shape[1]:
        raise GenLabError(
            f"source is {source.shape[1]}-D but target is {target.shape[1]}-D; load two clouds "
            "with the same number of axes."
        )
    D = source.shape[1]
    needed = {"translation": 0, "rigid": D - 1, "similarity": D - 1, "affine": D}[model]
    for name, points in (("source", source), ("target", target)):
        spanned = dimensions(points)
        if spanned < needed:
            lies = ("is a single place", "lies on one line", "lies in one plane")[spanned]
            mend = "a translation" if spanned < D - 1 else "a rigid fit"
            raise GenLabError(
                f"{name} {lies}, which leaves {a(model)} fit undetermined; choose {mend} or "
                "another cloud."
            )
    return source, target, remarks(source, "source") + remarks(target, "target")


def dimensions(points: np.ndarray) -> int:
    """How many axes the points span: 0 for one place, 1 for a line, 2 for a plane."""
    centred = points - points.mean(axis=0)
    longest = np.abs(centred).max()
    if longest <= 1e-12 * np.abs(points).max():
        return 0
    lengths = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov((centred / longest).T, bias=True)), 0))
    return int((lengths > FLAT * lengths.max()).sum())


def remarks(points: np.ndarray, name: str) -> list[str]:
    said = []
    if len(points) <= DUPLICATES_UP_TO:
        repeated = len(points) - len(np.unique(points, axis=0))
        if repeated:
            said.append(f"{name} repeats {repeated:,} of its {len(points):,} points.")
    return said


def a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
