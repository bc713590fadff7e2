"""Several films under one clock: which frame each shows when.

A clock is "updates" or "images" (seen, repeats counted). Shapes: F frames of a film, S stops.
"""

from collections.abc import Sequence

import numpy as np

from genlab.runs.film import Film

CLOCKS = ("updates", "images")


def times(film: Film, clock: str) -> np.ndarray:
    """When each frame was taken, (F,) int64."""
    if clock not in CLOCKS:
        raise ValueError(f"clock is {clock!r}; choose {' or '.join(CLOCKS)}.")
    return film.updates if clock == "updates" else film.images_seen


def frame_at(film: Film, when: float, clock: str = "updates") -> int:
    """The newest frame taken at `when` or before; the first one before any."""
    return max(0, int(np.searchsorted(times(film, clock), when, side="right")) - 1)


def stops(films: Sequence[Film], clock: str = "updates") -> np.ndarray:
    """Every moment at which one of the films has a new frame, (S,) int64, rising."""
    return np.unique(np.concatenate([times(film, clock) for film in films]))


def lockstep(films: Sequence[Film], clock: str = "updates") -> tuple[np.ndarray, np.ndarray]:
    """The stops (S,), and the frame that each film shows at each, (films, S)."""
    moments = stops(films, clock)
    shown = [[frame_at(film, when, clock) for when in moments] for film in films]
    return moments, np.array(shown)
