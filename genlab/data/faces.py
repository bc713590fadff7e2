"""Faces as datasets: split by person, so that nobody is met in training and tested on.

    orl, orl-2 ... orl-5   genlab/data/orl.py: five folds of 40 people
    lfw                    genlab/data/lfw.py: View 1, with the published pairs

ROOT is an explicit one, GENLAB_DATA or the cache folder's datasets. Shapes: N images, C pairs.
"""

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from genlab.data.catalogue import ORL_FOLDS, DatasetInfo
from genlab.data.image_split import ImageSplit, origin
from genlab.data.lfw import PEOPLE, VIEW_1, read_lfw, read_pairs
from genlab.data.orl import fold_people, people_in, pictures_of, read_orl
from genlab.data.roots import roots, stamp
from genlab.errors import GenLabError

Stamps = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class FaceFiles:
    """Where the faces of one split were found."""

    info: DatasetInfo
    split: str
    folder: Path
    source: str  # "from GENLAB_DATA", ...

    @property
    def is_orl(self) -> bool:
        return self.info.name in ORL_FOLDS

    @property
    def fold(self) -> int:
        return ORL_FOLDS.index(self.info.name)

    def count(self) -> int:
        """The number of images. Those of ORL are counted, those of LFW are read."""
        if self.is_orl:
            people = fold_people(self.folder, self.fold, self.split)
            return sum(len(pictures_of(self.folder / person)) for person in people)
        return len(self.read().images)

    def origin(self, count: int) -> str:
        return origin(self.info, self.split, count, self.source)

    def stamps(self) -> Stamps:
        """Different once the files have been replaced, or people have come or gone; a picture that
        a person of LFW gets later is found by the next process."""
        if self.is_orl:
            return tuple(stamp(self.folder / person) for person in people_in(self.folder))
        more = self.folder.parent / PEOPLE
        return (stamp(self.folder / VIEW_1), *([stamp(more)] if more.is_dir() else []))

    def read(self) -> ImageSplit:
        """The images; read once per process and kept while the files stay as they are."""
        return _read(self, self.stamps())


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
    fetch = "lfw" if info.name == "lfw" else "orl"
    raise GenLabError(
        f"The images of {info.title} are not on this machine and do not ship with GenLab; put the "
        f"folder {info.folder}, with {what}, into the folder that GENLAB_DATA names, or run "
        f'"python -m genlab.data.download {fetch}".'
    )


@lru_cache(maxsize=12)  # ORL at most 1.3 MB each, LFW 16 MB and 6 MB
def _read(files: FaceFiles, _stamps: Stamps) -> ImageSplit:
    if files.is_orl:
        images, labels = read_orl(files.folder, files.fold, files.split)
        people = tuple(people_in(files.folder))
        info = replace(files.info, classes=people, identities=len(people))
    else:
        images, labels, people, trained = read_lfw(files.folder, files.split)
        info = replace(files.info, classes=people, identities=trained)
    images.setflags(write=False)
    labels.setflags(write=False)
    complete = len(images) >= info.count(files.split)
    return ImageSplit(info, files.split, images, labels, files.origin(len(images)), complete)


def view_1_pairs(files: FaceFiles) -> tuple[np.ndarray, np.ndarray]:
    """The published pairs of a split: (C, 2) int64 rows of the split, and (C,) bool, same."""
    return _pairs(files, files.stamps())


@lru_cache(maxsize=2)
def _pairs(files: FaceFiles, _stamps: Stamps) -> tuple[np.ndarray, np.ndarray]:
    pairs, same = read_pairs(files.folder, files.split)
    pairs.setflags(write=False)
    same.setflags(write=False)
    return pairs, same
