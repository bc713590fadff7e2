"""Every test here starts on a machine that has nothing but what ships with GenLab."""

import os
from pathlib import Path

import numpy as np
import pytest

from genlab.data import images
from genlab.data.catalogue import DATASETS

FULL_DATA = os.environ.get("GENLAB_DATA")


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch, tmp_path):
    monkeypatch.delenv("GENLAB_DATA", raising=False)
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(images, "DEBIAN_FOLDERS", {"fashion": tmp_path / "debian"})


@pytest.fixture
def full_data():
    """The root of the full data, where the person running the tests has named one."""
    if not FULL_DATA:
        pytest.skip("GENLAB_DATA names no full copy of the data")
    return Path(FULL_DATA)


@pytest.fixture
def write_split():
    """Write one split as published: write_split(raw folder, split, images, labels)."""

    def write(raw, split, pictures, labels, suffix="", pack=bytes):
        raw.mkdir(parents=True, exist_ok=True)
        for kind, values in (("images-idx3", pictures), ("labels-idx1", labels)):
            path = raw / f"{images.STEMS[split]}-{kind}-ubyte{suffix}"
            path.write_bytes(pack(idx_bytes(values)))
        return raw

    return write


@pytest.fixture
def small_root(tmp_path, write_split):
    """A root with 40 training and 20 test images of MNIST, whose first pixel is the row number."""
    root = tmp_path / "small"
    for split, count in (("train", 40), ("test", 20)):
        pictures = np.zeros((count, 28, 28), np.uint8)
        pictures[:, 0, 0] = np.arange(count)
        labels = np.arange(count, dtype=np.uint8) % 10
        write_split(root / DATASETS["mnist"].folder / "raw", split, pictures, labels)
    return root


def idx_bytes(values):
    """The idx format written out independently of the code under test."""
    axes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + axes + values.tobytes()
