"""The recipes and what may be set in them, as plain values for whoever builds a form.

Models and their configs live beside torch. A server reads this instead, written once by a process
of its own and kept for as long as the files it comes from stay the same.
"""

import dataclasses
import hashlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from genlab.errors import GenLabError
from genlab.places import ROOT, cache_dir

SOURCES = ("genlab/models", "genlab/training", "genlab/jobs/recipe_book.py")
Book = dict[str, Any]
WRITING = threading.Lock()


def recipe_book() -> Book:
    """{"recipes": name -> what RunConfig.to_dict gives, "families": name -> model settings,
    "training": training settings}; a setting is a dict of a field's name, kind ("int", "float" or
    "str"), default and metadata. Seconds the first time, in another process.

    Raises:
        GenLabError: that process ended badly, for instance because torch is not installed.
    """
    kept = cache_dir() / "recipe-book" / f"{version()}.json"
    with WRITING:  # the first of many visitors has it written, and the others wait for that
        return read_book(kept) or new_book(kept)


def read_book(kept: Path) -> Book | None:
    try:
        return json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError):
        return None  # not written yet, or not whole


def new_book(kept: Path) -> Book:
    done = subprocess.run(
        [sys.executable, "-m", "genlab.jobs.recipe_book"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise GenLabError(
            f"The recipes cannot be read ({reason[:200]}); run `python -m genlab list` to see why."
        )
    keep(kept, done.stdout)
    return json.loads(done.stdout)


def keep(path: Path, text: str) -> None:
    """A folder that takes no files is no error: the book is made again next time."""
    beside = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)


def version() -> str:
    """12 hex digits that change with the files that define recipes and settings."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def write_book() -> Book:
    from genlab.training.config import TrainConfig  # torch comes with the recipes
    from genlab.training.recipes import FAMILIES, RECIPES

    return {
        "recipes": {name: config.to_dict() for name, config in RECIPES.items()},
        "families": {name: settings(family.config) for name, family in FAMILIES.items()},
        "training": settings(TrainConfig),
    }


def settings(config_type: type) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name,
            "kind": type(field.default).__name__,
            "default": field.default,
            **field.metadata,
        }
        for field in dataclasses.fields(config_type)
    ]


if __name__ == "__main__":
    json.dump(write_book(), sys.stdout)
