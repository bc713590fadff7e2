"""Download a full dataset, when a person asks for it and never otherwise: digits and clothes
through torchvision, faces through scikit-learn.

    python -m genlab.data.download fashion
    python -m genlab.data.download lfw --folder lfw-deepfunneled

The copy goes to the cache folder, where load_split finds it after an explicit root, GENLAB_DATA and
Debian's folder. With --folder LFW is not fetched but made from all its people, who lie there.
"""

import argparse
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from genlab.data.catalogue import DATASETS, SPLITS, DatasetInfo, find_dataset
from genlab.data.download_faces import fetch_lfw, fetch_orl
from genlab.data.images import downloads, load_split
from genlab.data.view_1 import make_view_1
from genlab.errors import GenLabError

PATIENCE = 30.0  # seconds without an answer; torchvision itself would wait for ever


def download(name: str) -> Path:
    """Fetch the full dataset unless it has been already; returns the root it lies under.

    torchvision and scikit-learn check the published checksums; the files are read once more here,
    and only then moved into place, so an interrupted download leaves nothing behind.

    Raises:
        GenLabError: unknown name, no network, or a cache folder that takes no files.
    """
    info, root = find_dataset(name), downloads()
    if _is_whole(name, root):
        return root
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix="part-") as part:
            _fetch(info, part)
            for split in SPLITS:
                load_split(name, split, part)
            for packed in Path(part, info.folder, "raw").glob("*.gz"):
                packed.unlink()
            for folder in Path(part).iterdir():
                shutil.rmtree(root / folder.name, ignore_errors=True)  # a damaged earlier copy
                folder.rename(root / folder.name)
    except OSError as error:
        if _is_whole(name, root):  # somebody else's download was done first
            return root
        raise GenLabError(
            f"The download of {info.title} cannot be kept in the cache folder ({error.strerror}); "
            "free some space or point GENLAB_HOME to a folder that can be written to."
        ) from error
    return root


def _is_whole(name: str, root: Path) -> bool:
    try:
        return all(load_split(name, split, root).complete for split in SPLITS)
    except GenLabError:
        return False


def _fetch(info: DatasetInfo, folder: str) -> None:
    try:
        with _patience():
            if info.of_people:
                (fetch_lfw if info.name == "lfw" else fetch_orl)(Path(folder))
                return
            from torchvision import datasets  # here, as importing it takes seconds

            getattr(datasets, info.folder)(folder, download=True)
    except (OSError, RuntimeError, HTTPException) as error:
        inside = info.folder if info.of_people else f"{info.folder}/raw"
        raise GenLabError(
            f"{info.title} could not be downloaded; check the network, or set GENLAB_DATA to a "
            f"folder that holds {inside}."
        ) from error


@contextmanager
def _patience() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def main() -> None:
    parser = argparse.ArgumentParser(description="Download a full dataset.")
    parser.add_argument("name", choices=[*DATASETS, "orl", "lfw"])
    parser.add_argument("--folder", type=Path, help="of all of LFW's people: make View 1 of it")
    asked = parser.parse_args()
    name = asked.name
    try:
        if asked.folder and name != "lfw":
            raise GenLabError("Only lfw is made from a folder; leave out --folder.")
        if asked.folder:
            make_view_1(asked.folder.resolve(), downloads() / find_dataset("lfw").folder)
        else:
            download(name)
    except GenLabError as error:
        raise SystemExit(str(error)) from error
    for split in SPLITS:
        print(load_split(name, split).origin)


if __name__ == "__main__":
    main()
