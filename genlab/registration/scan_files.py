"""PLY files by trimesh and PCD files by pypcd4, their headers checked before.

Both readers believe the header: a few bytes could ask for terabytes. So what it declares is held
against what the file has.
"""

import io
import re
import warnings

import numpy as np

from genlab.errors import GenLabError
from genlab.registration.checks import MOST_POINTS

LONGEST_HEADER = 2**16
FIELDS = 256  # values that one point may have
LZF_GAIN = 130  # times as long as it was, at most, comes a text out of LZF


def read_ply(name: str, content: bytes) -> np.ndarray:
    """(K, 3) vertices of a PLY file, ascii or binary; faces and colours are left out."""
    end = content.find(b"end_header", 0, LONGEST_HEADER)
    found = re.findall(rb"^element[ \t]+(\w+)[ \t]+(\S+)[ \t\r]*$", content[: max(end, 0)], re.M)
    counts = {element: int(count) for element, count in found if count.isdigit()}
    if end < 0 or len(counts) != len(found) or b"vertex" not in counts:
        raise GenLabError(f"{name} has no PLY header that counts its vertices; save it again.")
    check_count(name, counts[b"vertex"])
    shortest = 2  # bytes: of anything declared, a number and a space or more
    if sum(counts.values()) * shortest > len(content) - end:
        raise GenLabError(
            f"{name} declares {sum(counts.values()):,} vertices and faces in {len(content):,} "
            "bytes; it is cut off or damaged."
        )
    from trimesh.exchange.ply import load_ply

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = load_ply(io.BytesIO(content), skip_materials=True, fix_texture=False)
        points = np.asarray(found["vertices"], np.float64)
    except Exception as error:  # whatever a damaged file makes of a reader
        raise GenLabError(f"{name} cannot be read as a PLY file: {first_line(error)}.") from error
    if points.ndim != 2 or len(points) != counts[b"vertex"]:
        raise GenLabError(f"{name} holds fewer points than it declares; it is cut off or damaged.")
    return points


def read_pcd(name: str, content: bytes) -> np.ndarray:
    """(K, 3) points of a PCD file, ascii, binary or compressed; other fields are left out.

    Points without a place, which PCD marks by nan, are left out as the format wants it.
    """
    header = re.search(rb"^DATA[ \t]+\w+[ \t]*\r?\n", content[:LONGEST_HEADER], re.M)
    if not header:
        raise GenLabError(f"{name} has no PCD header; save it again.")
    head, left = content[: header.end()].decode("utf-8", "replace"), len(content) - header.end()
    lines = (line.split() for line in head.splitlines() if line.strip())
    entries = {words[0].upper(): words[1:] for words in lines}
    try:
        points = int(entries["POINTS"][0])
        sizes = [int(size) for size in entries["SIZE"]]
        counts = [int(count) for count in entries.get("COUNT", ["1"] * len(sizes))]
        encoding = entries["DATA"][0].lower()
        fields = [field.lower() for field in entries["FIELDS"]]
    except (KeyError, ValueError, IndexError) as error:
        raise GenLabError(f"{name} has a PCD header that misses or garbles a line.") from error
    check_count(name, points)
    if not {"x", "y", "z"} <= set(fields):
        raise GenLabError(f"{name} has no fields x, y and z; it holds {', '.join(fields[:9])}.")
    if not 0 < sum(counts) <= FIELDS or min(counts) < 1 or len(counts) != len(sizes):
        raise GenLabError(f"{name} declares {sum(counts):,} values a point; 3 to {FIELDS} can be.")
    each = sum(size * count for size, count in zip(sizes, counts, strict=True))
    most = {"ascii": left // (2 * sum(counts) - 1) + 1, "binary": left // max(each, 1)}
    if points > most.get(encoding, LZF_GAIN * left // max(each, 1)):
        raise GenLabError(
            f"{name} declares {points:,} points in {left:,} bytes; it is cut off or damaged."
        )
    if (
        encoding == "binary_compressed"
        and int.from_bytes(content[header.end() + 4 : header.end() + 8], "little") != points * each
    ):
        raise GenLabError(f"{name} does not unpack to what it declares; it is damaged.")
    from pypcd4 import PointCloud

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cloud = PointCloud.from_fileobj(io.BytesIO(content))
        names = [cloud.fields[fields.index(axis)] for axis in "xyz"]
        found = np.stack([np.asarray(cloud.pc_data[axis], np.float64) for axis in names], axis=1)
    except Exception as error:  # whatever a damaged file makes of a reader
        raise GenLabError(f"{name} cannot be read as a PCD file: {first_line(error)}.") from error
    if len(found) != points:
        raise GenLabError(f"{name} holds fewer points than it declares; it is cut off or damaged.")
    return found[~np.isnan(found).any(axis=1)]


def check_count(name: str, count: int) -> None:
    if count == 0:
        raise GenLabError(f"{name} has no points; choose a cloud with at least one.")
    if count > MOST_POINTS:
        raise GenLabError(f"{name} has {count:,} points; thin it to {MOST_POINTS:,} at most.")


def first_line(error: Exception) -> str:
    """What a reader said, short, as the end of a sentence."""
    said = str(error).strip().splitlines()
    return (said[0] if said else type(error).__name__)[:200].rstrip(".")
