"""How sure figures of pairs are, where a picture or a person is in many pairs: by the bootstrap.

Not the pairs are drawn anew but what they are made of: a pair of two units counts as often as the
product of their draws (Owen 2007, The pigeonhole bootstrap, arXiv:0712.1111), a pair within one
unit as often as that is drawn (as Bolle, Ratha & Pankanti 2004 draw people, not pairs).
Shapes: C pairs, R resamples, U units.
"""

import numpy as np

RESAMPLES, SEED = 500, 0
BLOCK = 50  # resamples at a time


def bootstrap(
    distances: np.ndarray,
    same: np.ndarray,
    units: np.ndarray,
    threshold: float,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of "auc", "eer" and the "accuracy" at a threshold, from percentiles.

    Args:
        distances: (C,), small for alike.
        same: (C,) bool.
        units: (C, 2) integers from 0: of what each pair's two images are drawn, the images
            themselves or the people on them.
        threshold: pairs at most as far are accepted; half of the accuracy is that of the same
            pairs, half that of the different ones.

    Raises:
        ValueError: the pairs are of one kind.
    """
    same = np.asarray(same, bool)
    if same.all() or not same.any():
        raise ValueError("all pairs are of one kind; there is nothing to tell apart.")
    rng, order = np.random.default_rng(seed), np.argsort(distances, kind="stable")
    distances, same, units = distances[order], same[order], units[order]
    last = np.append(distances[1:] != distances[:-1], True).nonzero()[0]  # of each run of equals
    accepted = int(np.searchsorted(distances, threshold, side="right"))
    U, figures = int(units.max()) + 1, []
    for start in range(0, resamples, BLOCK):
        R = min(BLOCK, resamples - start)
        draws = rng.multinomial(U, np.full(U, 1.0 / U), size=R).astype(np.float64)  # (R, U)
        weights = draws[:, units[:, 0]]
        crossing = units[:, 0] != units[:, 1]
        weights[:, crossing] *= draws[:, units[crossing, 1]]
        figures += [figures_of(row, same, last, accepted) for row in weights]
    kept = np.array([row for row in figures if row is not None])
    low, high = np.percentile(kept, [2.5, 97.5], axis=0)
    return {
        name: (float(low[i]), float(high[i])) for i, name in enumerate(("auc", "eer", "accuracy"))
    }


def figures_of(
    weights: np.ndarray, same: np.ndarray, last: np.ndarray, accepted: int
) -> tuple[float, float, float] | None:
    """AUC, EER and accuracy of pairs (C,) in order of distance, each counting `weights` times; None
    where a kind is missing."""
    of_same, of_different = (np.cumsum(weights * kind) for kind in (same, ~same))
    if not of_same[-1] or not of_different[-1]:
        return None
    true_accepts = np.append(0.0, of_same[last] / of_same[-1])
    false_accepts = np.append(0.0, of_different[last] / of_different[-1])
    excess = false_accepts + true_accepts - 1.0
    after = int((excess >= 0.0).argmax())
    part = -excess[after - 1] / (excess[after] - excess[after - 1])
    eer = false_accepts[after - 1] + part * (false_accepts[after] - false_accepts[after - 1])
    right = of_same[accepted - 1] / of_same[-1] if accepted else 0.0
    wrong = of_different[accepted - 1] / of_different[-1] if accepted else 0.0
    auc = float(np.trapezoid(true_accepts, false_accepts))
    return auc, float(eer), 0.5 * float(right + 1.0 - wrong)
