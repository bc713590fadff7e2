"""What the arrays of a zipped run that somebody brings must look like: its maps and its film. As
with the rest of it nothing is kept as it came: each is read with distrust and written anew.

A header is believed only where it agrees with the size of what follows, so that nothing larger is
ever made of it.
"""

import io
import math
import re
import zipfile
import zlib

import numpy as np

from genlab.errors import GenLabError
from genlab.runs.film import Film, pack_film, unpack_film

MAX_FILM = 64 * 2**20  # bytes that a film may unpack to
MOST_PARTS = 40
MOST_SAMPLES, MOST_SCORES = 1024, 64  # images of a frame; numbers of one score at a frame
MOST_ROWS = 100_000  # images of a split
PIXELS = 28 * 28
PART = re.compile(r"(updates|images_seen|(fixed|frame|score|trace)\.[a-z][a-z0-9_]{0,39})\.npy")
MAP_HEADER = re.compile(  # numpy.lib.format, version 1.0
    rb"\x93NUMPY\x01\x00(..)\{'descr': '(<f[248])', 'fortran_order': False, "
    rb"'shape': \((\d{1,9}), 2\), \} *\n",
    re.DOTALL,
)
HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(..)\{'descr': '(<f[248]|\|u1|<i8)', 'fortran_order': False, "
    rb"'shape': \((\d{1,9},|\d{1,9}(?:, \d{1,9}){1,3})\), \} *\n",
    re.DOTALL,
)
LONGEST_HEADER = 4096


def check_map(content: bytes, test_images: int) -> bytes | None:
    """A .npy of one 2-D point for each test image; None if it is not that. Only a
    header as np.save writes it is taken."""
    header = MAP_HEADER.match(content)
    if header is None or len(header[0]) != 10 + int.from_bytes(header[1], "little"):
        return None
    dtype, shape = np.dtype(header[2].decode()), (int(header[3]), 2)
    numbers = content[len(header[0]) :]
    if shape[0] != test_images or len(numbers) != math.prod(shape) * dtype.itemsize:
        return None
    points = np.frombuffer(numbers, dtype).reshape(shape)
    if not np.isfinite(points).all():
        return None
    written = io.BytesIO()
    np.save(written, points, allow_pickle=False)
    return written.getvalue()


def check_film(content: bytes, noise: int, embedding: int = 0) -> bytes | None:
    """A film.npz of a GAN with `noise` numbers of noise, or of a Siamese network that embeds in
    `embedding` numbers, written anew; None if it is not that."""
    try:
        check_parts(content)
        film = unpack_film(content)
    except (GenLabError, ValueError, zlib.error, RuntimeError, NotImplementedError, OSError,
            zipfile.BadZipFile, EOFError):  # fmt: skip
        return None
    fits = is_film(film, noise) if noise else embedding and is_embedding_film(film, embedding)
    return pack_film(film) if fits else None


def check_parts(content: bytes) -> None:
    """Refuse an archive that holds other things than arrays, or more than they say.

    Raises:
        ValueError: it does.
        zipfile.BadZipFile and kin: it is no archive.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        if len(parts) > MOST_PARTS or len(set(names)) < len(names):
            raise ValueError("too many parts, or one of them twice")
        if not all(map(PART.fullmatch, names)) or sum(p.file_size for p in parts) > MAX_FILM:
            raise ValueError("other parts than a film's, or too large ones")
        for part in parts:
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("packed in an unusual way")
            with archive.open(part) as file:
                header = HEADER.match(file.read(LONGEST_HEADER))
            if header is None or len(header[0]) != 10 + int.from_bytes(header[1], "little"):
                raise ValueError("not an array")
            shape = [int(number) for number in header[3].split(b",") if number.strip()]
            size = math.prod(shape) * np.dtype(header[2].decode()).itemsize
            if part.file_size != len(header[0]) + size:
                raise ValueError("an array of another size than it says")


def is_film(film: Film, noise: int) -> bool:
    """Whether it is what a GAN's training shoots: images of fixed noise over rising updates."""
    images, F = film.frames.get("images"), len(film)
    if images is None or set(film.frames) - {"images", "opinions"} or set(film.fixed) != {"noise"}:
        return False
    N = images.shape[1] if images.ndim == 3 else 0
    opinions = film.frames.get("opinions", np.zeros((F, N), np.float32))
    return (
        F > 0
        and 0 < N <= MOST_SAMPLES
        and images.dtype == np.uint8
        and images.shape == (F, N, PIXELS)
        and opinions.shape == (F, N)
        and film.fixed["noise"].shape == (N, noise)
        and all(is_finite(values) for values in (opinions, film.fixed["noise"]))
        and is_timed(film)
    )


def is_embedding_film(film: Film, embedding: int) -> bool:
    """Whether it is what a Siamese network's training shoots: where images of the training split
    lie, over rising updates."""
    points, index = film.frames.get("embedding"), film.fixed.get("index")
    if set(film.frames) != {"embedding"} or set(film.fixed) != {"index", "labels"}:
        return False
    F, M = len(film), len(index) if index.ndim == 1 else 0
    return (
        F > 0
        and 0 < M <= MOST_SAMPLES
        and points.shape == (F, M, embedding)
        and is_finite(points)
        and all(is_rows(values, M) for values in film.fixed.values())
        and is_timed(film)
    )


def is_rows(values: np.ndarray, count: int) -> bool:
    whole = values.dtype == np.int64 and values.shape == (count,)
    return bool(whole and values.min() >= 0 and values.max() < MOST_ROWS)


def is_timed(film: Film) -> bool:
    """Whether its clocks, traces and scores are as any film's."""
    return (
        all(is_clock(clock, len(film)) for clock in (film.updates, film.images_seen))
        and all(values.ndim == 1 and is_finite(values) for values in film.trace.values())
        and len({len(values) for values in film.trace.values()}) <= 1
        and all(is_score(values) for values in film.scores.values())
    )


def is_clock(values: np.ndarray, frames: int) -> bool:
    """Whole numbers that rise from 0 on."""
    whole = values.dtype == np.int64 and values.shape == (frames,)
    return bool(whole and values[0] >= 0 and (np.diff(values) >= 0).all())


def is_finite(values: np.ndarray) -> bool:
    return values.dtype.kind == "f" and bool(np.isfinite(values).all())


def is_score(values: np.ndarray) -> bool:
    """A number or a few at each frame; NaN where it was not measured."""
    small = values.ndim in (1, 2) and values[0].size <= MOST_SCORES
    return small and values.dtype.kind == "f" and not bool(np.isinf(values).any())
