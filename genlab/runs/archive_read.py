"""Read a zipped run with distrust: what a zip may hold, and what is taken of it.

Only the files of a run are taken, by name, and no path in the archive is ever used to write. Each
is checked and written anew (archive_check.py); figures are left behind, for they can be measured
again. What a zip leaves in memory is bounded before it is unpacked.
"""

import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from safetensors.numpy import save

from genlab.errors import GenLabError
from genlab.runs.archive_check import (
    Expected,
    check_config,
    check_metrics,
    check_weights,
)
from genlab.runs.foreign_read import MAX_BYTES, damaged, too_large
from genlab.runs.foreign_scan import plain
from genlab.runs.manage import MAX_TAGS, TAG
from genlab.runs.npy_check import MAX_FILM, check_film, check_map

MAX_ENTRIES = 10_000  # of a checkpoint: some for each tensor
MAX_FILES = 200  # of a run: it has about ten
MAX_MAPS = 8
LIMITS = {  # bytes of each file; that of the weights follows from the config
    "config.json": 2**18,
    "metrics.jsonl": 4 * 2**20,
    "tags.json": 2**16,
    "film.npz": MAX_FILM,
}
MAP = re.compile(r"maps/[a-z0-9-]{1,20}\.npy")
MAX_MAP = 2**20
MEASURED = (
    "README.md",
    "summary.json",
    "latents/mu.npy",
    "embeddings/train.npy",
    "embeddings/test.npy",
)  # made again
BROKEN = (  # what zipfile raises on an archive that is none, or no more
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
ENTRY_MARK, PACKED_BY = b"PK\x01\x02", (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def holds_run(data: bytes) -> bool:
    """Whether a zip looks like a run rather than like what torch.save writes."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = {PurePosixPath(name).name for name in archive.namelist()}
    except BROKEN:
        return False
    return "data.pkl" not in names and bool(
        names & {"config.json", "model.safetensors", "metrics.jsonl"}
    )


@dataclass
class Unpacked:
    config: dict[str, Any]
    files: dict[str, bytes]  # all others, by their path in a run folder
    notes: list[str] = field(default_factory=list)


def unpack(data: bytes, shown: str) -> Unpacked:
    """The checked files of a zipped run."""
    if len(data) > MAX_BYTES:
        raise too_large(shown, len(data))
    check_entries(data, shown, MAX_FILES)
    with breakage_said(shown):
        archive = zipfile.ZipFile(BytesIO(data))
    with archive:
        return unpack_entries(archive, shown)


@contextmanager
def breakage_said(shown: str) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise damaged(shown) from error


def check_entries(data: bytes, shown: str, most: int) -> None:
    """Refuse an archive of too many files before its list is read: each has a mark there."""
    if (count := data.count(ENTRY_MARK)) > most:
        raise GenLabError(
            f"{shown} holds {count:,} files; a run has about ten. Zip the run's folder alone."
        )


def unpack_entries(archive: zipfile.ZipFile, shown: str) -> Unpacked:
    inside = files_of_run(archive.infolist(), shown)
    config, expected = check_config(read(archive, inside, "config.json", shown), shown)
    weights = inside.get("model.safetensors")
    if weights is None:
        raise GenLabError(
            f"{shown} has a config.json but no model.safetensors; zip the whole folder of the run."
        )
    tensors = check_weights(
        read(archive, inside, "model.safetensors", shown, expected.most_bytes), expected, shown
    )
    unpacked = Unpacked(config, {"model.safetensors": save(tensors)})
    take_records(archive, inside, shown, expected, unpacked)
    known = {"config.json", *MEASURED, *LIMITS, *unpacked.files}
    if others := sorted(path for path in inside if path not in known and not MAP.fullmatch(path)):
        names = ", ".join(plain(path, 40) for path in others[:4])
        more = f" and {len(others) - 4} more" if len(others) > 4 else ""
        unpacked.notes.append(f"Left out, for they are no part of a run: {names}{more}.")
    return unpacked


def take_records(
    archive: zipfile.ZipFile,
    inside: dict[str, zipfile.ZipInfo],
    shown: str,
    expected: Expected,
    unpacked: Unpacked,
) -> None:
    """What a run tells beside config and weights; what is not ours is left out with a note."""
    if "metrics.jsonl" in inside:
        lines = check_metrics(read(archive, inside, "metrics.jsonl", shown))
        if lines is None:
            unpacked.notes.append("Its metrics.jsonl is not one of GenLab's and was left out.")
        else:
            unpacked.files["metrics.jsonl"] = lines
    if "tags.json" in inside:
        unpacked.files["tags.json"] = check_tags(read(archive, inside, "tags.json", shown))
    for path in sorted(filter(MAP.fullmatch, inside))[:MAX_MAPS]:
        coordinates = check_map(read(archive, inside, path, shown, MAX_MAP), expected.images)
        if coordinates is None:
            unpacked.notes.append(f"{path} is no map of its test images and was left out.")
        else:
            unpacked.files[path] = coordinates
    if "film.npz" in inside:
        film = read(archive, inside, "film.npz", shown)
        film = check_film(film, expected.noise, expected.embedding)
        if film is None:
            unpacked.notes.append("Its film.npz is no film of such a run and was left out.")
        else:
            unpacked.files["film.npz"] = film


def files_of_run(entries: list[zipfile.ZipInfo], shown: str) -> dict[str, zipfile.ZipInfo]:
    """The files in the folder of the one config.json, by their path below it."""
    for entry in entries:
        check_entry(entry, shown)
    files = [entry for entry in entries if not entry.filename.endswith("/")]
    roots = [str(PurePosixPath(e.filename).parent) for e in files if is_named(e, "config.json")]
    if not roots:
        raise GenLabError(
            f"{shown} has no config.json, so it is not a run of GenLab's; unpack it and choose "
            "the checkpoint inside, or zip the whole folder of a run."
        )
    if len(set(roots)) > 1:
        names = ", ".join(plain(root, 30) for root in sorted(set(roots))[:4])
        raise GenLabError(f"{shown} holds {len(set(roots))} runs ({names}); zip one at a time.")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in files:
        path = PurePosixPath(entry.filename)
        if not path.is_relative_to(roots[0]):
            continue
        inside = path.relative_to(roots[0]).as_posix()
        if inside in found:
            raise GenLabError(
                f"{shown} holds {plain(inside, 40)} twice, so it is not clear which is meant; "
                "zip the folder again."
            )
        found[inside] = entry
    return found


def is_named(entry: zipfile.ZipInfo, name: str) -> bool:
    path = PurePosixPath(entry.filename)
    return path.name == name and "__MACOSX" not in path.parts


def check_entry(entry: zipfile.ZipInfo, shown: str) -> None:
    """Refuse an archive that tries to leave its folder, or that cannot be read plainly."""
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise GenLabError(
            f"{shown} holds the path {name[:60]!r}, which leads out of its folder; it was not "
            "imported. Zip the folder again."
        )
    if not name or not name.isprintable():
        raise GenLabError(
            f"{shown} holds a file without a name, or with control characters in it; zip it anew."
        )
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise GenLabError(
            f"{shown} holds a link or a device, {plain(name, 40)}; zip the files themselves."
        )
    if entry.flag_bits & 1:
        raise GenLabError(f"{shown} is encrypted; zip it without a password.")
    if entry.compress_type not in PACKED_BY:
        raise GenLabError(
            f"{plain(name, 40)} in {shown} is packed in an unusual way; zip it with Deflate."
        )


def read(
    archive: zipfile.ZipFile,
    inside: dict[str, zipfile.ZipInfo],
    path: str,
    shown: str,
    limit: int | None = None,
) -> bytes:
    """One file of the archive; never more than its limit, whatever the archive says."""
    limit = LIMITS[path] if limit is None else limit
    entry = inside[path]
    if entry.file_size <= limit:
        with breakage_said(shown), archive.open(entry) as file:
            content = file.read(limit + 1)
        if len(content) <= limit:
            return content
    raise GenLabError(
        f"{path} in {shown} unpacks to more than {limit:,} bytes, which is more than "
        "its config asks for; zip the folder of the run again."
    )


def check_tags(content: bytes) -> bytes:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = []
    found = found if isinstance(found, list) else []
    tags = sorted({tag for tag in found if isinstance(tag, str) and TAG.fullmatch(tag)})
    return json.dumps(tags[:MAX_TAGS], ensure_ascii=False).encode()
