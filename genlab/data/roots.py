"""Where the folders of datasets may lie, best first."""

import os
from pathlib import Path

from genlab.data.catalogue import DatasetInfo
from genlab.errors import GenLabError
from genlab.places import cache_dir


def roots(info: DatasetInfo, root: str | Path | None = None) -> list[tuple[Path, str]]:
    """Roots that may hold a dataset's folder, each with its words for people; not all are there.

    Args:
        root: an explicit one, which is then the only one.

    Raises:
        GenLabError: GENLAB_DATA names no folder.
    """
    if root is not None:
        folder = named_folder(root)
        return [(folder, f'from the folder "{folder.name}"')]
    places = []
    if named := os.environ.get("GENLAB_DATA"):
        data = named_folder(named)
        if not os.path.isdir(data):  # unlike Path's, False where looking is not permitted
            inside = info.folder if info.of_people else f"{info.folder}/raw"
            raise GenLabError(
                f'GENLAB_DATA names "{data.name}", which is not a folder; set it to the folder '
                f"that holds {inside}, or unset it to use the bundled part."
            )
        places.append((data, "from GENLAB_DATA"))
    return [*places, (downloads(), "from the downloaded copy")]


def named_folder(named: str | Path) -> Path:
    """An absolute path, so that "." too has a name to show."""
    return Path(os.path.abspath(os.path.expanduser(named)))


def downloads() -> Path:
    """The root that downloaded copies are kept under."""
    return cache_dir() / "datasets"


def stamp(path: Path) -> tuple[int, int]:
    """Time and size of a file: different once the file has been replaced."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size
