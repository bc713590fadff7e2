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

import numpy as np

from genlab.data.catalogue import SPLITS, DatasetInfo, find_dataset
from genlab.data.idx import read_count, read_idx
from genlab.errors import GenLabError
from genlab.places import cache_dir

SIDE = 28  # pixels
DEBIAN_FOLDERS = {"fashion": Path("/usr/share/datasets/fashion-mnist")}
BUNDLED = Path(__file__).parent / "bundled"
BUNDLED_SOURCE = "bundled with GenLab"
STEMS = {"train": "train", "test": "t10k"}


@dataclass(frozen=True, eq=False)  # eq=False: hashed by identity, so caches can be keyed by it
class ImageSplit:
    """One split of one dataset, resident and shared by all: the arrays cannot be written to."""

    info: DatasetInfo
    split: str  # "train" or "test"
    images: np.ndarray  # (N, 28, 28) uint8, 0 black to 255 white
    labels: np.ndarray  # (N,) uint8, 0 to 9
    origin: str  # which images these are and where they come from, for people
    complete: bool  # all images of the published split


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
        total = self.info.count(self.split)
        kind = "training" if self.split == "train" else "test"
        which = f"all {total:,}" if count == total else f"{count:,} of {total:,}"
        if self.source == BUNDLED_SOURCE and count < total:
            which = f"the first {which}"
        return f"{self.info.title}, {which} {kind} images, {self.source}"


def load_split(name: str, split: str, root: str | Path | None = None) -> ImageSplit:
    """One split of a dataset, from the first place in the module's list that has it.

    Read once per process and kept while the files stay as they are.

    Args:
        name: a key of DATASETS.
        split: "train" or "test".
        root: look here only, in torchvision's folder layout.

    Raises:
        GenLabError: unknown name, no copy on this machine, or a damaged file.
    """
    files = find_split(name, split, root)
    return _read(files, stamp(files.images), stamp(files.labels))


def find_split(name: str, split: str, root: str | Path | None = None) -> SplitFiles:
    """The files load_split would read, unread; arguments and errors as there."""
    info = find_dataset(name)
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; choose one of {', '.join(SPLITS)}.")
    for folder, source in _places(info, root):
        files = _files_in(folder, info, split, source)
        if files is not None:
            return files
    wanted = f"{info.folder}/raw/{STEMS[split]}-images-idx3-ubyte"
    if root is not None:
        raise GenLabError(
            f'The folder "{_folder(root).name}" has no {info.title} {split} images: neither '
            f"{wanted} nor the same with .gz is there; name the folder that holds it."
        )
    raise GenLabError(
        f"There is no {info.title} on this machine and it does not ship with GenLab; "
        f"set GENLAB_DATA to a folder that holds {wanted}, or run "
        f'"python -m genlab.data.download {name}".'
    )


def count_images(files: SplitFiles) -> int:
    """The number of images, read from the header alone."""
    most = files.info.count(files.split)
    return read_count(files.images, (SIDE, SIDE), most, files.shown(files.images))


def _places(info: DatasetInfo, root: str | Path | None) -> list[tuple[Path, str]]:
    """Folders that may hold the idx files, best first, each with its words for people."""
    if root is not None:
        folder = _folder(root)
        return [(folder / info.folder / "raw", f'from the folder "{folder.name}"')]
    places = []
    if named := os.environ.get("GENLAB_DATA"):
        data = _folder(named)
        if not os.path.isdir(data):  # unlike Path's, False where looking is not permitted
            raise GenLabError(
                f'GENLAB_DATA names "{data.name}", which is not a folder; set it to the folder '
                f"that holds {info.folder}/raw, or unset it to use the bundled part."
            )
        places.append((data / info.folder / "raw", "from GENLAB_DATA"))
    if info.name in DEBIAN_FOLDERS:
        places.append((DEBIAN_FOLDERS[info.name], "from the Debian package"))
    places.append((downloads() / info.folder / "raw", "from the downloaded copy"))
    places.append((BUNDLED / info.folder / "raw", BUNDLED_SOURCE))
    return places


def _folder(named: str | Path) -> Path:
    """An absolute path, so that "." too has a name to show."""
    return Path(os.path.abspath(os.path.expanduser(named)))


def downloads() -> Path:
    """The root that downloaded copies are kept under."""
    return cache_dir() / "datasets"


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


def stamp(path: Path) -> tuple[int, int]:
    """Time and size of a file: different once the file has been replaced."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


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
    origin = files.origin(len(images))
    return ImageSplit(info, files.split, images, labels, origin, len(images) == most)
