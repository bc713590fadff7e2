"""The linear probe on raw pixels: the control of every probe of a dataset, so kept on disk.

It is kept by the content of the images and labels it was trained and tested on.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genlab.data.images import ImageSplit
from genlab.places import cache_dir
from genlab.runs.folder import write_whole

DEFINITION = 1  # raise when a figure's meaning changes, so that kept ones are left behind

Figures = dict[str, dict[str, Any]]  # of explore.gan_probe.probe_shares


def kept_or_made(train: ImageSplit, test: ImageSplit, make: Callable[[], Figures]) -> Figures:
    """The figures on these images from the cache folder, else those that `make` computes."""
    path = cache_dir() / "raw-probes" / f"{content_of(train, test)}.json"
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        pass  # not made yet, or not whole
    figures = make()
    keep(path, figures)
    return figures


def content_of(train: ImageSplit, test: ImageSplit) -> str:
    digest = hashlib.blake2b(f"raw probe {DEFINITION}".encode(), digest_size=8)
    for array in (train.images, train.labels, test.images, test.labels):
        digest.update(array.tobytes())
    return digest.hexdigest()


def keep(path: Path, figures: Figures) -> None:
    """A folder that takes no files is no error: they are computed again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(figures).encode())
    except OSError:
        return
