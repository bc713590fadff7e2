"""A registration as the frames of a film: per step the matches, then the points on their way.

Shapes: M source points, N target points, S states, F frames of side * side pixels.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genlab.registration.states import Lines, RegistrationState, lines

STAYS, MOVES = (63, 144, 218), (255, 169, 14)
LIGHT, DARK = (255, 255, 255), (49, 51, 63)
MOST_STEPS = 40  # later ones are thinned: a film is for watching
ON_THE_WAY = (0.15, 0.5, 0.85)  # of an M step
HOLD = 8  # frames at the end
MARGIN, HEAD = 30, 34  # pixels
LEAST, PAIRS = 0.02, 1200  # of a line's weight; lines in all, about


def film_frames(
    states: Sequence[RegistrationState],
    source: np.ndarray,
    target: np.ndarray,
    *,
    side: int = 560,
    camera: tuple[float, float] = (30.0, 20.0),
    dark: bool = False,
) -> np.ndarray:
    """(F, side, side, 3) uint8 of source (M, D) and target (N, D).

    Args:
        camera: in space, how far to walk around and to rise, degrees.
    """
    chosen = chosen_states(states)
    moved = [seen(state.moved(source), camera) for state in chosen]
    still = seen(target, camera)
    low = np.min([still.min(axis=0), *(points.min(axis=0) for points in moved)], axis=0)
    high = np.max([still.max(axis=0), *(points.max(axis=0) for points in moved)], axis=0)
    unit = (side - 2 * MARGIN - HEAD) / (float((high - low).max()) or 1.0)

    def on_page(points: np.ndarray) -> np.ndarray:
        centred = (points - 0.5 * (low + high)) * unit
        return centred * (1, -1) + (side / 2, (side + HEAD) / 2)

    page = Page(side, on_page(still), dark)
    every = max(1, min(12, PAIRS // max(len(source), len(target))))
    frames = []
    for k, state in enumerate(chosen):
        found = lines(state, source, target, every, LEAST)
        here, words = on_page(moved[k]), title_of(state)
        frames.append(page.drawn(here, found, words))
        if k + 1 < len(chosen):
            there = on_page(moved[k + 1])
            for share in ON_THE_WAY:
                frames.append(page.drawn(here + share * (there - here), found, words))
    return np.stack(frames + frames[-1:] * HOLD)


def chosen_states(states: Sequence[RegistrationState]) -> list[RegistrationState]:
    """All, or the first ones and ever fewer of the later ones, in which less happens."""
    if len(states) <= MOST_STEPS:
        return list(states)
    share = np.linspace(0.0, 1.0, MOST_STEPS) ** 2
    return [states[k] for k in np.unique(np.round(share * (len(states) - 1)).astype(int))]


def seen(points: np.ndarray, camera: tuple[float, float]) -> np.ndarray:
    """(K, 2) of points (K, D): the plane as it lies, space from a side."""
    if points.shape[1] == 2:
        return points
    (c, C), (s, S) = np.cos(np.deg2rad(camera)), np.sin(np.deg2rad(camera))
    right, up = np.array([c, s, 0.0]), np.array([s * S, -c * S, C])
    return np.stack([points @ right, points @ up], axis=1)


def title_of(state: RegistrationState) -> str:
    words = f"step {state.step}"
    if np.isfinite(state.log_likelihood):
        words += f"   {state.log_likelihood:.1f} nats"
    return f"{words}   rms {state.rms:.3f}"


class Page:
    """What all frames share: the cloud that stays, and how things are drawn."""

    def __init__(self, side: int, still: np.ndarray, dark: bool) -> None:
        self.still, self.back, self.ink = still, LIGHT, DARK
        if dark:
            self.back, self.ink = (14, 17, 23), (250, 250, 250)
        self.empty = Image.new("RGB", (side, side), self.back)
        self.font = ImageFont.load_default(size=20)
        self.size = float(np.clip(46 / np.sqrt(len(still)), 1.2, 5.0))

    def drawn(self, moved: np.ndarray, found: Lines, words: str) -> np.ndarray:
        image = self.empty.copy()
        draw = ImageDraw.Draw(image)
        order = np.argsort(found.weight)  # the strong ones on top
        back, ink = np.array(self.back), np.array(self.ink)
        for k in order:
            share = 0.1 + 0.7 * found.weight[k]
            colour = tuple(int(value) for value in back + share * (ink - back))
            ends = [*moved[found.source[k]], *self.still[found.target[k]]]
            draw.line(ends, fill=colour, width=2 if found.weight[k] > 0.5 else 1)
        for box in boxes(self.still, self.size):
            draw.ellipse(box, outline=STAYS, width=2)
        for box in boxes(moved, 0.85 * self.size):
            draw.ellipse(box, fill=MOVES)
        draw.text((MARGIN / 2, 8), words, fill=self.ink, font=self.font)
        return np.asarray(image)


def boxes(points: np.ndarray, size: float) -> Iterator[list[float]]:
    for x, y in points:
        yield [x - size, y - size, x + size, y + size]
