"""Arrays as few bytes: whole numbers in place of floats, differences along the film, deflated.

The bytes are: uint32 (little-endian) length of the header, the header as JSON, and one zlib stream
of the arrays one after the other. In the header "arrays" tells of each its name, shape, levels,
low, high and film. levels 0 is float32. Otherwise a whole number n stands for
low + (high - low) * n / levels, in one byte if there are at most 255 levels and else in two; an
even number of levels makes the middle between low and high exact. "film": true means that each
frame but the first (the first axis is time) holds its difference to the one before, modulo 2^8 or
2^16.
"""

import json
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

FLOAT = np.dtype("<f4")
LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Part:
    """An array and how to keep it; what lies beyond low and high is brought to them."""

    name: str
    array: np.ndarray
    levels: int = 0
    low: float = 0.0
    high: float = 1.0
    film: bool = False


def pack(header: dict[str, Any], parts: list[Part]) -> bytes:
    """The header's own entries and the arrays as bytes."""
    words = [asdict(part) | {"array": None, "shape": part.array.shape} for part in parts]
    text = json.dumps({**header, "arrays": words}).encode()
    stream = zlib.compress(b"".join(part_bytes(part) for part in parts), 6)
    return LENGTH.pack(len(text)) + text + stream


def part_bytes(part: Part) -> bytes:
    if not part.levels:
        return np.ascontiguousarray(part.array, FLOAT).tobytes()
    share = (np.clip(part.array, part.low, part.high) - part.low) / (part.high - part.low)
    numbers = np.rint(share * part.levels).astype(whole(part.levels))
    if part.film:
        numbers[1:] -= numbers[:-1].copy()  # wraps around, and so back
    return numbers.tobytes()


def whole(levels: int) -> np.dtype:
    return np.dtype("u1" if levels <= 255 else "<u2")


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays, float64, as near as their levels allow."""
    (length,) = LENGTH.unpack_from(packed)
    header = json.loads(packed[LENGTH.size : LENGTH.size + length])
    stream, start, arrays = zlib.decompress(packed[LENGTH.size + length :]), 0, {}
    for word in header["arrays"]:
        levels, low, high = word["levels"], word["low"], word["high"]
        kind = whole(levels) if levels else FLOAT
        count = int(np.prod(word["shape"]))
        numbers = np.frombuffer(stream, kind, count, start).reshape(word["shape"])
        start += numbers.nbytes
        if word["film"]:
            numbers = np.cumsum(numbers, axis=0, dtype=kind)
        numbers = numbers.astype(float)
        arrays[word["name"]] = low + (high - low) / levels * numbers if levels else numbers
    return header, arrays
