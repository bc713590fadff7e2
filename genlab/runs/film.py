"""The film of a training: frames of the same inputs over time, and the losses of every update.

On disk it is film.npz, read without torch:

    updates, images_seen   (F,)        when each frame was taken; the first is before any update
    fixed.NAME             any shape   what stays the same over the film, such as a GAN's noise
    frame.NAME             (F, ...)    what the step showed, such as (F, 64, 784) uint8 images
    score.NAME             (F, ...)    figures of the model at each frame, NaN where there are none
    trace.NAME             (U,)        a loss at each of the U updates, kept as float16
"""

import io
import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genlab.errors import GenLabError
from genlab.runs.folder import Run

Score = Callable[[Any], Mapping[str, Any]]  # a model in eval mode to figures, each a fixed shape
HALF = 65504.0  # the largest float16
KINDS = ("fixed", "frame", "score", "trace")
LARGEST = 512_000_000  # bytes that a film may unpack to: one from elsewhere can claim any


@dataclass(frozen=True)
class Film:
    updates: np.ndarray  # (F,) int64
    images_seen: np.ndarray  # (F,) int64
    fixed: dict[str, np.ndarray]
    frames: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]
    trace: dict[str, np.ndarray]  # float32

    def __len__(self) -> int:
        return len(self.updates)


@dataclass
class Reel:
    """A film being shot."""

    fixed: dict[str, np.ndarray] = field(default_factory=dict)
    updates: list[int] = field(default_factory=list)
    images_seen: list[int] = field(default_factory=list)
    frames: list[dict[str, np.ndarray]] = field(default_factory=list)
    scores: list[dict[str, np.ndarray]] = field(default_factory=list)
    trace: dict[str, list[float]] = field(default_factory=dict)

    def add_losses(self, trace: Mapping[str, list[float]]) -> None:
        for name, values in trace.items():
            self.trace.setdefault(name, []).extend(values)

    def add_frame(
        self,
        update: int,
        images_seen: int,
        frame: Mapping[str, np.ndarray],
        scores: Mapping[str, Any],
    ) -> None:
        self.updates.append(update)
        self.images_seen.append(images_seen)
        self.frames.append(dict(frame))
        figures = {name: np.asarray(value, np.float32) for name, value in scores.items()}
        self.scores.append(figures)

    def film(self) -> Film:
        return Film(
            updates=np.array(self.updates, np.int64),
            images_seen=np.array(self.images_seen, np.int64),
            fixed=self.fixed,
            frames=stacked(self.frames),
            scores=stacked(with_gaps_filled(self.scores)),
            trace={name: np.array(values, np.float32) for name, values in self.trace.items()},
        )

    def packed(self, *, small: bool = True) -> bytes:
        """The film as a file's bytes; not `small` is larger and many times quicker."""
        return pack_film(self.film(), small=small)

    @classmethod
    def unpacked(cls, content: bytes) -> "Reel":
        """The reel that a film was packed from, to be shot on."""
        film = unpack_film(content)
        return cls(
            fixed=film.fixed,
            updates=film.updates.tolist(),
            images_seen=film.images_seen.tolist(),
            frames=unstacked(film.frames, len(film)),
            scores=unstacked(film.scores, len(film)),
            trace={name: values.tolist() for name, values in film.trace.items()},
        )


def stacked(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([part[name] for part in parts]) for name in (parts[0] if parts else ())}


def with_gaps_filled(parts: list[dict[str, np.ndarray]]) -> list[dict[str, np.ndarray]]:
    """NaN for what was not scored: a run may go on where the classifier is missing."""
    like = {name: values for part in parts for name, values in part.items()}
    empty = {name: np.full_like(values, np.nan) for name, values in like.items()}
    return [empty | part for part in parts]


def unstacked(whole: Mapping[str, np.ndarray], count: int) -> list[dict[str, np.ndarray]]:
    return [{name: values[i] for name, values in whole.items()} for i in range(count)]


def pack_film(film: Film, *, small: bool = True) -> bytes:
    arrays = {"updates": film.updates, "images_seen": film.images_seen}
    arrays |= {f"fixed.{name}": values for name, values in film.fixed.items()}
    arrays |= {f"frame.{name}": values for name, values in film.frames.items()}
    arrays |= {f"score.{name}": values for name, values in film.scores.items()}
    for name, values in film.trace.items():
        arrays[f"trace.{name}"] = np.clip(values, -HALF, HALF).astype(np.float16)
    buffer = io.BytesIO()
    (np.savez_compressed if small else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def unpack_film(content: bytes) -> Film:
    """The film that `pack_film` wrote.

    Raises:
        GenLabError: the bytes are no film, or one that unpacks to more than LARGEST.
    """
    try:
        return checked_film(read_arrays(content))
    except Exception as error:  # zipfile, zlib and numpy raise many kinds, all of a broken file
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise GenLabError(
            f"film.npz cannot be read ({reason}); delete it, or train the run again."
        ) from error


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST:
            raise ValueError(f"it unpacks to {size / 1e6:.0f} MB")
        return {
            entry.filename.removesuffix(".npy"): read_array(archive.read(entry))
            for entry in archive.infolist()
        }


def read_array(content: bytes) -> np.ndarray:
    """An array of numbers from the bytes of a .npy; no larger than these, whatever they claim."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array has another format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in "fiu":
        raise ValueError("an array holds no numbers")
    if file.tell() + math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError("an array has another size than it says")
    values = (
        np.frombuffer(content, dtype, offset=file.tell())
        if math.prod(shape)
        else np.empty(0, dtype)
    )
    return values.reshape(shape, order="F" if fortran else "C").copy()


def checked_film(arrays: dict[str, np.ndarray]) -> Film:
    parts: dict[str, dict[str, np.ndarray]] = {kind: {} for kind in KINDS}
    for name, values in arrays.items():
        kind, dot, rest = name.partition(".")
        if dot and kind in parts:
            parts[kind][rest] = values
    if not {"updates", "images_seen"} <= set(arrays):
        raise ValueError("it does not say when its frames were taken")
    updates, seen = arrays["updates"], arrays["images_seen"]
    if updates.ndim != 1 or updates.dtype.kind == "f" or (np.diff(updates) <= 0).any():
        raise ValueError("its updates are not in order")
    timed = [seen, *parts["frame"].values(), *parts["score"].values()]
    if any(values.shape[:1] != updates.shape for values in timed):
        raise ValueError("its parts have different numbers of frames")
    if len({values.shape for values in parts["trace"].values()}) > 1:
        raise ValueError("its traces have different lengths")
    trace = {name: values.astype(np.float32) for name, values in parts["trace"].items()}
    return Film(updates, seen, parts["fixed"], parts["frame"], parts["score"], trace)


def film_path(folder: Path) -> Path:
    """Where the film of a run's or of a job's folder lies."""
    return folder / "film.npz"


def has_film(run: Run) -> bool:
    return film_path(run.path).exists()


def load_film(run: Run) -> Film:
    """The film of a run.

    Raises:
        GenLabError: it has none, or a broken one.
    """
    try:
        return unpack_film(film_path(run.path).read_bytes())
    except FileNotFoundError as error:
        raise GenLabError(
            f'Run "{run.name}" has no film; runs that GenLab trains as a GAN have one.'
        ) from error
