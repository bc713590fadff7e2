"""What the registration page shows, as a value: the clouds, the fit and how they are looked at. To
a link and back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from genlab.explore.plane_ink import CELLS, ready_drawings
from genlab.registration.config import MODELS
from genlab.registration.shapes import SHAPES
from genlab.ui.hostile import number_of

DRAWN, FILES = "drawn", "files"
OF_SPACE = ("knot", "star")
CLOUDS = {
    **{name: f"The letter {name}" for name in SHAPES if len(name) == 1},
    **{name: name.capitalize() for name in SHAPES if len(name) > 1},
    **{name: f"{name.capitalize()}, in 3-D" for name in OF_SPACE if name in SHAPES},
    DRAWN: "Drawn by hand",
    FILES: "Two files",
}
MOST_POINTS = 2000  # here; more on the command line
POINTS = (1, 2, 5, 10, 20, 40, 60, 100, 200, 500, 1000, MOST_POINTS)
PRIORS = {
    "learned": "Pi = R (textbook)",
    "uniform": "Pi held uniform",
    "mixture": "Mixture (CPD)",
}
SIGMAS = {"known": "known", "fit": "fitted", "anneal": "annealed"}
BESIDE = {"none": "EM alone", "icp": "ICP", "pi": "the other Pi"}
CLOSER = {
    "landscape": "Likelihood landscape",
    "basins": "Where each start ends",
    "sigma": "What sigma does",
    "space": "Turn it in 3-D",
}
LAYERS = ("lines", "truth", "trail")
RANGES = {  # lowest and highest of what is a number
    "noise": (0.0, 0.5),
    "outliers": (0.0, 1.0),
    "missing": (0.0, 0.9),
    "turn": (-180.0, 180.0),
    "away_x": (-3.0, 3.0),
    "away_y": (-3.0, 3.0),
    "size": (0.25, 4.0),
    "width": (1e-6, 1e6),
    "weight": (0.0, 0.95),
    "at": (0.0, 1000.5),
    "yaw": (-180.0, 180.0),
    "pitch": (-90.0, 90.0),
}
WHOLE = {"seed": (0, 999), "steps": (1, 200)}


@dataclass(frozen=True, kw_only=True)
class RegistrationView:
    """Lengths in the units of the points; shapes are about two across. Angles in degrees."""

    cloud: str = "L"  # of CLOUDS
    ink: str = ""  # of a drawn cloud
    points: int = 60
    noise: float = 0.03  # standard deviation added to the target
    outliers: float = 0.0  # strays in the target, as a share of the points
    missing: float = 0.0  # share of the points that the target lacks
    shuffle: bool = True
    turn: float = 0.0  # of the target, as are the next three
    away_x: float = 1.4
    away_y: float = 0.8
    size: float = 1.0
    seed: int = 0
    model: str = "translation"
    pi: str = "learned"  # of PRIORS
    sigma: str = "known"  # of SIGMAS
    width: float = 0.4  # the known sigma
    weight: float = 0.0  # of the outlier component
    steps: int = 60  # at most
    beside: str = "none"
    start: tuple[float, ...] = ()  # shift of the source's middle, then turn: (x, y, degrees), or
    # (x, y, z, and an axis as long as its degrees); () where it lies
    at: float | None = None  # steps: k.5 is after the E step, k + 1 after the M step
    layers: tuple[str, ...] = ("lines", "trail")
    yaw: float = 30.0  # of the camera, in 3-D
    pitch: float = 20.0
    closer: str = "landscape"


FRESH = RegistrationView()
DATA = (
    *("cloud", "ink", "points", "noise", "outliers", "missing", "shuffle"),
    *("turn", "away_x", "away_y", "size", "seed"),
)
FIT = ("model", "pi", "sigma", "width", "weight", "steps", "beside")
CHOICES = {
    "cloud": tuple(CLOUDS),
    "points": POINTS,
    "model": MODELS,
    "pi": tuple(PRIORS),
    "sigma": tuple(SIGMAS),
    "beside": tuple(BESIDE),
    "closer": tuple(CLOSER),
}


def read_view(raw: Mapping[str, Any], start: RegistrationView = FRESH) -> RegistrationView:
    """`start` with what `raw` says of its fields; what does not fit is left out.

    Args:
        raw: field names to text or plain values, as a link or the browser gives them.
    """
    found: dict[str, Any] = {}
    for name, allowed in CHOICES.items():
        same = [choice for choice in allowed if str(choice) == str(raw.get(name))]
        found |= {name: same[0]} if same else {}
    for name, (low, high) in (RANGES | WHOLE).items():
        number = number_of(raw.get(name))
        if (
            number is not None
            and low <= number <= high
            and (name not in WHOLE or number == int(number))
        ):
            found[name] = int(number) if name in WHOLE else number
    if "at" in found:
        found["at"] = round(2.0 * found["at"]) / 2.0
    if str(raw.get("shuffle")) in ("0", "1", "True", "False"):
        found["shuffle"] = str(raw["shuffle"]) in ("1", "True")
    if is_ink(raw.get("ink")):
        found["ink"] = raw["ink"]
    if "layers" in raw:
        parts = raw["layers"].split("_") if isinstance(raw["layers"], str) else raw["layers"]
        found["layers"] = tuple(layer for layer in LAYERS if layer in parts)
    if "start" in raw:
        found["start"] = read_start(raw["start"])
    return settled(replace(start, **found))


def settled(view: RegistrationView) -> RegistrationView:
    """The view with what one choice asks of the others."""
    if view.cloud == DRAWN and not view.ink:
        view = replace(view, ink=next(iter(ready_drawings(2).values())))
    if view.pi not in priors_for(view):
        view = replace(view, pi="mixture")
    if view.beside == "pi" and view.pi == "mixture":
        view = replace(view, beside="none")
    return replace(view, weight=0.0) if view.pi == "learned" else view


def priors_for(view: RegistrationView) -> tuple[str, ...]:
    """Which Pi a model can have: one that may shrink the source needs the mixture."""
    return ("mixture",) if view.model in ("similarity", "affine") else tuple(PRIORS)


def read_start(told: Any) -> tuple[float, ...]:
    """Three or six numbers from text with commas or from a list; () where it is neither."""
    parts = told.split(",") if isinstance(told, str) else told
    if not isinstance(parts, list | tuple) or len(parts) not in (3, 6):
        return ()
    numbers = [number_of(part) for part in parts]
    if any(number is None for number in numbers) or not any(numbers):
        return ()
    return tuple(float(f"{number:.4g}") for number in numbers)


def is_ink(told: Any) -> bool:
    length = CELLS * CELLS // 4
    return isinstance(told, str) and len(told) == length and set(told) <= set("0123456789abcdef")


def link_of(view: RegistrationView) -> dict[str, str]:
    """The view as URL parameters: only what differs from a fresh one."""
    fresh = asdict(FRESH)
    changed = {name: value for name, value in asdict(view).items() if value != fresh[name]}
    if view.cloud != DRAWN:
        changed.pop("ink", None)
    for name, between in (("layers", "_"), ("start", ",")):
        if name in changed:
            parts = (f"{part:g}" if name == "start" else part for part in changed[name])
            changed[name] = between.join(parts) or "none"
    return {name: as_text(value) for name, value in changed.items()}


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)
