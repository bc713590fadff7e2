"""Affine maps of points, and the rotation, scale and translation that people read from them.

Shapes: K points, D axes (2 or 3). Angles in degrees, lengths in the units of the points.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Transform:
    """The map p -> linear @ p + translation."""

    linear: np.ndarray  # (D, D)
    translation: np.ndarray  # (D,)

    @staticmethod
    def identity(axes: int) -> "Transform":
        return Transform(np.eye(axes), np.zeros(axes))

    @staticmethod
    def shift(vector) -> "Transform":
        """The translation by vector (D,)."""
        vector = np.asarray(vector, np.float64)
        return Transform(np.eye(vector.size), vector)

    @staticmethod
    def turn(degrees: float, axis=None, about=None) -> "Transform":
        """A turn in the plane, or in space around `axis` (3,); the point `about` stays.

        Counter-clockwise in 2-D; by the right-hand rule in 3-D. `about` is the origin by default.
        """
        angle = np.deg2rad(degrees)
        if axis is None:
            cos, sin = np.cos(angle), np.sin(angle)
            linear = np.array([[cos, -sin], [sin, cos]])
        else:
            x, y, z = np.asarray(axis, np.float64) / np.linalg.norm(axis)
            cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
            linear = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
        fixed = np.zeros(len(linear)) if about is None else np.asarray(about, np.float64)
        return Transform(linear, fixed - linear @ fixed)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Move points (K, D); returns a new (K, D) float64 array."""
        return points @ self.linear.T + self.translation

    def then(self, second: "Transform") -> "Transform":
        """This map followed by the second one."""
        return Transform(
            second.linear @ self.linear, second.linear @ self.translation + second.translation
        )

    def inverse(self) -> "Transform":
        """The map back; LinAlgError where this one flattens space."""
        back = np.linalg.inv(self.linear)
        return Transform(back, -back @ self.translation)

    @property
    def rotation(self) -> np.ndarray:
        """(D, D) the rotation nearest to the linear part, det = +1 (its polar factor)."""
        return nearest_rotation(self.linear)

    @property
    def scale(self) -> float:
        """The D-th root of |det linear|: 1 for a rigid map, the factor for a similarity."""
        return float(abs(np.linalg.det(self.linear)) ** (1 / len(self.linear)))

    @property
    def degrees(self) -> float:
        """How far the rotation turns: -180 to 180 in 2-D, 0 to 180 in 3-D."""
        R = self.rotation
        if len(R) == 2:
            return float(np.degrees(np.arctan2(R[1, 0], R[0, 0])))
        sine = np.linalg.norm([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]]) / 2
        return float(np.degrees(np.arctan2(sine, (np.trace(R) - 1) / 2)))


def nearest_rotation(matrix: np.ndarray) -> np.ndarray:
    """The R with det +1 that maximises tr(matrix.T @ R); reflections are left out.

    Source: Myronenko & Song 2010, lemma 1 (Kabsch 1976 for D = 3).
    """
    U, _, Vt = np.linalg.svd(matrix)
    U = U.copy()
    U[:, -1] *= np.sign(np.linalg.det(U) * np.linalg.det(Vt))
    return U @ Vt
