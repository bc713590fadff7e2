"""Faces as datasets: split by person, so that nobody is met in training and tested on.

    orl, orl-2 ... orl-5   ROOT/orl_faces/sN/M.pgm: the people s1, s2, ... in an order shuffled with
                           seed 0, cut into five folds; those of one fold are the test split. The
                           published 112 x 92 pixels are halved, by means of 2 x 2, to 56 x 46.
    lfw                    ROOT/lfw_pairs/lfw_dev_pairs_64x64.npz: the images of View 1 as 64 x 64,
                           with the people of its training pairs and those of its test pairs.

ROOT is an explicit one, GENLAB_DATA or the cache folder's datasets. Shapes: N images, C pairs.
"""

import os
import re
import zipfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from genlab.data.catalogue import ORL_FOLDS, DatasetInfo
from genlab.data.image_split import ImageSplit, origin
from genlab.data.roots import roots, stamp
from genlab.errors import GenLabError

VIEW_1 = "lfw_dev_pairs_64x64.npz"
MOST_FACES = 20_000  # of a file from elsewhere
PERSON = re.compile(r"s([0-9]{1,4})")


@dataclass(frozen=True)
class FaceFiles:
    """Where the faces of one split were found."""

    info: DatasetInfo
    split: str
    folder: Path
    source: str  # "from GENLAB_DATA", ...

    def count(self) -> int:
        """The number of images. Those of a folder are counted, those of a file are read."""
        if self.info.name in ORL_FOLDS:
            people = fold_people(self.folder, ORL_FOLDS.index(self.info.name), self.split)
            return sum(len(pictures_of(self.folder / person)) for person in people)
        return len(self.read().images)

    def origin(self, count: int) -> str:
        return origin(self.info, self.split, count, self.source)

    def read(self) -> ImageSplit:
        """The images; read once per process and kept while the files stay as they are."""
        if self.info.name in ORL_FOLDS:
            people = people_in(self.folder)
            return read_orl(self, tuple(stamp(self.folder / person) for person in people))
        return read_lfw(self, stamp(self.folder / VIEW_1))


def find_faces(info: DatasetInfo, split: str, root: str | Path | None = None) -> FaceFiles:
    """The first copy of some faces.

    Raises:
        GenLabError: there is none on this machine.
    """
    for place, source in roots(info, root):
        folder = place / info.folder
        if os.path.isfile(folder / VIEW_1) if info.name == "lfw" else people_in(folder):
            return FaceFiles(info, split, folder, source)
    what = f"{VIEW_1} in it" if info.name == "lfw" else "a folder for each person (s1, s2, ...)"
    raise GenLabError(
        f"The images of {info.title} are not on this machine and do not ship with GenLab; put the "
        f"folder {info.folder}, with {what}, into the folder that GENLAB_DATA names."
    )


# --- ORL -----------------------------------------------------------------------------------------


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


@lru_cache(maxsize=10)  # at most 1 MB each
def read_orl(files: FaceFiles, _stamps: tuple[tuple[int, int], ...]) -> ImageSplit:
    info, everybody = files.info, people_in(files.folder)
    info = replace(info, classes=tuple(everybody), identities=len(everybody))
    images, labels = [], []
    for person in fold_people(files.folder, ORL_FOLDS.index(info.name), files.split):
        for path in pictures_of(files.folder / person):
            images.append(halved(read_grey(path, (2 * info.height, 2 * info.width))))
            labels.append(everybody.index(person))
    if not images:
        raise GenLabError(
            f"The folder {info.folder} has no .pgm pictures for {info.title}; copy it again."
        )
    return frozen(files, info, np.stack(images), np.array(labels, np.uint16))


