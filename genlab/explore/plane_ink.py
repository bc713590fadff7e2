"""Drawn targets as short texts of hexadecimal digits, and a few ready ones.

On the line: COLUMNS digits, the heights of a step function from left to right. In the plane:
CELLS * CELLS bits, row after row from the top, the leftmost cell in the highest bit.
"""

import numpy as np

from genlab.errors import GenLabError

COLUMNS = 40
CELLS = 32


def read_heights(ink: str) -> np.ndarray:
    """(COLUMNS,) heights from 0 to 15, not all 0.

    Raises:
        GenLabError: the text is no such drawing, or an empty one.
    """
    return not_empty(np.array(digits(ink, COLUMNS), float))


def read_painting(ink: str) -> np.ndarray:
    """(CELLS, CELLS) bool, not all False.

    Raises:
        GenLabError: the text is no such drawing, or an empty one.
    """
    values = np.array(digits(ink, CELLS * CELLS // 4), np.uint8)
    return not_empty(np.unpackbits(values[:, None], axis=1)[:, 4:].reshape(CELLS, CELLS) > 0)


def digits(ink: str, count: int) -> list[int]:
    if len(ink) != count or not set(ink) <= set("0123456789abcdef"):
        raise GenLabError("This drawing is damaged; clear it and draw it again.")
    return [int(digit, 16) for digit in ink]


def not_empty(drawing: np.ndarray) -> np.ndarray:
    if not drawing.any():
        raise GenLabError("The drawing is empty; paint something, or take a ready one.")
    return drawing


def heights_ink(heights: np.ndarray) -> str:
    """(COLUMNS,) heights as text; they are brought to whole numbers from 0 to 15."""
    scaled = np.rint(15.0 * np.asarray(heights, float) / np.max(heights)).astype(int)
    return "".join(f"{height:x}" for height in scaled)


def painting_ink(painted: np.ndarray) -> str:
    """(CELLS, CELLS) bool as text."""
    return np.packbits(painted).tobytes().hex()


# Ready drawings


def ready_drawings(axes: int) -> dict[str, str]:
    """Title to ink."""
    if axes == 1:
        return {title: heights_ink(heights) for title, heights in line_drawings().items()}
    return {title: painting_ink(painted) for title, painted in plane_drawings().items()}


def line_drawings() -> dict[str, np.ndarray]:
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS * 4.0 - 2.0  # middle of each column, within +-2
    inside = np.abs(x) < 1.5
    return {
        "Stairs": inside * np.clip(np.floor(2.0 * x + 4.0), 0, None),
        "Ramp": inside * (x + 1.5),
        "Valley": inside * (0.1 + np.square(x)),
        "Skyline": read_heights("0000003357733ff33559955bb113388440000000"),
    }


def plane_drawings() -> dict[str, np.ndarray]:
    steps = (np.arange(CELLS) + 0.5) / CELLS * 4.0 - 2.0
    x, y = steps[None, :], -steps[:, None]  # the first row is the top
    r = np.hypot(x, y)
    X, Y = x / 1.25, (y + 0.1) / 1.25
    eyes = np.hypot(np.abs(x) - 0.5, y - 0.45) < 0.2
    mouth = (np.abs(np.hypot(x, y - 0.1) - 0.85) < 0.12) & (y < -0.25)
    return {
        "Heart": (X**2 + Y**2 - 1.0) ** 3 - X**2 * Y**3 < 0.0,
        "Smile": (np.abs(r - 1.55) < 0.12) | eyes | mouth,
        "Cross": (np.minimum(np.abs(x + y), np.abs(x - y)) < 0.25) & (r < 1.7),
        "Loop": np.abs(np.hypot(np.abs(x) - 0.85, y) - 0.6) < 0.13,
    }
