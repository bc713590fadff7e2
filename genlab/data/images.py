"""Load a dataset's images, from the best copy that this machine has.

Looked for in this order; the first place that has the split is used:

1. an explicit root in torchvision's layout, ROOT/FOLDER/raw/. Naming a root means that one, so
   a dataset it lacks is an error;
2. GENLAB_DATA, the same layout. It may hold some datasets only: for the others the search
   goes on. A folder that is not there is an error, being most likely a slip of the pen;
3. Debian's folder of Fashion-MNIST, which keeps the published .gz files;
4. the copy that `genlab.data.download` has put into the cache folder;
5. the part that ships with GenLab: all test images, the first 10,000 training images.

Nothing is downloaded here. A file that is found but damaged is an error, never a reason to go on
quietly with less data. Shapes: N images.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from genlab.data.catalogue import SPLITS, DatasetInfo, find_dataset
from genlab.data.faces import FaceFiles, find_faces
from genlab.data.idx import read_count, read_idx
from genlab.data.image_split import BUNDLED_SOURCE, ImageSplit, origin
from genlab.data.roots import downloads, named_folder, roots, stamp
from genlab.errors import GenLabError

__all__ = ["ImageSplit", "count_images", "downloads", "find_split", "load_split", "stamp"]

SIDE = 28  # pixels of DATASETS
UNSEEN, FIRST_UNSEEN = "mnist-unseen", 7
DEBIAN_FOLDERS = {"fashion": Path("/usr/share/datasets/fashion-mnist")}
BUNDLED = Path(__file__).parent / "bundled"
STEMS = {"train": "train", "test": "t10k"}


@dataclass(frozen=True)
class SplitFiles:
    """Where one split was found."""

    info: DatasetInfo
    split: str
    images: Path
    labels: Path
    source: str  # "from GENLAB_DATA", "bundled with GenLab", ...

    def shown(self, path: Path) -> str:
        """A file's name for people: its last folders, no absolute path."""
        folders = "/".join(path.parts[-3:]) if path.parent.name == "raw" else path.name
        return f"{folders} ({self.source})"

    def origin(self, count: int) -> str:
        """A sentence part such as "MNIST, all 10,000 test images, bundled with GenLab"."""
        return origin(self.info, self.split, count, self.source)

    def count(self) -> int:
        """The number of images, read from the header alone."""
        most = self.info.count(self.split)
        return read_count(self.images, (SIDE, SIDE), most, self.shown(self.images))

    def read(self) -> ImageSplit:
        """The images; read once per process and kept while the files stay as they are."""
        return _read(self, stamp(self.images), stamp(self.labels))


@dataclass(frozen=True)
class UnseenFiles:
    """MNIST of which some digits are left out: 7, 8 and 9 of training, the others of the test."""

    info: DatasetInfo
    whole: SplitFiles

    def origin(self, count: int) -> str:
        return origin(self.info, self.whole.split, count, self.whole.source)

    def count(self) -> int:
        return len(self.read().images)

    def read(self) -> ImageSplit:
        return _unseen(self.info, self.whole.read())


def load_split(name: str, split: str, root: str | Path | None = None) -> ImageSplit:
    """One split of a dataset, from the first place in the module's list that has it.

    Read once per process and kept while the files stay as they are.

    Args:
        name: a key of DATASETS or VERIFICATION.
        split: "train" or "test".
        root: look here only, in torchvision's folder layout.

    Raises:
        GenLabError: unknown name, no copy on this machine, or a damaged file.
    """
    return find_split(name, split, root).read()


def find_split(
    name: str, split: str, root: str | Path | None = None
) -> SplitFiles | FaceFiles | UnseenFiles:
    """The files load_split would read, unread; arguments and errors as there."""
    info = find_dataset(name)
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; choose one of {', '.join(SPLITS)}.")
    if info.of_people:
        return find_faces(info, split, root)
    if name == UNSEEN:
        return UnseenFiles(info, _find_idx(find_dataset("mnist"), split, root))
    return _find_idx(info, split, root)


def _find_idx(info: DatasetInfo, split: str, root: str | Path | None) -> SplitFiles:
    for folder, source in _places(info, root):
        files = _files_in(folder, info, split, source)
        if files is not None:
            return files
    wanted = f"{info.folder}/raw/{STEMS[split]}-images-idx3-ubyte"
    if root is not None:
        raise GenLabError(
            f'The folder "{named_folder(root).name}" has no {info.title} {split} images: neither '
            f"{wanted} nor the same with .gz is there; name the folder that holds it."
        )
    raise GenLabError(
        f"There is no {info.title} on this machine and it does not ship with GenLab; "
        f"set GENLAB_DATA to a folder that holds {wanted}, or run "
        f'"python -m genlab.data.download {info.name}".'
    )


def count_images(files: SplitFiles | FaceFiles | UnseenFiles) -> int:
    """The number of images, without reading those of a large file."""
    return files.count()


def _places(info: DatasetInfo, root: str | Path | None) -> list[tuple[Path, str]]:
    """Folders that may hold the idx files, best first, each with its words for people."""
    found = [(place / info.folder / "raw", source) for place, source in roots(info, root)]
    if root is not None:
        return found
    if info.name in DEBIAN_FOLDERS:  # before the downloaded copy, which comes last
        found.insert(-1, (DEBIAN_FOLDERS[info.name], "from the Debian package"))
    return [*found, (BUNDLED / info.folder / "raw", BUNDLED_SOURCE)]


def _files_in(folder: Path, info: DatasetInfo, split: str, source: str) -> SplitFiles | None:
    stem = STEMS[split]
    names = f"{stem}-images-idx3-ubyte", f"{stem}-labels-idx1-ubyte"
    images, labels = (_plain_or_gz(folder / name) for name in names)
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        there, missing = names if labels is None else names[::-1]
        raise GenLabError(
            f"{info.title} {source} has {there} but not {missing}; put the second beside the first."
        )
    return SplitFiles(info, split, images, labels, source)


def _plain_or_gz(path: Path) -> Path | None:
    candidates = path, path.with_name(path.name + ".gz")
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)


@lru_cache(maxsize=6)  # both splits of three datasets: at most 165 MB
def _read(files: SplitFiles, *_stamps: tuple[int, int]) -> ImageSplit:
    info, most = files.info, files.info.count(files.split)
    images = read_idx(files.images, (SIDE, SIDE), most, files.shown(files.images))
    labels = read_idx(files.labels, (), most, files.shown(files.labels))
    if len(images) != len(labels):
        raise GenLabError(
            f"{files.shown(files.images)} holds {len(images):,} images but "
            f"{files.labels.name} holds {len(labels):,} labels; copy both again."
        )
    if labels.max() >= len(info.classes):
        raise GenLabError(
            f"{files.shown(files.labels)} holds the label {labels.max()}, but {info.title} has "
            f"the classes 0 to {len(info.classes) - 1}; copy the published file again."
        )
    where = files.origin(len(images))
    return ImageSplit(info, files.split, images, labels, where, len(images) == most)


@lru_cache(maxsize=2)
def _unseen(info: DatasetInfo, whole: ImageSplit) -> ImageSplit:
    seen = whole.labels < FIRST_UNSEEN
    kept = seen if whole.split == "train" else ~seen
    images, labels = whole.images[kept], whole.labels[kept]
    images.setflags(write=False)
    labels.setflags(write=False)
    source = whole.origin.rpartition(", ")[2]
    where = origin(info, whole.split, len(images), source)
    return ImageSplit(info, whole.split, images, labels, where, whole.complete)
