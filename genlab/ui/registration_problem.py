"""From a view of the registration page to clouds, configurations and runs.

A run is computed once for all who look at it. Clouds have at most MOST_POINTS points here.
"""

import hashlib
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
from scipy.spatial.transform import Rotation

from genlab.errors import GenLabError
from genlab.explore.drawn_cloud import drawn_shape
from genlab.registration.clouds import parse_cloud
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.icp import ICPConfig, icp
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.states import RegistrationState
from genlab.registration.transforms import Transform
from genlab.ui.registration_view import DATA, DRAWN, FILES, FRESH, MOST_POINTS, RegistrationView

LARGE_PAIRS = 250_000  # of points: runs on more are made one after the other
LARGE = threading.Semaphore(1)
TOL = 1e-5  # nats a point: what is below cannot be seen
AXIS = (0.35, 0.25, 0.9)  # around which a cloud in space is turned


@dataclass(frozen=True, eq=False)
class Problem:
    """Two clouds, and the answer where it is known."""

    key: str  # the same for the same clouds
    source: np.ndarray  # (M, D)
    target: np.ndarray  # (N, D)
    partner: np.ndarray  # (M,) int, -1 where no match is known
    truth: Transform | None = None

    @property
    def axes(self) -> int:
        return self.source.shape[1]

    @property
    def middle(self) -> np.ndarray:
        """(D,) of the source."""
        return self.source.mean(axis=0)


@dataclass
class Upload:
    """The two files of a visitor, as far as they could be read."""

    clouds: dict[str, np.ndarray] = field(default_factory=dict)  # "source", "target" -> points
    names: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    problems: dict[str, GenLabError] = field(default_factory=dict)  # with the file chosen last

    def take(self, role: str, name: str, content: bytes) -> None:
        """Read a file; one that cannot be read is noted among the problems and changes nothing."""
        try:
            points, remark = parse_cloud(name, content), ""
        except GenLabError as error:
            self.problems[role] = error
            return
        if len(points) > MOST_POINTS:
            remark = (
                f"{name} has {len(points):,} points; {MOST_POINTS:,} of them, drawn at random, are "
                "shown here. For all: python -m genlab register SOURCE TARGET."
            )
            chosen = np.random.default_rng(0).choice(len(points), MOST_POINTS, replace=False)
            points = points[np.sort(chosen)]
        self.clouds[role], self.names[role], self.remarks[role] = points, name, remark

    @property
    def problem(self) -> Problem | None:
        """The pair, or None while a file is missing.

        Raises:
            GenLabError: one is of the plane and one of space.
        """
        if len(self.clouds) < 2:
            return None
        source, target = self.clouds["source"], self.clouds["target"]
        if source.shape[1] != target.shape[1]:
            raise GenLabError(
                f"{self.names['source']} is {source.shape[1]}-D but {self.names['target']} is "
                f"{target.shape[1]}-D; choose two clouds with the same number of axes."
            )
        digest = hashlib.sha256(source.tobytes() + b"|" + target.tobytes()).hexdigest()
        return Problem(digest, source, target, np.full(len(source), -1))


def problem_of(view: RegistrationView) -> Problem:
    """The clouds of a view that needs no file.

    Raises:
        GenLabError: the drawing is empty or damaged.
    """
    data = {name: getattr(view, name) for name in DATA}
    if view.cloud != DRAWN:
        data["ink"] = ""
    return planted_problem(**data)


@st.cache_resource(max_entries=48, show_spinner=False)
def planted_problem(**data) -> Problem:
    view = replace(FRESH, **data)
    shape = drawn_shape(view.ink) if view.cloud == DRAWN else SHAPES[view.cloud]
    pair = planted(
        shape,
        view.points,
        truth_of(view, shape(1, np.random.default_rng(0)).shape[1]),
        noise=view.noise,
        outliers=view.outliers,
        missing=min(view.missing, 1 - 1 / view.points),
        shuffle=view.shuffle,
        seed=view.seed,
    )
    return Problem(repr(data), pair.source, pair.target, pair.partner, pair.truth)


def truth_of(view: RegistrationView, axes: int) -> Transform:
    turn = Transform.turn(view.turn, None if axes == 2 else AXIS)
    shift = np.array([view.away_x, view.away_y, 0.0])[:axes]
    return Transform(view.size * turn.linear, shift)


def em_config(view: RegistrationView) -> RegistrationConfig:
    """What the knobs ask of EM.

    Raises:
        GenLabError: they contradict one another.
    """
    textbook = view.pi != "mixture"
    plain = textbook and view.sigma == "known" and not view.weight
    try:
        return RegistrationConfig(
            model=view.model,
            each="source" if textbook else "target",
            prior="learned" if view.pi == "learned" else "uniform",
            sigma=view.width if view.sigma == "known" else view.sigma,
            outliers=view.weight,
            constant="stated" if plain and view.model == "translation" else "proper",
            max_steps=view.steps,
            tol=TOL,
        )
    except ValueError as error:
        raise GenLabError(str(error)) from error


def beside_config(view: RegistrationView) -> RegistrationConfig | ICPConfig | None:
    """What runs beside EM, if anything does."""
    if view.beside == "icp":
        return ICPConfig(model=view.model, max_steps=view.steps)
    if view.beside == "pi" and view.pi != "mixture":
        other = "uniform" if view.pi == "learned" else "learned"
        return em_config(replace(view, pi=other, weight=0.0))
    return None


def start_of(start: tuple[float, ...], middle: np.ndarray) -> Transform:
    """The transform of a start: a turn about the source's middle (D,), then a shift."""
    D = len(middle)
    if len(start) != 3 * (D - 1):
        return Transform.identity(D)
    shift, turn = np.array(start[:D]), np.array(start[D:])
    if D == 2:
        turned = Transform.turn(turn[0], about=middle)
    else:
        linear = Rotation.from_rotvec(turn, degrees=True).as_matrix()
        turned = Transform(linear, middle - linear @ middle)
    return turned.then(Transform.shift(shift))


@st.cache_resource(max_entries=96, show_spinner=False)
def run_states(
    key: str, config: RegistrationConfig | ICPConfig, start: tuple[float, ...], _problem: Problem
) -> list[RegistrationState]:
    """All states from this start; `key` is the problem's.

    Raises:
        GenLabError: the clouds cannot be fitted with this model.
    """
    source, target = _problem.source, _problem.target
    steps = icp if isinstance(config, ICPConfig) else register
    with LARGE if len(source) * len(target) > LARGE_PAIRS else nullcontext():
        return list(steps(source, target, config, start_of(start, _problem.middle)))


def current_problem(view: RegistrationView, upload: Upload) -> Problem | None:
    """The clouds on show; None while a visitor has not yet chosen two files."""
    return upload.problem if view.cloud == FILES else problem_of(view)
