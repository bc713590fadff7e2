"""What "GAN in the plane" shows, as a value: two trainings from one start and how they are looked
at. To a link and back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from genlab.explore.plane_gan import BOUNDS, NOISES, PlaneConfig
from genlab.explore.plane_ink import CELLS, COLUMNS, ready_drawings
from genlab.explore.plane_loss import LOSSES
from genlab.explore.plane_target import DRAWN, TARGETS
from genlab.ui.hostile import number_of

PREFIX = "plane_"
NONE = "none"  # in place of the right one's loss
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
HIDDEN = (4, 8, 16, 32, 64)
BATCHES = (16, 32, 64, 128, 256)
UPDATES = (250, 500, 1000, 2000, 4000)
BESIDE = {"optimum": "D*", "made": "densities", "difference": "D − D*"}
CHARTS = {"losses": "losses", "opinions": "what D says", "jsd": "JSD", "push": "push on the fakes"}
LAYERS = ("targets", "fakes", "pushes", "net")


@dataclass(frozen=True, kw_only=True)
class PlaneView:
    """The names of the knobs are those of PlaneConfig."""

    axes: int = 2
    target: str = "eight-gaussians"
    ink: str = ""
    left: str = "minimax"  # a loss
    right: str = "least-squares"  # a loss, or NONE
    a: float = 0.0
    b: float = 1.0
    c: float = 1.0
    rate_d: float = 0.01
    rate_g: float = 0.001
    d_steps: int = 1
    hidden: int = 32
    batch: int = 128
    updates: int = 2000
    noise: str = "gaussian"
    seed: int = 0
    close: int | None = None  # from this update on every half step is shown
    at: float | None = None  # the moment on show, in updates; None plays from the start
    beside: str = "optimum"  # what stands beside D: one of BESIDE
    chart: str = "losses"  # one of CHARTS
    layers: tuple[str, ...] = ("targets", "fakes", "pushes")


FRESH = PlaneView()
CHOICES = {
    "axes": tuple(TARGETS),
    "left": tuple(LOSSES),
    "right": (*LOSSES, NONE),
    "rate_d": RATES,
    "rate_g": RATES,
    "d_steps": tuple(range(BOUNDS["d_steps"][0], BOUNDS["d_steps"][1] + 1)),
    "hidden": HIDDEN,
    "batch": BATCHES,
    "updates": UPDATES,
    "noise": tuple(NOISES),
    "beside": tuple(BESIDE),
    "chart": tuple(CHARTS),
}


def configs_of(view: PlaneView) -> list[PlaneConfig]:
    """The trainings of the left and, unless it is NONE, the right one.

    What a training does not use is left at its default, so that the same training is one film.
    """
    names = [knob.name for knob in fields(PlaneConfig) if knob.name not in ("loss", *"abc")]
    knobs = {name: getattr(view, name) for name in names}
    if view.target != DRAWN:
        del knobs["ink"]
    code = {name: getattr(view, name) for name in "abc"}
    return [
        PlaneConfig(loss=loss, **knobs, **(code if loss == "least-squares" else {}))
        for loss in (view.left, view.right)
        if loss != NONE
    ]


def read_view(raw: Mapping[str, Any], start: PlaneView = FRESH) -> PlaneView:
    """`start` with what `raw` says of PlaneView's fields; what does not fit is left out.

    Args:
        raw: field names to text or plain values, as a link or the browser gives them.
    """
    found = {}
    for name, allowed in CHOICES.items():
        same = [choice for choice in allowed if same_value(raw.get(name), choice)]
        found |= {name: same[0]} if same else {}
    axes = found.get("axes", start.axes)
    for name in ("a", "b", "c", "seed", "close", "at"):
        if (parsed := bounded(name, raw.get(name))) is not None:
            found[name] = parsed
    target = raw.get("target", start.target)
    found["target"] = target if target in TARGETS[axes] else next(iter(TARGETS[axes]))
    if is_ink(raw.get("ink"), axes):
        found["ink"] = raw["ink"]
    elif axes != start.axes:
        found["ink"] = ""
    if "layers" in raw:
        parts = raw["layers"].split("_") if isinstance(raw["layers"], str) else raw["layers"]
        found["layers"] = tuple(layer for layer in LAYERS if layer in parts)
    view = settled(replace(start, **found))
    return replace(view, a=start.a, b=start.b) if view.a == view.b else view


def settled(view: PlaneView) -> PlaneView:
    """The view, with a ready drawing where a drawn target has none yet."""
    if view.target == DRAWN and not view.ink:
        return replace(view, ink=next(iter(ready_drawings(view.axes).values())))
    return view


def same_value(told: Any, choice: Any) -> bool:
    if isinstance(choice, str):
        return told == choice
    number = number_of(told)
    return number is not None and number == choice


def bounded(name: str, told: Any) -> float | int | None:
    number = number_of(told)
    low, high = BOUNDS.get(name, (0, BOUNDS["updates"][1]))
    if number is None or not low <= number <= high:
        return None
    if name in ("seed", "close"):
        return int(number) if number == int(number) else None
    return round(2.0 * number) / 2.0 if name == "at" else round(number, 3)


def is_ink(told: Any, axes: int) -> bool:
    length = COLUMNS if axes == 1 else CELLS * CELLS // 4
    return isinstance(told, str) and len(told) == length and set(told) <= set("0123456789abcdef")


def link_of(view: PlaneView) -> dict[str, str]:
    """The view as URL parameters: only what differs from a fresh one, each name with PREFIX."""
    fresh = asdict(FRESH)
    changed = {name: value for name, value in asdict(view).items() if value != fresh[name]}
    if "layers" in changed:
        changed["layers"] = "_".join(view.layers)
    if view.target != DRAWN:
        changed.pop("ink", None)
    return {
        PREFIX + name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in changed.items()
    }


def read_link(parameters: Mapping[str, str]) -> PlaneView:
    own = {name.removeprefix(PREFIX): text for name, text in parameters.items() if is_own(name)}
    return read_view(own)


def is_own(name: str) -> bool:
    return name.startswith(PREFIX)
