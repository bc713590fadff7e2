"""A registration as the browser plays it and as a table.

No moved point is sent: a state moves the source by an affine map, so the map is enough, and the
browser finds the strongest pairs from what a state's responsibilities follow from. Shapes: M source
points, N target points, D axes, S states.
"""

import base64
import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from genlab.registration.states import RegistrationState
from genlab.registration.transforms import Transform

SPACE = 3  # the plane lies in space at depth 0, so that one player serves both


def packed(array: np.ndarray) -> str:
    """The numbers as text: base64 of little-endian float64, row by row."""
    return base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()


def in_space(points: np.ndarray) -> np.ndarray:
    """Points (K, D) as (K, 3), with depth 0 where they have none."""
    room = np.zeros((len(points), SPACE))
    room[:, : points.shape[1]] = points
    return room


def cloud_data(points: np.ndarray) -> dict[str, Any]:
    """Points (K, D) for the browser."""
    return {"count": len(points), "points": packed(in_space(points))}


def film_columns(states: Sequence[RegistrationState], middle: np.ndarray) -> dict[str, np.ndarray]:
    """Every state as numbers: name to (S, width).

    "linear" (S, 9) and "translation" (S, 3) move the source; "match_..." say what the lines follow
    from (sigma 0 means the nearest alone); "shift" (S, 3) is how far the source's middle has gone.

    Args:
        middle: (D,) the source's middle.
    """
    matchings = [state.matching for state in states]
    columns = {
        **transform_columns("", [state.transform for state in states]),
        **transform_columns("match_", [matching.transform for matching in matchings]),
        "match_sigma": [matching.sigma for matching in matchings],
        "background": [matching.background for matching in matchings],
        "reach": [matching.reach for matching in matchings],
        "shift": in_space(np.array([shift_of(state.transform, middle) for state in states])),
        "degrees": [state.transform.degrees for state in states],
        "scale": [state.transform.scale for state in states],
        "sigma": [state.sigma for state in states],
        "log_likelihood": [state.log_likelihood for state in states],
        "rms": [state.rms for state in states],
    }
    return {
        name: np.array(values, float).reshape(len(states), -1) for name, values in columns.items()
    }


def transform_columns(prefix: str, transforms: Sequence[Transform]) -> dict[str, np.ndarray]:
    D = len(transforms[0].translation)
    linear = np.tile(np.eye(SPACE), (len(transforms), 1, 1))
    linear[:, :D, :D] = [transform.linear for transform in transforms]
    moved = in_space(np.array([transform.translation for transform in transforms]))
    return {f"{prefix}linear": linear.reshape(-1, 9), f"{prefix}translation": moved}


def shift_of(transform: Transform, middle: np.ndarray) -> np.ndarray:
    """(D,) how far the transform carries the source's middle: T, if it only shifts."""
    return transform.apply(middle[None])[0] - middle


def film_data(states: Sequence[RegistrationState], middle: np.ndarray) -> dict[str, Any]:
    """A film for the browser: each column packed, and its width."""
    columns = film_columns(states, middle)
    return {
        "each": states[0].matching.each,
        "count": len(states),
        "columns": {name: [values.shape[1], packed(values)] for name, values in columns.items()},
    }


def states_csv(states: Sequence[RegistrationState], middle: np.ndarray) -> bytes:
    """A row for each state: its figures, how far the source's middle has gone, and the map."""
    D = len(middle)
    axes = "xyz"[:D]
    head = ["step", "sigma", "log_likelihood", "rms", "matched", *(f"shift_{a}" for a in axes)]
    head += ["degrees", "scale", *(f"linear_{a}{b}" for a in axes for b in axes)]
    head += [f"translation_{a}" for a in axes]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for state in states:
        transform = state.transform
        numbers = [state.sigma, state.log_likelihood, state.rms, state.matched]
        numbers += [*shift_of(transform, middle), transform.degrees, transform.scale]
        numbers += [*transform.linear.ravel(), *transform.translation]
        writer.writerow([state.step, *(f"{value:.10g}" for value in numbers)])
    return text.getvalue().encode()
