"""A run as one zip file: written for whoever wants it, and taken in from whoever brings one."""

import json
import os
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from genlab.runs.archive_read import MAX_ENTRIES, check_entries, holds_run, unpack
from genlab.runs.folder import Run, check_free, find_run, new_run_folder, write_whole
from genlab.runs.foreign import import_file, name_for
from genlab.runs.foreign_read import read_bytes
from genlab.runs.foreign_scan import plain


@dataclass(frozen=True)
class Imported:
    """A run that was taken in, and what was left out on the way."""

    run: Run
    notes: tuple[str, ...] = ()  # a sentence each


def zip_run(run: Run) -> bytes:
    """The whole folder as one zip, without the identity of its owner."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(run.path.rglob("*")):
            inside = path.relative_to(run.path)
            hidden = any(part.startswith(".") for part in inside.parts)
            if path.is_file() and not path.is_symlink() and not hidden:
                public = inside == Path("config.json")
                content = public_config(run) if public else path.read_bytes()
                archive.writestr(f"{run.name}/{inside.as_posix()}", content)
    return buffer.getvalue()


def public_config(run: Run) -> bytes:
    """config.json for others to read: it does not say who the owner is."""
    config = {
        key: {k: v for k, v in value.items() if k != "owner"} if isinstance(value, dict) else value
        for key, value in run.config.items()
    }
    return json.dumps(config, indent=1).encode()


def import_any(
    source: str | os.PathLike | bytes,
    name: str | None = None,
    dataset: str | None = None,
    *,
    filename: str = "",
    owner: str = "",
) -> Imported:
    """Keep what somebody brings: a zipped run, or the checkpoint of another program.

    Args:
        source: the file's path, or its bytes (then `filename` says what it was called).
        name: of the new run; None makes one from the file's.
        dataset: of a checkpoint, which does not say; see `import_file`.
        owner: the visitor who brings it; "" is the command line.

    Raises:
        GenLabError: one sentence on what is wrong with the file or the name.
        DoesNotFit: a checkpoint of another architecture.
    """
    data = source if isinstance(source, bytes) else read_bytes(Path(source))
    filename = filename or ("" if isinstance(source, bytes) else os.fspath(source))
    if data[:2] == b"PK":
        check_entries(data, shown(filename), MAX_ENTRIES)
        if holds_run(data):
            return import_zip(data, name, filename=filename, owner=owner)
    run = import_file(data, name or name_of(filename), dataset, filename=filename)
    return Imported(give_to(run, owner) if owner else run)


def import_zip(
    source: str | os.PathLike | bytes,
    name: str | None = None,
    *,
    filename: str = "",
    owner: str = "",
) -> Imported:
    """Keep a zipped run, as `zip_run` and `zip_hub` write it, under a name.

    Raises:
        GenLabError: it is no such zip, or a broken or a hostile one; or the name is not free.
    """
    data = source if isinstance(source, bytes) else read_bytes(Path(source))
    filename = filename or ("" if isinstance(source, bytes) else os.fspath(source))
    name = check_free(name or name_of(filename))
    unpacked = unpack(data, shown(filename))
    config = unpacked.config | {
        "unpacked": {"date": datetime.now(UTC).date().isoformat(), "file": shown(filename)}
    }
    with new_run_folder(name) as folder:
        for inside, content in unpacked.files.items():
            (folder / inside).parent.mkdir(exist_ok=True)
            (folder / inside).write_bytes(content)
        (folder / "config.json").write_text(json.dumps(owned(config, owner), indent=1), "utf-8")
    return Imported(find_run(name), tuple(unpacked.notes))


def owned(config: dict[str, Any], owner: str) -> dict[str, Any]:
    """A config that says whose the run is, in the block that says where it came from."""
    block = next((key for key in ("made", "imported") if key in config), "unpacked")
    return config | {block: config[block] | {"owner": owner}}


def give_to(run: Run, owner: str) -> Run:
    """Note whose a run is that was just imported."""
    config = owned(run.config, owner)
    write_whole(run.path / "config.json", json.dumps(config, indent=1).encode())
    return find_run(run.name)


def name_of(filename: str) -> str:
    """A free name made from that of a file."""
    return name_for(re.sub(r"\.zip$", "", filename, flags=re.IGNORECASE))


def shown(filename: str) -> str:
    return plain(re.split(r"[/\\]", filename)[-1]) or "the file"
