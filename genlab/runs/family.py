"""What is known of a family of models, beside the models themselves. No torch in here.

A figure's key is that of the summary (summary.json), where a dot leads into a part of it, such as
"floors.entropy"; summaries may be anybody's, so they are read with care.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Model = Mapping[str, Any]  # the "model" of a config, which may be anybody's


class Reading(NamedTuple):
    """A figure of one run, with what it is to be seen beside."""

    value: float
    beside: dict[str, float]  # in words -> value; the first is the floor


@dataclass(frozen=True, kw_only=True)
class Figure:
    title: str
    key: str  # of the summary
    help: str = ""
    unit: str = ""
    decimals: int = 2
    better: int = 0  # -1 where less is better, 1 where more is, 0 where neither
    beside: Mapping[str, str] = field(default_factory=dict)  # words -> key; the first is the floor
    out_of: str = ""  # key of a list: the value counts some of it
    under: Mapping[str, str] = field(default_factory=dict)  # settings it was measured with -> key
    remark: str = ""  # said beside it where there are no figures to say
    short: str = ""  # a title for small places

    @property
    def label(self) -> str:
        return self.short or self.title

    @property
    def name(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def read(self, summary: Mapping[str, Any]) -> Reading | None:
        """The figure of a summary, or None where it is not a finite number."""
        value = number_at(summary, self.key)
        if value is None:
            return None
        found = {words: number_at(summary, key) for words, key in self.beside.items()}
        return Reading(value, {words: n for words, n in found.items() if n is not None})

    def words(self, value: float, summary: Mapping[str, Any] | None = None) -> str:
        """The value for people: "241.13", "11 of 20", "1,234"."""
        text = f"{value:,.{self.decimals}f}"
        whole = at(summary or {}, self.out_of) if self.out_of else None
        return f"{text} of {len(whole)}" if isinstance(whole, list) else text

    def excess(self, reading: Reading) -> float:
        """How the value ranks, less is better: above its floor, and in units of the way from
        there to the second figure beside it where there is one, such as the mean image's."""
        if self.better > 0:
            return -reading.value
        floor, *others = (*reading.beside.values(), None)
        above = reading.value - (floor or 0.0)
        way = others[0] - floor if others and others[0] is not None else 0.0
        return above / way if way > 0.0 else above


@dataclass(frozen=True)
class Loss:
    """A column of metrics.jsonl and steps.jsonl."""

    title: str
    unit: str = ""
    brief: str = ""  # in a line of words: "negative ELBO 241.1"

    @property
    def name(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title


@dataclass(frozen=True)
class Door:
    """A page that opens runs of a family."""

    page: str  # pages/<page>.py
    title: str
    icon: str
    parameter: str  # of the page's link that names the run
    film: bool = False  # whether it opens only runs that have one
    live: str = ""  # the page's link to a training at work, with {id} for the job's number


@dataclass(frozen=True)
class Graph:
    """The part of a model that leaves as ONNX."""

    title: str
    words: str
    ending: str  # of the file's name, after that of the run
    torch: bool  # whether it takes torch to build


@dataclass(frozen=True, kw_only=True)
class Family:
    short: str  # "VAE"
    title: str  # "Variational autoencoder"
    figures: tuple[Figure, ...]  # the first is the headline; four stand at the head of a run
    losses: Mapping[str, Loss]  # in order: the first is drawn large
    watched: tuple[str, ...]  # losses in the line on a job's progress
    pictures: tuple[str, ...]  # the rows of step.pictures, in words
    # which picture stands for a run: ui/portraits.py
    portrait: Literal["reconstructions", "samples", "confusion", "embedding", "none"]
    xray: Literal["latents", "layers"]  # which X-ray: explore/xray.py, explore/layers.py
    brief: Callable[[Model], str]  # a model in a list: "20-D"
    words: Callable[[Model], str]  # a model in a sentence
    layers: Callable[[Model], str]  # a model on its card
    doors: tuple[Door, ...] = ()
    graph: Graph | None = None
    call: Callable[[Model], str] | None = None  # a line of Python that uses the torch `model`
    tags: tuple[str, ...] = ()  # of the Hugging Face Hub
    task: str = "other"  # of the Hub
    has_maps: bool = False  # of the test images' latent means, kept beside the run
    has_film: bool = False
    frame_bytes: Callable[[Model], int] | None = None  # of its film, packed, about
    verifies: bool = False  # tells pairs apart, so that it fits faces and unseen classes too
    keeps_last: bool = False  # the weights of the last epoch, for no loss tells which is best


PARAMETERS = Figure(title="Parameters", key="parameters", decimals=0)


def at(summary: Mapping[str, Any], key: str) -> Any:
    """What a dotted key leads to; None where the way ends."""
    found: Any = summary
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def number_at(summary: Mapping[str, Any], key: str) -> float | None:
    """A finite number; a whole one of JSON may be larger than any float."""
    found = at(summary, key)
    return found if type(found) in (int, float) and abs(found) < 1e300 else None
