"""Ways between two points of a latent space, without torch. Shapes: Z latent dimensions."""

import numpy as np


def walk(
    start: np.ndarray, end: np.ndarray, *, steps: int = 12, kind: str = "straight"
) -> np.ndarray:
    """Latents (steps, Z) from start (Z,) to end (Z,).

    "straight" is a line. "spherical" turns the direction at an even angle while the length goes
    evenly from one to the other: for Gaussian latents the line's middle is untypically short.
    Source: Shoemake, Animating Rotation with Quaternion Curves, 1985 (slerp of the directions).
    """
    t = np.linspace(0.0, 1.0, steps)[:, None]
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if kind == "straight" or min(lengths) < 1e-9:
        return ((1 - t) * start + t * end).astype(np.float32)
    if kind != "spherical":
        raise ValueError(f"kind is {kind!r}; choose straight or spherical.")
    u, v = start / lengths[0], end / lengths[1]
    angle = np.arccos(np.clip(u @ v, -1.0, 1.0))
    if np.sin(angle) < 1e-6:  # parallel, or opposite where no turn is preferred
        return ((1 - t) * start + t * end).astype(np.float32)
    direction = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    return (((1 - t) * lengths[0] + t * lengths[1]) * direction).astype(np.float32)
