"""Point clouds from files and into files: CSV, TXT, XYZ, NPY, PLY and PCD.

Files are somebody else's: sizes are checked before memory is asked for, nothing is unpickled, and
whatever is wrong is one sentence. K points, D axes.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from genlab.errors import GenLabError
from genlab.registration.checks import check_cloud
from genlab.registration.scan_files import read_pcd, read_ply
from genlab.registration.text_clouds import read_text

MOST_BYTES = 2**30
SUFFIXES = (".csv", ".txt", ".xyz", ".npy", ".ply", ".pcd")


def read_cloud(path: str | Path) -> np.ndarray:
    """Points (K, D) float64 of a file; D is 2 or 3. GenLabError where it is no point cloud."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise GenLabError(f"{path.name} has {size:,} bytes; choose a file of 1 GiB or less.")
        content = path.read_bytes()
    except OSError as error:
        raise GenLabError(f"{path} could not be read: {error.strerror or error}.") from error
    return parse_cloud(path.name, content)


def parse_cloud(name: str, content: bytes) -> np.ndarray:
    """As `read_cloud`, from the bytes of a file of this name."""
    reader = reader_for(name, content)
    if not content.strip():
        raise GenLabError(f"{name} is empty; choose a file with a point on each line.")
    return check_cloud(reader(name, content), name)


def reader_for(name: str, content: bytes) -> Callable[[str, bytes], np.ndarray]:
    """By what the file begins with, else by its suffix."""
    if content.startswith(b"\x93NUMPY"):
        return read_npy
    if content.startswith((b"ply\n", b"ply\r")):
        return read_ply
    if content.lstrip().startswith(b"# .PCD"):
        return read_pcd
    readers = {".csv": read_text, ".txt": read_text, ".xyz": read_text}
    readers |= {".npy": read_npy, ".ply": read_ply, ".pcd": read_pcd}
    try:
        return readers[Path(name).suffix.lower()]
    except KeyError:
        raise GenLabError(
            f"{name} is of no kind that can be read; choose one of {', '.join(SUFFIXES)}."
        ) from None


def read_npy(name: str, content: bytes) -> np.ndarray:
    """An array of numbers; its declared size is compared with the bytes before it is loaded."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(stream)
    except Exception as error:  # whatever a damaged header makes of numpy's parser
        raise GenLabError(f"{name} is not a whole NPY file; save it again with numpy.") from error
    if dtype.hasobject:
        raise GenLabError(
            f"{name} holds pickled Python objects, which are not loaded; save an array of numbers."
        )
    if dtype.kind not in "fiu":
        raise GenLabError(f"{name} holds {dtype} values; save an array of numbers.")
    left, size = len(content) - stream.tell(), dtype.itemsize
    for length in shape:
        size *= length
    if size != left:
        raise GenLabError(
            f"{name} declares an array of {size:,} bytes but holds {left:,}; save it again."
        )
    stream.seek(0)
    return np.load(stream, allow_pickle=False)


def write_cloud(path: str | Path, points: np.ndarray) -> None:
    """Write points (K, D) in the format of the path's suffix."""
    path = Path(path)
    content = cloud_bytes(path.name, points)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise GenLabError(f"{path} could not be written: {error.strerror or error}.") from error


def cloud_bytes(name: str, points: np.ndarray) -> bytes:
    """Points (K, D) as the bytes of a file of this name; PLY and PCD binary, in float64."""
    K, D = points.shape
    suffix = Path(name).suffix.lower()
    if suffix == ".npy":
        stream = io.BytesIO()
        np.save(stream, np.ascontiguousarray(points, np.float64), allow_pickle=False)
        return stream.getvalue()
    if suffix in (".csv", ".txt", ".xyz"):
        stream = io.StringIO()
        comma = suffix == ".csv"
        np.savetxt(
            stream, points, fmt="%.17g", delimiter="," if comma else " ",
            header=",".join("xyz"[:D]) if comma else "", comments="",
        )  # fmt: skip
        return stream.getvalue().encode()
    if suffix not in (".ply", ".pcd"):
        raise GenLabError(f'"{name}" ends in no known format; choose one of {", ".join(SUFFIXES)}.')
    space = np.zeros((K, 3), "<f8")  # both formats are of space: a plane gets z = 0
    space[:, :D] = points
    if suffix == ".ply":
        properties = "".join(f"property double {axis}\n" for axis in "xyz")
        head = f"ply\nformat binary_little_endian 1.0\nelement vertex {K}\n{properties}end_header\n"
    else:
        head = (
            "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z\nSIZE 8 8 8\nTYPE F F F\nCOUNT 1 1 1\n"
            f"WIDTH {K}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {K}\nDATA binary\n"
        )
    return head.encode() + space.tobytes()
