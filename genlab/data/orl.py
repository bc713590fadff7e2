"""The ORL faces in a folder of people: ROOT/orl_faces/sN/M.pgm.

The people s1, s2, ... in an order shuffled with seed 0 are cut into five folds; those of one fold
are its test split. Of the published 112 x 92 pixels the lower 92 x 92 hold the face; they are
brought to 64 x 64, the sides of LFW's faces here and of scikit-learn's copy of ORL (Olivetti),
whose files are read as they are. Shapes: N images.
"""

import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

from genlab.data.catalogue import ORL_FOLDS
from genlab.errors import GenLabError

PUBLISHED, SIDE = (112, 92), 64
FACE = (0, 20, 92, 112)  # left, top, right and bottom
PERSON = re.compile(r"s([0-9]{1,4})")


def people_in(folder: Path) -> list[str]:
    """The people's folders, s1 before s2 before s10; none where there is no such folder."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return []
    found = [(int(match[1]), name) for name in names if (match := PERSON.fullmatch(name))]
    return [name for _, name in sorted(found)]


def fold_people(folder: Path, fold: int, split: str) -> list[str]:
    """The people of a split, in the order of their folders. Every person is in one test split."""
    people = people_in(folder)
    order = np.random.default_rng(0).permutation(len(people))
    held_out = set(np.array_split(order, len(ORL_FOLDS))[fold].tolist())
    return [who for i, who in enumerate(people) if (i in held_out) == (split == "test")]


def pictures_of(folder: Path) -> list[Path]:
    """The .pgm files of a person, 2 before 10."""
    return sorted(folder.glob("*.pgm"), key=lambda path: (len(path.stem), path.stem))


def read_orl(folder: Path, fold: int, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 64, 64) uint8 and labels (N,) uint16, places in `people_in`.

    Raises:
        GenLabError: there are none, or a file is no picture of these sides.
    """
    place = {who: i for i, who in enumerate(people_in(folder))}
    images, labels = [], []
    for person in fold_people(folder, fold, split):
        for path in pictures_of(folder / person):
            images.append(read_face(path))
            labels.append(place[person])
    if not images:
        raise GenLabError(f"The folder {folder.name} has no .pgm pictures; copy it again.")
    return np.stack(images), np.array(labels, np.uint16)


def read_face(path: Path) -> np.ndarray:
    """The face of a picture, (64, 64) uint8, resampled with a triangle filter."""
    shown = f"{path.parent.name}/{path.name}"
    try:
        with Image.open(path) as picture:
            sides = picture.size[::-1]
            if sides in (PUBLISHED, (SIDE, SIDE)):  # before anything is unpacked
                box = FACE if sides == PUBLISHED else None
                grey = picture.convert("L")
                return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box))
    except (OSError, ValueError, SyntaxError) as error:
        raise GenLabError(f"{shown} cannot be read as a picture; copy it again.") from error
    raise GenLabError(
        f"{shown} has {sides[0]} x {sides[1]} pixels, not {PUBLISHED[0]} x {PUBLISHED[1]}; copy "
        "the published file again."
    )
