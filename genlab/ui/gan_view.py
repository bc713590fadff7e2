"""What the GAN theatre shows: which films, and the view of them, as values and as a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from genlab.errors import GenLabError
from genlab.explore.film_view import CLOCKS
from genlab.jobs.queue import ENDED, Job
from genlab.plots.palette import CLASS_COLOURS
from genlab.runs.film import has_film
from genlab.runs.folder import Run, read_summary
from genlab.ui.gan_arrays import film_url, generator_url, job_film_url
from genlab.ui.live_decoder import number, whole

MOST = 4  # films at a time
NOISES = 64  # tiles of a film
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
SPANS = (2, 4, 8, 16)  # half-widths of the map of a plane
TABS = ("plane", "walk", "samples")
WAYS = ("spherical", "straight")
COLOURS = tuple(CLASS_COLOURS[i] for i in (0, 1, 2, 4))  # of the runs, in order
SCORES = ("frechet", "mode_kl", "precision", "recall")
FIRST = ("dcgan32-mnist", "gan-mlp-mnist")  # shown where nobody has chosen


@dataclass(frozen=True, kw_only=True)
class TheatreView:
    """The cursor over the films, and what the generator's desk shows."""

    at: int | None = None  # the moment, by the clock; None is the end
    clock: str = "updates"  # what the runs keep step by
    speed: float = 1.0
    bent: bool = True  # the time axis gives early updates more room
    borders: bool = True  # tiles are framed by what D says of them
    tile: int = 0  # the noise that is looked at
    other: int = 9  # the other end of a walk
    tab: str = "plane"
    generator: str = ""  # the run whose generator is held; "" is the first one's
    seed: int = 0  # of the plane's directions and of new samples
    span: int = 8
    x: float = 0.0  # the point in the plane
    y: float = 0.0
    t: float = 0.5  # the share of the walk
    way: str = "spherical"


FRESH = TheatreView()


def read_view(raw: Mapping[str, Any]) -> TheatreView:
    """A view out of a link's parameters or the browser's message; what does not fit is left out."""

    def one_of(name: str, choices: Sequence[Any], parsed: Any) -> Any:
        return parsed if parsed in choices else getattr(FRESH, name)

    def within(name: str, low: float, high: float) -> float:
        value = number(raw.get(name))
        fits = value is not None and low <= value <= high
        return round(value, 3) if fits else getattr(FRESH, name)

    def known(name: str, limit: int) -> int:
        value = whole(raw.get(name), limit)
        return getattr(FRESH, name) if value is None else value

    name = raw.get("generator")
    return TheatreView(
        at=whole(raw.get("at"), 10**10),
        clock=one_of("clock", CLOCKS, raw.get("clock")),
        speed=one_of("speed", SPEEDS, number(raw.get("speed"))),
        bent=raw.get("bent") not in (False, "False"),
        borders=raw.get("borders") not in (False, "False"),
        tile=known("tile", NOISES),
        other=known("other", NOISES),
        tab=one_of("tab", TABS, raw.get("tab")),
        generator=name if isinstance(name, str) and len(name) <= 64 else "",
        seed=known("seed", 1_000_000),
        span=one_of("span", SPANS, whole(raw.get("span"), SPANS[-1] + 1)),
        x=within("x", -SPANS[-1], SPANS[-1]),
        y=within("y", -SPANS[-1], SPANS[-1]),
        t=within("t", 0.0, 1.0),
        way=one_of("way", WAYS, raw.get("way")),
    )


def link_of(view: TheatreView) -> dict[str, str]:
    """The view as URL parameters: only what differs from a fresh page."""
    return {
        field.name: f"{value:g}" if isinstance(value, float) else str(value)
        for field in fields(view)
        if (value := getattr(view, field.name)) != getattr(FRESH, field.name)
    }


def choices(runs: Sequence[Run], jobs: Sequence[Job]) -> dict[str, Run | Job]:
    """What can be shown, by key: runs with a film by name, and GANs at work as "job-7"."""
    live = {
        f"job-{job.id}": job
        for job in jobs
        if job.config.get("family") == "gan" and job.state not in ENDED
    }
    return live | {run.name: run for run in runs if run.family == "gan" and has_film(run)}


def title_of(key: str, choice: Run | Job) -> str:
    return choice.name if isinstance(choice, Run) else f"{choice.name} (job {choice.id}, at work)"


def first_choice(options: Mapping[str, Run | Job]) -> list[str]:
    """What a visitor without a link sees: a job at work alone, else two runs."""
    keys = list(options)
    live = [key for key in keys if isinstance(options[key], Job)]
    shipped = [key for key in FIRST if key in keys]
    return live[:1] or shipped or keys[:2]


def read_keys(text: str, options: Mapping[str, Run | Job], jobs: Sequence[Job]) -> list[str]:
    """The keys of a link such as "dcgan32-mnist~job-7" that can be shown, MOST at most.

    A job that has ended is the run that it became.
    """
    ended = {f"job-{job.id}": job.name for job in jobs if job.state in ENDED}
    wanted = [ended.get(key, key) for key in text.split("~")]
    return [key for key in dict.fromkeys(wanted) if key in options][:MOST]


def film_data(keys: Sequence[str], options: Mapping[str, Run | Job]) -> list[dict[str, Any]]:
    """What the browser must know of each film on show."""
    known = [floors_of(options[key]) for key in keys if isinstance(options[key], Run)]
    some = next((floors for floors in known if floors), {})
    shown = []
    for key, colour in zip(keys, COLOURS, strict=False):
        choice = options[key]
        live = isinstance(choice, Job)
        shown.append(
            {
                "key": key,
                "title": choice.name,
                "about": about(choice),
                "colour": colour,
                "live": live,
                "url": job_film_url(choice) if live else film_url(choice),
                "generator": None if live else weights_url(choice),
                "nearest": f"genlab/nearest/{dataset_of(choice)}",
                "floors": some if live else floors_of(choice),
            }
        )
    return shown


def weights_url(run: Run) -> str | None:
    """Where the generator is to be had; None where the run came without weights."""
    try:
        return generator_url(run)
    except GenLabError:
        return None


def about(choice: Run | Job) -> str:
    """Architecture and loss, as the config names them."""
    model = choice.config.get("model")
    parts = [model.get(name) for name in ("architecture", "loss")] if model else []
    return ", ".join(part[:32] for part in parts if isinstance(part, str))


def dataset_of(choice: Run | Job) -> str:
    return choice.dataset if isinstance(choice, Run) else choice.config["dataset"]


def floors_of(run: Run) -> dict[str, float]:
    """What real images score in place of a frame's samples, of the scores that are known."""
    summary = read_summary(run)
    floors = summary.get("floors")
    film = floors.get("film") if isinstance(floors, Mapping) else None
    if not isinstance(film, Mapping):
        film = {"frechet": summary.get("frechet_floor")}
    found = {name: number(film.get(name)) for name in SCORES}
    return {name: value for name, value in found.items() if value is not None}
