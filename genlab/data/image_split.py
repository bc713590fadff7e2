"""One split of one dataset, and the words that say which images it holds."""

from dataclasses import dataclass

import numpy as np

from genlab.data.catalogue import DatasetInfo

BUNDLED_SOURCE = "bundled with GenLab"


@dataclass(frozen=True, eq=False)  # eq=False: hashed by identity, so caches can be keyed by it
class ImageSplit:
    """One split of one dataset, resident and shared by all: the arrays cannot be written to."""

    info: DatasetInfo
    split: str  # "train" or "test"
    images: np.ndarray  # (N, H, W) uint8, 0 black to 255 white; H = W = 28 but for faces
    labels: np.ndarray  # (N,) unsigned integers, 0 to K - 1, of info.classes
    origin: str  # which images these are and where they come from, for people
    complete: bool  # all images of the published split


def origin(info: DatasetInfo, split: str, count: int, source: str) -> str:
    """A sentence part such as "MNIST, all 10,000 test images, bundled with GenLab"."""
    total = info.count(split)
    kind = "training" if split == "train" else "test"
    which = f"{count:,} of {total:,}" if count < total else f"all {total:,}"
    if source == BUNDLED_SOURCE and count < total:
        which = f"the first {which}"
    more = f" and {count - total:,} more of the same people" if count > total else ""
    return f"{info.title}, {which} {kind} images{more}, {source}"
