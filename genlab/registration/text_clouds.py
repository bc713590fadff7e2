"""Point clouds in text: a point on each line, columns apart by comma, semicolon, tab or space."""

import io
import re
from pathlib import Path

import numpy as np

from genlab.errors import GenLabError

COMMENTS = ("#", "%", "//")
LONGEST_LINE = 10_000  # characters; no line of coordinates is longer


def read_text(name: str, content: bytes) -> np.ndarray:
    """(K, D) from lines of numbers.

    A first line of names picks the columns called x, y and z. Without names a CSV or TXT file has
    2 or 3 columns; of an XYZ file the first three count. Such a file may also be that of a
    molecule: the number of atoms, a remark, then a symbol and a position on each line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GenLabError(f"{name} is not a text file; save it as UTF-8.") from error
    if "\0" in text:
        raise GenLabError(f"{name} is not a text file; save it as UTF-8.")
    rest = io.StringIO(text)
    first = next_line(rest)
    is_xyz = Path(name).suffix.lower() == ".xyz"
    symbols = False
    if is_xyz and re.fullmatch(r"\d+", first):
        rest.readline()
        first, symbols = next_line(rest), True
    if not first:
        raise GenLabError(f"{name} has no points; give a line x, y (, z) for each.")
    if len(first) > LONGEST_LINE:
        raise GenLabError(f"{name} has a line of {len(first):,} characters; give a line a point.")
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), None)
    tokens = [token.strip().strip('"') for token in first.split(delimiter)]
    if symbols:
        columns, named = [1, 2, 3], False
    else:
        named = not any(is_number(token) for token in tokens)
        columns = wanted(name, tokens, named, is_xyz)
    body = rest.read() if named else first + "\n" + rest.read()
    if not body.strip():
        raise GenLabError(f"{name} has names of columns but no points; give a line for each.")
    try:
        return np.loadtxt(
            io.StringIO(body), delimiter=delimiter, usecols=columns, comments=list(COMMENTS),
            ndmin=2, max_rows=None,
        )  # fmt: skip
    except (ValueError, IndexError) as error:
        said = str(error).splitlines()[0].rstrip(".;")
        raise GenLabError(
            f"{name} is not a table of numbers: {said}; give 2 or 3 coordinates on each line, "
            "decimals with a point."
        ) from error


def next_line(lines: io.StringIO) -> str:
    """The next line that says something, or an empty one at the end."""
    for line in lines:
        if line.strip() and not line.lstrip().startswith(COMMENTS):
            return line.strip()
    return ""


def wanted(name: str, tokens: list[str], named: bool, is_xyz: bool) -> list[int]:
    """Which columns hold the coordinates."""
    names = [token.lower() for token in tokens]
    if named and "x" in names and "y" in names:
        return [names.index(axis) for axis in "xyz" if axis in names]
    if len(tokens) in (2, 3):
        return list(range(len(tokens)))
    if len(tokens) > 3 and is_xyz:
        return [0, 1, 2]
    if len(tokens) == 1:
        raise GenLabError(f"{name} has one column; give 2 or 3 coordinates on each line.")
    raise GenLabError(
        f"{name} has {len(tokens)} columns; keep 2 or 3, or name those of the coordinates x, y and "
        "z in the first line."
    )


def is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True
