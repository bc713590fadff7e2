"""The textbook's EM registration, symbol by symbol, with whole (M, N) matrices in float64.

Source points p_i, target points q_j, a hidden Z_ij = 1 where p_i matches q_j: each p_i matches one
q_j, several may share one. P((p_i, q_j) | Z_ij = 1) = N_ij is proportional to
exp(-|p_i + T - q_j|^2 / (2 sigma^2)), sigma known, the prior Pi_ij with rows that sum to 1; Pi and
T are unknown. `em.register` does the same for large clouds without the matrices.

Shapes: M source points, N target points, D axes. Likelihoods in nats.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, xlogy

from genlab.errors import GenLabError
from genlab.registration.checks import check_pair
from genlab.registration.prior import log_height
from genlab.registration.reference import squared_distances


@dataclass(frozen=True, eq=False)
class TextbookState:
    """One step: T and Pi, and what the E step makes of them."""

    step: int  # 0 is the start
    translation: np.ndarray  # (D,), T
    pi: np.ndarray  # (M, N), Pi of this step; rows sum to 1
    r: np.ndarray  # (M, N), responsibilities under T and Pi; rows sum to 1
    log_likelihood: float  # observed, of T and Pi; never falls
    q: float  # Q(psi | psi) of this step's own responsibilities


def log_density(
    source: np.ndarray,
    target: np.ndarray,
    translation: np.ndarray,
    sigma: float,
    constant: str = "stated",
) -> np.ndarray:
    """(M, N) log N_ij.

    The factor before the exponential is 1 / (sqrt(2 pi) sigma) as the textbook states it, whatever
    the number of axes; constant="proper" makes it (2 pi sigma^2)^(-D/2), which integrates to 1.
    """
    squared = squared_distances(source + translation, target)
    return squared / (-2 * sigma**2) + log_height(sigma, source.shape[1], constant)


def e_step(log_n: np.ndarray, pi: np.ndarray) -> np.ndarray:
    """(M, N) r_ij = Pi_ij N_ij / sum_k Pi_ik N_ik."""
    joint = log_n + log_of(pi)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def m_step(source: np.ndarray, target: np.ndarray, r: np.ndarray) -> np.ndarray:
    """(D,) T = -(1/M) sum_ij r_ij (p_i - q_j). The new Pi is r itself."""
    return -(r.sum(axis=1) @ source - r.sum(axis=0) @ target) / len(source)


def q_function(r: np.ndarray, log_n: np.ndarray, pi: np.ndarray) -> float:
    """Q(psi | psi_t) = sum_ij r_ij log(N_ij Pi_ij): r belongs to psi_t, N and Pi to psi.

    0 log 0 is 0. A pair with r above 0 and Pi of 0 makes it minus infinity.
    """
    return float(np.sum(r * log_n) + np.sum(xlogy(r, pi)))


def complete_log_likelihood(z: np.ndarray, log_n: np.ndarray, pi: np.ndarray) -> float:
    """sum_ij Z_ij log(N_ij Pi_ij) of a known matching z (M, N) of 0 and 1."""
    return q_function(z, log_n, pi)


def observed_log_likelihood(log_n: np.ndarray, pi: np.ndarray) -> float:
    """sum_i log sum_j Pi_ij N_ij."""
    return float(logsumexp(log_n + log_of(pi), axis=1).sum())


def textbook_em(
    source: np.ndarray,
    target: np.ndarray,
    sigma: float,
    *,
    pi: np.ndarray | None = None,
    translation: np.ndarray | None = None,
    learn_pi: bool = True,
    constant: str = "stated",
    max_steps: int = 200,
    tol: float = 1e-9,
) -> Iterator[TextbookState]:
    """Yield the start, then each step, until the observed likelihood gains less than tol a point.

    Args:
        source, target: (M, D) and (N, D).
        sigma: the known standard deviation of a match along each axis.
        pi: (M, N) where Pi starts; uniform by default. Rows must sum to 1.
        translation: (D,) where T starts; 0 by default.
        learn_pi: set Pi = R after each E step. With False Pi stays as it starts: then r stays as
            soft as sigma makes it, where Pi = R hardens it from step to step.
    """
    source, target, _ = check_pair(source, target, "translation")
    pi = np.full((len(source), len(target)), 1 / len(target)) if pi is None else checked(pi)
    if pi.shape != (len(source), len(target)):
        raise GenLabError(
            f"Pi is {pi.shape[0]} x {pi.shape[1]} but there are {len(source)} source and "
            f"{len(target)} target points; give one row for each source point."
        )
    T = np.zeros(source.shape[1]) if translation is None else np.asarray(translation, float)
    last = -math.inf
    for step in range(max_steps + 1):
        log_n = log_density(source, target, T, sigma, constant)
        r, found = e_step(log_n, pi), observed_log_likelihood(log_n, pi)
        yield TextbookState(step, T, pi, r, found, q_function(r, log_n, pi))
        if found - last < tol * len(source):
            return
        last, T, pi = found, m_step(source, target, r), r if learn_pi else pi


def checked(pi) -> np.ndarray:
    pi = np.asarray(pi, np.float64)
    if pi.ndim != 2 or not (pi >= 0).all() or not np.allclose(pi.sum(axis=1), 1):
        raise GenLabError("Pi must be a matrix of 0 or more whose rows sum to 1; divide each row.")
    return pi


def log_of(pi: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(pi)
