"""What the Siamese page shows, as a value: the runs, their thresholds, and what is looked at. To a
link and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from genlab.explore.own_pictures import is_ink
from genlab.jobs.queue import ENDED, Job
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.film import has_film
from genlab.runs.folder import Run, read_summary
from genlab.ui.live_decoder import number, whole
from genlab.ui.maps_view import Camera, read_camera

FAMILY = "siamese"
MOST = 4  # runs at a time
TABS = {"pairs": "Pairs", "film": "Training film", "maps": "Maps", "pictures": "Your pictures"}
SPLITS = ("test", "train")
CURVES = ("roc", "det", "rates")
COLOURS = tuple(CLASS_COLOURS[i] for i in (4, 2, 9, 5))  # of the runs, in order
SAME, DIFFERENT = CLASS_COLOURS[0], CLASS_COLOURS[1]
MOST_SEED = 10_000
FARTHEST = 1e4  # no threshold of a link is larger
FIRST = ("siamese2d-mnist", "siamese-mnist")  # shown where nobody has chosen
OPENING = ("mnist", "fashion")  # datasets, where nobody has chosen


@dataclass(frozen=True, kw_only=True)
class PairsView:
    """Thresholds are distances; one of None is that chosen on training pairs."""

    show: str = "pairs"  # of TABS
    split: str = "test"
    seed: int = 0  # of the pairs
    t: tuple[float | None, ...] = ()  # the threshold of each run
    held: str = ""  # the run whose pairs are shown; "" is the first one
    curve: str = "roc"
    log: bool = True  # the histogram's heights
    at: int | None = None  # update of the film; None is the end
    job: int | None = None  # a training at work, whose film is shown
    images: str = "test"  # on the maps
    sel: str = ""  # images chosen on the maps, as selection_text writes them
    hide: tuple[int, ...] = ()  # classes hidden on the maps
    left_zoom: Camera | None = None
    right_zoom: Camera | None = None
    other: str = ""  # what stands beside the held run on the maps; "" is the raw pixels
    among: str = ""  # where neighbours are looked for; "" is as fits the images
    ask: str = "data"  # the picture that asks: "data", "drawn" or "file"
    image: int = 0  # of the test images
    ink: str = ""  # of a drawing


FRESH = PairsView()
ASKS = ("data", "drawn", "file")


def read_view(raw: Mapping[str, Any], start: PairsView = FRESH) -> PairsView:
    """`start` with what a link's parameters or the browser's message say; what does not fit is
    left out."""
    found: dict[str, Any] = {}
    choices = {
        "show": tuple(TABS), "split": SPLITS, "curve": CURVES, "images": SPLITS,
        "among": ("", *SPLITS), "ask": ASKS,
    }  # fmt: skip
    for name, allowed in choices.items():
        if raw.get(name) in allowed and isinstance(raw[name], str):
            found[name] = raw[name]
    for name, limit in {"seed": MOST_SEED, "at": 10**10, "job": 10**9, "image": 10**6}.items():
        if (value := whole(raw.get(name), limit)) is not None:
            found[name] = value
    if "at" in raw and raw["at"] is None:
        found["at"] = None
    for name, longest in {"held": 64, "other": 64, "sel": 20_000}.items():
        if isinstance(raw.get(name), str) and len(raw[name]) <= longest:
            found[name] = raw[name]
    if "log" in raw:
        found["log"] = raw["log"] not in (False, "0", "False")
    if "t" in raw:
        found["t"] = read_thresholds(raw["t"])
    if "hide" in raw:
        found["hide"] = read_classes(raw["hide"])
    for name in ("left_zoom", "right_zoom"):
        if name in raw:
            place = raw[name]
            found[name] = read_camera(place.split("_") if isinstance(place, str) else place)
    if is_ink(raw.get("ink")):
        found["ink"] = raw["ink"]
    return replace(start, **found)


def read_thresholds(told: Any) -> tuple[float | None, ...]:
    """Distances from text such as "0.41~~1.2", or from a list; None where there is no number."""
    parts = told.split("~") if isinstance(told, str) else told
    if not isinstance(parts, list | tuple):
        return ()
    values = [number(part) for part in parts[:MOST]]
    kept = [v if v is not None and 0.0 <= v <= FARTHEST else None for v in values]
    kept = [None if v is None else float(f"{v:.4g}") for v in kept]
    return tuple(kept) if any(v is not None for v in kept) else ()


def read_classes(told: Any) -> tuple[int, ...]:
    parts = told.split("_") if isinstance(told, str) else told
    if not isinstance(parts, list | tuple):
        return ()
    found = {whole(part, 256) for part in parts[:256]}
    return tuple(sorted(found - {None}))


def link_of(view: PairsView) -> dict[str, str]:
    """The view as URL parameters: only what differs from a fresh page."""
    link = {}
    for field in fields(view):
        value = getattr(view, field.name)
        if value == getattr(FRESH, field.name):
            continue
        if field.name == "t":
            value = "~".join("" if part is None else f"{part:g}" for part in value)
        elif isinstance(value, tuple):
            value = "_".join(f"{part:g}" for part in value)
        link[field.name] = str(int(value)) if isinstance(value, bool) else str(value)
    if view.ask != "drawn":
        link.pop("ink", None)
    return link


# --- which runs ----------------------------------------------------------------------------------


def choices(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs that can be shown, by dataset: the first is where a visitor begins."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        if run.family == FAMILY:
            found.setdefault(run.dataset, []).append(run)
    first = [name for name in OPENING if name in found]
    return {name: found[name] for name in dict.fromkeys([*first, *found])}


def first_runs(runs: Sequence[Run]) -> list[str]:
    """What a visitor without a link sees."""
    names = [run.name for run in runs]
    return [name for name in FIRST if name in names][:1] or names[:1]


def read_runs(text: str, options: Mapping[str, Sequence[Run]]) -> tuple[str | None, list[str]]:
    """The dataset and the runs of a link such as "siamese-mnist~triplet": those that are here and
    of the same images as the first of them, MOST at most."""
    of = {run.name: dataset for dataset, runs in options.items() for run in runs}
    wanted = [name for name in dict.fromkeys(text.split("~")) if name in of]
    dataset = of[wanted[0]] if wanted else None
    return dataset, [name for name in wanted if of[name] == dataset][:MOST]


def about(choice: Run | Job) -> str:
    """Loss, margin and width, as the config names them."""
    model = choice.config["model"]
    parts = []
    if isinstance(loss := model.get("loss"), str):
        parts.append(loss[:32])
    if (margin := margin_of(choice)) is not None:
        parts.append(f"margin {margin:g}")
    if (E := whole(model.get("embedding_dim"), 10**5)) is not None:
        parts.append(f"{E}-D")
    return ", ".join(parts)


def margin_of(choice: Run | Job) -> float | None:
    """The margin that the network is trained with; None where its loss has none."""
    model = choice.config["model"]
    return None if model.get("loss") == "cosine-softmax" else number(model.get("margin"))


def interval(run: Run, key: str, value: float) -> list[float] | None:
    """Lowest and highest of a figure, where the run's summary has it for just this value."""
    summary = read_summary(run)
    known, ends = number(summary.get(key)), summary.get(f"{key}_interval")
    if known is None or abs(known - value) > 1e-4 or not isinstance(ends, list):
        return None
    found = [number(end) for end in ends]
    return found if len(found) == 2 and None not in found else None


def at_work(jobs: Sequence[Job]) -> list[Job]:
    """The Siamese networks that train or wait for it."""
    return [job for job in jobs if job.config.get("family") == FAMILY and job.state not in ENDED]


def filmed(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if has_film(run)]