def read_grey(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A picture of that shape, (H, W) uint8."""
    try:
        with Image.open(path) as picture:
            rows, columns = picture.size[::-1]
            if (rows, columns) == shape:  # before anything is unpacked
                return np.asarray(picture.convert("L"))
    except (OSError, ValueError, SyntaxError) as error:
        raise GenLabError(
            f"{path.parent.name}/{path.name} cannot be read as a picture; copy it again."
        ) from error
    raise GenLabError(
        f"{path.parent.name}/{path.name} has {rows} x {columns} pixels, not {shape[0]} x "
        f"{shape[1]}; copy the published file again."
    )


def halved(image: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels, rounded: (2H, 2W) uint8 to (H, W) uint8."""
    H, W = image.shape[0] // 2, image.shape[1] // 2
    sums = image.reshape(H, 2, W, 2).sum(axis=(1, 3), dtype=np.uint16)
    return ((sums + 2) // 4).astype(np.uint8)


# --- LFW -----------------------------------------------------------------------------------------


@lru_cache(maxsize=2)  # 14 MB and 6 MB
def read_lfw(files: FaceFiles, _stamp: tuple[int, int]) -> ImageSplit:
    saved = read_view_1(files)
    in_train, people = saved["in_train"] == 1, saved["person"]
    trained, tested = np.unique(people[in_train]), np.unique(people[~in_train])
    if both := set(trained.tolist()) & set(tested.tolist()):
        raise GenLabError(
            f"{VIEW_1} has {min(both)} in both splits; copy the published file again."
        )
    everybody = np.concatenate([trained, tested]).tolist()
    place = {person: i for i, person in enumerate(everybody)}
    rows = np.flatnonzero(in_train == (files.split == "train"))
    names = tuple(person.replace("_", " ") for person in everybody)
    info = replace(files.info, classes=names, identities=len(trained))
    labels = np.array([place[person] for person in people[rows].tolist()], np.uint16)
    return frozen(files, info, saved["images"][rows], labels)


def view_1_pairs(files: FaceFiles) -> tuple[np.ndarray, np.ndarray]:
    """The published pairs of a split: (C, 2) int64 rows of the split, and (C,) bool, same."""
    return read_pairs(files, stamp(files.folder / VIEW_1))


@lru_cache(maxsize=2)
def read_pairs(files: FaceFiles, _stamp: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    saved = read_view_1(files)
    inside = saved["in_train"] == (1 if files.split == "train" else 0)
    pairs = saved[f"{files.split}_pairs"].astype(np.int64)
    if not inside[pairs].all():
        raise GenLabError(
            f"{VIEW_1} has {files.split} pairs of images of the other split; copy it again."
        )
    row = np.cumsum(inside) - 1  # of each image among those of its split
    pairs, same = row[pairs], saved[f"{files.split}_same"].astype(bool)
    pairs.setflags(write=False)
    same.setflags(write=False)
    return pairs, same


def read_view_1(files: FaceFiles) -> dict[str, np.ndarray]:
    """The arrays of the file, of shapes that belong together."""
    info = files.info
    try:
        with np.load(files.folder / VIEW_1, allow_pickle=False) as saved:
            wanted = ("images", "person", "in_train", "train_pairs", "train_same", "test_pairs",
                      "test_same")  # fmt: skip
            arrays = {name: saved[name] for name in wanted}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise GenLabError(
            f"{info.folder}/{VIEW_1} cannot be read ({str(error)[:100]}); copy it again."
        ) from error
    N, images = len(arrays["person"]), arrays["images"]
    pairs = [arrays[f"{split}_pairs"] for split in ("train", "test")]
    sames = [arrays[f"{split}_same"] for split in ("train", "test")]
    fits = (
        0 < N <= MOST_FACES
        and images.shape == (N, info.height, info.width)
        and images.dtype == np.uint8
        and arrays["person"].dtype.kind == "U"
        and arrays["in_train"].shape == (N,)
        and all(some.ndim == 2 and some.shape[1] == 2 and some.dtype.kind in "iu" for some in pairs)
        and all(some.size == 0 or (some.min() >= 0 and some.max() < N) for some in pairs)
        and all(same.shape == some.shape[:1] for same, some in zip(sames, pairs, strict=True))
    )
    if not fits:
        raise GenLabError(
            f"{info.folder}/{VIEW_1} does not hold the images and pairs of View 1; copy it again."
        )
    return arrays


def frozen(
    files: FaceFiles, info: DatasetInfo, images: np.ndarray, labels: np.ndarray
) -> ImageSplit:
    images.setflags(write=False)
    labels.setflags(write=False)
    complete = len(images) == info.count(files.split)
    return ImageSplit(info, files.split, images, labels, files.origin(len(images)), complete)
