"""How well a distance tells pairs of one class from pairs of two: ROC, AUC, EER.

A pair is accepted as "same" when its distance is at most the threshold. Shapes: C pairs.
"""

from typing import NamedTuple

import numpy as np


class ROC(NamedTuple):
    """Error rates at every threshold that changes them, from accepting nothing to everything."""

    thresholds: np.ndarray  # (T,) distances, rising; -inf first
    false_accepts: np.ndarray  # (T,) share of the different pairs that are accepted, rising
    true_accepts: np.ndarray  # (T,) share of the same pairs that are accepted, rising


def roc(distances: np.ndarray, same: np.ndarray) -> ROC:
    """The ROC of pairs; equal distances are one threshold.

    Args:
        distances: (C,) finite numbers, small for alike.
        same: (C,) bool, both kinds present.

    Raises:
        ValueError: shapes differ, a distance is not finite or one kind of pair is missing.
    """
    distances, same = np.asarray(distances), np.asarray(same, bool)
    if distances.ndim != 1 or distances.shape != same.shape:
        raise ValueError(f"distances are {distances.shape} but same is {same.shape}; give (C,).")
    if not np.isfinite(distances).all():
        raise ValueError("distances hold numbers that are not finite; mend them before scoring.")
    if same.all() or not same.any():
        raise ValueError("all pairs are of one kind; a ROC needs both same and different pairs.")
    order = np.argsort(distances, kind="stable")
    ordered, accepted = distances[order], np.cumsum(same[order])
    last = np.append(ordered[1:] != ordered[:-1], True).nonzero()[0]  # of each run of equals
    true_accepts = accepted[last] / accepted[-1]
    false_accepts = (last + 1 - accepted[last]) / (len(same) - accepted[-1])
    return ROC(
        np.append(-np.inf, ordered[last]),
        np.append(0.0, false_accepts),
        np.append(0.0, true_accepts),
    )


def roc_auc(distances: np.ndarray, same: np.ndarray) -> float:
    """Chance that a same pair is closer than a different one, ties counted half."""
    _, false_accepts, true_accepts = roc(distances, same)
    return float(np.trapezoid(true_accepts, false_accepts))


def equal_error_rate(distances: np.ndarray, same: np.ndarray) -> float:
    """The error rate where false accepts and false rejects are equal, by straight lines
    between the points of the ROC."""
    _, false_accepts, true_accepts = roc(distances, same)
    excess = false_accepts + true_accepts - 1.0  # false accepts less false rejects; -1 up to 1
    after = int((excess >= 0.0).argmax())
    before = after - 1
    part = -excess[before] / (excess[after] - excess[before])
    return float(false_accepts[before] + part * (false_accepts[after] - false_accepts[before]))
