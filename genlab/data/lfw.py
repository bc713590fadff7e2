"""View 1 of Labeled Faces in the Wild: one file of images and pairs, and a folder of people.

    ROOT/lfw_pairs/lfw_dev_pairs_64x64.npz   the images of View 1 as 64 x 64, and its pairs
    ROOT/lfw/Person_Name/Person_Name_NNNN.jpg  where it is there too: more pictures of the people
                                             of View 1's training pairs, to train on

No person of the test pairs is trained on. genlab/data/view_1.py makes the file from a folder of
all people. Shapes: N images, C pairs, T people of the training pairs.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from genlab.errors import GenLabError

VIEW_1, PEOPLE = "lfw_dev_pairs_64x64.npz", "lfw"
SIDE = 64
PUBLISHED = (250, 250)  # pixels of a .jpg
ROWS, COLUMNS = slice(66, 194), slice(61, 189)  # of those: the face
MOST_FACES = 20_000  # of a file from elsewhere
PICTURE = re.compile(r"(.+)_([0-9]{4})\.jpg")


class Faces(NamedTuple):
    images: np.ndarray  # (N, 64, 64) uint8
    labels: np.ndarray  # (N,) uint16, places in `people`
    people: tuple[str, ...]  # those of the training pairs first
    trained: int  # how many those are


def read_lfw(folder: Path, split: str) -> Faces:
    """The images of a split; of training those of the file first, in its order.

    Raises:
        GenLabError: the file or a picture is damaged.
    """
    saved = read_view_1(folder)
    in_train, people = saved["in_train"] == 1, saved["person"]
    trained, tested = np.unique(people[in_train]), np.unique(people[~in_train])
    if both := set(trained.tolist()) & set(tested.tolist()):
        raise GenLabError(
            f"{VIEW_1} has {min(both)} in both splits; copy the published file again."
        )
    everybody = np.concatenate([trained, tested]).tolist()
    place = {person: i for i, person in enumerate(everybody)}
    rows = np.flatnonzero(in_train == (split == "train"))
    images, shown = saved["images"][rows], people[rows].tolist()
    if split == "train":
        known = set(zip(shown, saved["number"][rows].tolist(), strict=True))
        more = [
            (person, read_face(path))
            for person in trained.tolist()
            for number, path in pictures_of(folder.parent / PEOPLE / person)
            if (person, number) not in known
        ]
        shown += [person for person, _ in more]
        images = np.concatenate([images, *(face[None] for _, face in more)])
    labels = np.array([place[person] for person in shown], np.uint16)
    names = tuple(person.replace("_", " ") for person in everybody)
    return Faces(images, labels, names, len(trained))


def pictures_of(folder: Path) -> Iterator[tuple[int, Path]]:
    """The numbers and files of a person's pictures; none where there is no such folder."""
    for path in sorted(folder.glob("*.jpg")):
        match = PICTURE.fullmatch(path.name)
        if match and match[1] == folder.name:
            yield int(match[2]), path


def read_face(path: Path) -> np.ndarray:
    """The face of a published picture, (64, 64) uint8: grey, means of 2 x 2 pixels, rounded."""
    try:
        with Image.open(path) as picture:
            sides = picture.size[::-1]
            if sides == PUBLISHED:  # before anything is unpacked
                grey = np.asarray(picture.convert("L"))[ROWS, COLUMNS]
                sums = grey.reshape(SIDE, 2, SIDE, 2).sum(axis=(1, 3), dtype=np.uint16)
                return ((sums + 2) // 4).astype(np.uint8)
    except (OSError, ValueError, SyntaxError) as error:
        raise GenLabError(f"{path.name} cannot be read as a picture; copy it again.") from error
    raise GenLabError(
        f"{path.name} has {sides[0]} x {sides[1]} pixels, not {PUBLISHED[0]} x {PUBLISHED[1]}; "
        "copy the published file again."
    )


def read_pairs(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The published pairs of a split: (C, 2) int64 rows of the split, and (C,) bool, same.

    Raises:
        GenLabError: the file is damaged.
    """
    saved = read_view_1(folder)
    inside = saved["in_train"] == (1 if split == "train" else 0)
    pairs = saved[f"{split}_pairs"].astype(np.int64)
    if not inside[pairs].all():
        raise GenLabError(
            f"{VIEW_1} has {split} pairs of images of the other split; copy it again."
        )
    row = np.cumsum(inside) - 1  # of each image among those of its split
    return row[pairs], saved[f"{split}_same"].astype(bool)


def read_view_1(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of the file, of shapes that belong together.

    Raises:
        GenLabError: they do not, or the file cannot be read.
    """
    wanted = ("images", "person", "number", "in_train", "train_pairs", "train_same", "test_pairs",
              "test_same")  # fmt: skip
    try:
        with np.load(folder / VIEW_1, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in wanted}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise GenLabError(
            f"{folder.name}/{VIEW_1} cannot be read ({str(error)[:100]}); copy it again."
        ) from error
    N, images = len(arrays["person"]), arrays["images"]
    pairs = [arrays[f"{split}_pairs"] for split in ("train", "test")]
    sames = [arrays[f"{split}_same"] for split in ("train", "test")]
    fits = (
        0 < N <= MOST_FACES
        and images.shape == (N, SIDE, SIDE)
        and images.dtype == np.uint8
        and arrays["person"].dtype.kind == "U"
        and arrays["number"].shape == arrays["in_train"].shape == (N,)
        and all(some.ndim == 2 and some.shape[1] == 2 and some.dtype.kind in "iu" for some in pairs)
        and all(some.size == 0 or (some.min() >= 0 and some.max() < N) for some in pairs)
        and all(same.shape == some.shape[:1] for same, some in zip(sames, pairs, strict=True))
    )
    if not fits:
        raise GenLabError(
            f"{folder.name}/{VIEW_1} does not hold the images and pairs of View 1; copy it again."
        )
    return arrays
