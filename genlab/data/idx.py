"""Read the idx files in which MNIST and its successors are published, plain or gzipped.

Format: two zero bytes, a type byte (8 is uint8), the number of axes, each axis as a big-endian
uint32, then the values in row-major order. Whether a file is gzipped is read from its first
bytes, not from its name: browsers unpack on the way and keep the name.

A declared size is believed only up to `most`, before anything is allocated.
"""

import zlib
from math import prod
from pathlib import Path

import numpy as np

from genlab.errors import GenLabError

GZIP_MARK = b"\x1f\x8b"


def read_idx(path: Path, item: tuple[int, ...], most: int, shown: str) -> np.ndarray:
    """The whole of one idx file of uint8 values.

    Args:
        path: the file.
        item: shape of one entry, (28, 28) for images and () for labels.
        most: the largest number of entries the dataset has.
        shown: what to call the file in an error.

    Returns:
        (N, *item) uint8, read-only, 1 <= N <= most.

    Raises:
        GenLabError: the file is unreadable, damaged, cut short or holds something else.
    """
    header = 8 + 4 * len(item)
    content = _content(path, header + most * prod(item), shown)
    count = _declared_count(content, item, most, shown)
    expected = header + count * prod(item)
    if len(content) != expected:
        state = "cut short" if len(content) < expected else "too long"
        raise GenLabError(
            f"{shown} is {state}: {count:,} entries are declared, {expected:,} bytes, but "
            f"{_found(content, header + most * prod(item))} are there; copy the file again."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(count, *item)


def read_count(path: Path, item: tuple[int, ...], most: int, shown: str) -> int:
    """The number of entries that the header declares; nothing but the header is read."""
    return _declared_count(_content(path, 8 + 4 * len(item), shown), item, most, shown)


def _found(content: bytes, limit: int) -> str:
    return f"{len(content):,} bytes" if len(content) <= limit else f"more than {limit:,} bytes"


def _content(path: Path, limit: int, shown: str) -> bytes:
    """At most limit + 1 unpacked bytes, so that a file that is too long can be told."""
    try:
        with path.open("rb") as file:
            mark = file.read(2)
            if mark != GZIP_MARK:
                return mark + file.read(limit - 1)
            # What cannot be compressed grows by less than a hundredth; the rest is for names.
            packed = mark + file.read(limit + limit // 100 + 65_536)
    except OSError as error:
        raise GenLabError(
            f"{shown} cannot be read ({error.strerror}); make it readable or copy it again."
        ) from error
    unpacker = zlib.decompressobj(wbits=31)  # 31: gzip with its checksum
    try:
        content = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise GenLabError(f"{shown} is damaged inside its gzip wrapping; copy it again.") from error
    if not unpacker.eof and len(content) <= limit:
        raise GenLabError(f"{shown} is cut short inside its gzip wrapping; copy it again.")
    return content


def _declared_count(content: bytes, item: tuple[int, ...], most: int, shown: str) -> int:
    magic = bytes([0, 0, 8, 1 + len(item)])
    kind = "images" if item else "labels"
    if content[:4] != magic:
        raise GenLabError(
            f"{shown} is not an idx file of {kind}: it starts with "
            f"{content[:4].hex() or 'nothing'}, not {magic.hex()}; copy the published file again."
        )
    header = 8 + 4 * len(item)
    if len(content) < header:
        raise GenLabError(f"{shown} is cut short inside its header; copy it again.")
    count, *axes = np.frombuffer(content[4:header], ">u4").tolist()
    if tuple(axes) != item:
        size, wanted = ("x".join(map(str, shape)) for shape in (axes, item))
        raise GenLabError(f"{shown} holds {size} images where {wanted} is needed; use 28x28 data.")
    if not 1 <= count <= most:
        raise GenLabError(
            f"{shown} declares {count:,} {kind} where 1 to {most:,} are possible; "
            "copy the published file again."
        )
    return count
