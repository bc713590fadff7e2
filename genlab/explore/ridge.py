"""Ridge regression of many features on a few targets, in closed form.

Hoerl & Kennard 1970. W minimises 1/2 |X W + b - T|^2 + (penalty / 2) |W|^2. With X and T centred,
W = (X'X + penalty I)^-1 X'T = X'(XX' + penalty I)^-1 T: of the two the smaller matrix is factored.
Shapes: N rows, F features, K targets.
"""

import torch
from torch import Tensor

PANEL = 1024  # rows of a product computed at a time
ROWS = 2000  # rows of X turned to float32 at a time


def fit_ridge(
    features: Tensor,
    mean: Tensor,
    scale: Tensor,
    targets: Tensor,
    penalties: tuple[float, ...],
    held_out: int,
) -> tuple[Tensor, Tensor, float]:
    """The layer on X = (features - mean) / scale, and the penalty it was fitted with.

    Args:
        features: (N, F), float16 or float32.
        mean, scale: (F,) and a number, such that X has mean 0.
        targets: (N, K) float32, not centred; the class is where the largest is.
        penalties: with more than one, the one under which most of the last `held_out` rows get
            their class from a fit to the others; of equals the largest. More rows than features
            take one penalty.

    Returns:
        W (F, K), b (K,) and the penalty.
    """
    b = targets.mean(0)
    wanted = targets - b
    N, F = features.shape
    if N > F:
        return solve_by_features(features, mean, scale, wanted, penalties[0]), b, penalties[0]
    x = (features.float() - mean) / scale
    products = symmetric_product(x)  # XX'
    penalty = penalties[0]
    if held_out:
        penalty = choose_penalty(products, wanted, targets.argmax(1), penalties, N - held_out)
    return x.T @ solve(products, wanted, penalty), b, penalty


def choose_penalty(
    products: Tensor, wanted: Tensor, labels: Tensor, penalties: tuple[float, ...], kept: int
) -> float:
    """The penalty that does best on rows `kept` and later, fitted on those before."""
    found = {}
    for penalty in sorted(penalties, reverse=True):
        dual = solve(products[:kept, :kept], wanted[:kept], penalty)
        right = (products[kept:, :kept] @ dual).argmax(1) == labels[kept:]
        found[penalty] = right.float().mean().item()
    return max(found, key=found.get)


def solve_by_features(
    features: Tensor, mean: Tensor, scale: Tensor, wanted: Tensor, penalty: float
) -> Tensor:
    F = features.shape[1]
    products, right = torch.zeros(F, F), torch.zeros(F, wanted.shape[1])
    for rows, targets in zip(features.split(ROWS), wanted.split(ROWS), strict=True):
        x = (rows.float() - mean) / scale
        symmetric_product(x.T.contiguous(), products)
        right += x.T @ targets
    return solve(products, right, penalty)


def symmetric_product(x: Tensor, total: Tensor | None = None) -> Tensor:
    """total + XX' of x (M, F): (M, M), each pair of panels multiplied once."""
    total = torch.zeros(len(x), len(x)) if total is None else total
    for i in range(0, len(x), PANEL):
        left = x[i : i + PANEL]
        for j in range(0, i + 1, PANEL):
            block = left @ x[j : j + PANEL].T
            total[i : i + PANEL, j : j + PANEL] += block
            if j < i:
                total[j : j + PANEL, i : i + PANEL] += block.T
    return total


def solve(products: Tensor, wanted: Tensor, penalty: float) -> Tensor:
    """(products + penalty I)^-1 wanted, by Cholesky; products is left alone."""
    shifted = products.clone()
    shifted.diagonal().add_(penalty)
    return torch.cholesky_solve(wanted, torch.linalg.cholesky(shifted))
