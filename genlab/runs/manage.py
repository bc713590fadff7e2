"""Rename, tag and delete a run, and take the deletion back.

A deleted run waits in `.trash` beside the others for KEPT_FOR seconds. Every step is one rename
within one folder: it happens or it does not, and of two that want one name one gets a sentence.
Whether somebody may do it is for the caller to ask first. Runs that came with GenLab stay as they
are.
"""

import errno
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genlab.errors import GenLabError
from genlab.places import new_runs
from genlab.runs.folder import (
    Run,
    check_free,
    find_run,
    is_shipped,
    read_card,
    read_config,
    read_summary,
    write_card,
    write_summary,
    write_whole,
)

KEPT_FOR = 7 * 24 * 3600.0  # seconds
MAX_TAGS = 12
TAG = re.compile(r"[^\W_][\w .+-]{0,23}")  # letters and digits of any script
ENTRY = re.compile(r"([a-z0-9][a-z0-9._-]{0,63})~([0-9]{1,12})~[0-9a-f]{8}")
TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}


@dataclass(frozen=True)
class Deleted:
    entry: str  # its folder in the trash
    run: Run  # under its old name, as it lies there
    when: float  # seconds since 1970

    @property
    def ends(self) -> float:
        """When it will be removed for good."""
        return self.when + KEPT_FOR


def rename_run(name: str, new_name: str) -> Run:
    """Give a run another name.

    Raises:
        GenLabError: there is no such run, it came with GenLab, or the new name is taken or none.
    """
    run = changeable(name)
    if new_name == name:
        return run
    check_free(new_name)
    move(run.path, new_runs() / new_name, name)
    renamed = find_run(new_name)
    with sentences(new_name):
        rename_inside(renamed, name)
    return renamed


def rename_inside(run: Run, old_name: str) -> None:
    """Let the summary and the card that GenLab wrote say the new name."""
    figures = read_summary(run)
    if figures.get("name") == old_name:
        write_summary(run, figures | {"name": run.name})
    card = read_card(run)
    if card.startswith(f"# {old_name}\n"):
        card = card.replace(f"# {old_name}\n", f"# {run.name}\n", 1)
        command = "`python -m genlab evaluate {}`"
        write_card(run, card.replace(command.format(old_name), command.format(run.name)))


def check_tag(text: str) -> str:
    """The tag itself: trimmed, in lower case."""
    tag = " ".join(text.lower().split())
    if not TAG.fullmatch(tag):
        raise GenLabError(
            f"{text[:40]!r} cannot be a tag; use up to 24 letters, digits, spaces, dots, hyphens "
            "and plus signs, beginning with a letter or a digit."
        )
    return tag


def read_tags(run: Run) -> list[str]:
    """The run's tags. What is no tag in its file is passed over."""
    try:
        found = json.loads((run.path / "tags.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    found = found if isinstance(found, list) else []
    return [tag for tag in found if isinstance(tag, str) and TAG.fullmatch(tag)][:MAX_TAGS]


def tag_run(name: str, tags: Iterable[str]) -> list[str]:
    """Give a run these tags and no others; return them in order.

    Raises:
        GenLabError: one is not a tag, there are too many, or the run cannot be changed.
    """
    run = changeable(name)
    chosen = sorted({check_tag(tag) for tag in tags})
    if len(chosen) > MAX_TAGS:
        raise GenLabError(f"{len(chosen)} tags are too many; keep up to {MAX_TAGS}.")
    with sentences(name):
        write_whole(run.path / "tags.json", json.dumps(chosen, ensure_ascii=False).encode())
    return chosen


def delete_run(name: str) -> str:
    """Put a run into the trash; return the entry that `restore_run` takes."""
    run = changeable(name)
    entry = f"{name}~{int(time.time())}~{uuid.uuid4().hex[:8]}"
    with sentences(name):
        trash().mkdir(exist_ok=True)
    move(run.path, trash() / entry, name)
    return entry


def list_trash() -> list[Deleted]:
    """What can be restored, the last deleted first."""
    found = []
    for path in trash().glob("*/config.json"):
        known, config = ENTRY.fullmatch(path.parent.name), read_config(path)
        if known and config is not None:
            run = Run(known[1], path.parent, config)
            found.append(Deleted(path.parent.name, run, float(known[2])))
    return sorted(found, key=lambda deleted: (-deleted.when, deleted.entry))


def restore_run(entry: str, name: str | None = None) -> Run:
    """Take a run out of the trash, under another name if its own was given away.

    Raises:
        GenLabError: it is no longer in the trash, or the name is taken.
    """
    path = in_trash(entry)
    name = check_free(name or ENTRY.fullmatch(entry)[1])
    move(path, new_runs() / name, name)
    run = find_run(name)
    with sentences(name):
        rename_inside(run, ENTRY.fullmatch(entry)[1])
    return run


def remove_for_good(entry: str) -> None:
    """Remove a run from the trash and the disk.

    Raises:
        GenLabError: it is no longer in the trash.
    """
    path = in_trash(entry)
    doomed = trash() / f".{uuid.uuid4().hex}"  # first out of reach of `restore_run`
    move(path, doomed, ENTRY.fullmatch(entry)[1])
    remove(doomed)


def sweep_trash(now: float | None = None) -> int:
    """Remove for good what was deleted longer than KEPT_FOR ago; return how many runs."""
    now, removed = time.time() if now is None else now, 0
    for path in trash().glob("*") if trash().is_dir() else []:
        known = ENTRY.fullmatch(path.name)
        if known and now - float(known[2]) > KEPT_FOR:
            try:
                remove_for_good(path.name)
                removed += 1
            except GenLabError:  # another server was quicker
                continue
        elif re.fullmatch(r"\.[0-9a-f]{32}", path.name):  # its removal was cut short
            remove(path)
    return removed


def trash() -> Path:
    return new_runs() / ".trash"


def in_trash(entry: str) -> Path:
    if not ENTRY.fullmatch(entry) or not (trash() / entry).exists():
        raise GenLabError("This run is no longer in the trash; reload the page to see what is.")
    return trash() / entry


def changeable(name: str) -> Run:
    """The run, if it may be changed at all."""
    run = find_run(name)
    if is_shipped(run):
        raise GenLabError(
            f'"{name}" came with GenLab and stays as it is; export it and import the file under '
            "another name to have one of your own."
        )
    if run.path.parent != new_runs():
        raise GenLabError(
            f'"{name}" lies outside GENLAB_HOME; start GenLab with the folder that it is in.'
        )
    return run


def remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def move(old: Path, new: Path, name: str) -> None:
    """Rename a folder; an existing one is never replaced."""
    with sentences(name):
        try:
            os.rename(old, new)
        except OSError as error:
            if error.errno in TAKEN:
                raise GenLabError(
                    f'There is a run "{new.name}" already; choose another name.'
                ) from error
            raise


@contextmanager
def sentences(name: str) -> Iterator[None]:
    """Say in a sentence what the disk refused."""
    try:
        yield
    except FileNotFoundError as error:
        raise GenLabError(
            f'Run "{name}" is no longer here: somebody renamed or deleted it. Reload the page.'
        ) from error
    except OSError as error:
        raise GenLabError(f'Run "{name}" could not be changed: {error.strerror}.') from error
