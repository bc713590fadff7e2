"""The ORL faces in a folder of people: ROOT/orl_faces/sN/M.pgm.

The people s1, s2, ... in an order shuffled with seed 0 are cut into five folds; those of one fold
are its test split. Images are 64 x 64, as LFW's are here, and hold a window of the published
112 x 92 pixels in which a face is about as large and as high as in those (`benchmarks.orl_window`:
it was first seen to be good on all people, those of the test splits among them). Of scikit-learn's
copy (Olivetti), 64 x 64 pixels, the same window is taken; it is read as the lower square of a
published picture. Shapes: N images.
"""

import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

from genlab.data.catalogue import ORL_FOLDS
from genlab.errors import GenLabError

PUBLISHED, SIDE = (112, 92), 64
EDGE = 30  # pixels, more than a window reaches beyond a picture
FACE = (-8, 18, 100, 126)  # left, top, right and bottom; beyond a picture its edge goes on
SQUARE = (0, 20, 92)  # left, top and side of what the 64 x 64 pixels of the copy show
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


def framed(grey: np.ndarray, window: tuple[float, float, float, float] = FACE) -> np.ndarray:
    """A window of a published picture (112, 92), or of its lower square (64, 64), as (64, 64)."""
    left, top, side = (0, 0, SIDE) if grey.shape == PUBLISHED else SQUARE
    scale = SIDE / side  # pixels here for one of a published picture
    box = [scale * (at - start) + EDGE for at, start in zip(window, (left, top) * 2, strict=True)]
    wide = Image.fromarray(np.pad(grey, EDGE, mode="edge"))
    return np.asarray(wide.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box))


def read_face(path: Path) -> np.ndarray:
    """The face of a picture, (64, 64) uint8, resampled with a triangle filter."""
    shown = f"{path.parent.name}/{path.name}"
    try:
        with Image.open(path) as picture:
            sides = picture.size[::-1]
            if sides in (PUBLISHED, (SIDE, SIDE)):  # before anything is unpacked
                return framed(np.asarray(picture.convert("L")))
    except (OSError, ValueError, SyntaxError) as error:
        raise GenLabError(f"{shown} cannot be read as a picture; copy it again.") from error
    raise GenLabError(
        f"{shown} has {sides[0]} x {sides[1]} pixels, not {PUBLISHED[0]} x {PUBLISHED[1]}; copy "
        "the published file again."
    )
