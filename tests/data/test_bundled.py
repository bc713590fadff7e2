import hashlib
from pathlib import Path

import numpy as np
import pytest

from genlab.data.bundle import BUNDLED_NAMES, bundle
from genlab.data.catalogue import DATASETS
from genlab.data.images import BUNDLED, load_split

MNIST_TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
# md5 of the publishers' unpacked test files, and sha256 of the pixels and labels of the first
# 10,000 training images of their full files.
PUBLISHED_MD5 = {
    "mnist": ("2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637"),
    "fashion": ("8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965"),
}
TRAIN_SHA256 = {
    "mnist": "2e49afdffc567fd5f9f306a04e2bafced2432146ae04f4b9a58b25505ba05b2e",
    "fashion": "b134f74849da1a1bcd32ee8c73b764a5657b0f25350e9ed3b4a4e8cb8505b14b",
}


def sha256(part, count=10_000):
    content = part.images[:count].tobytes() + part.labels[:count].tobytes()
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", BUNDLED_NAMES)
def test_bundled_test_files_unpack_to_the_published_ones(name):
    test = load_split(name, "test", BUNDLED)
    images = bytes.fromhex("00000803 00002710 0000001c 0000001c") + test.images.tobytes()
    labels = bytes.fromhex("00000801 00002710") + test.labels.tobytes()
    found = tuple(hashlib.md5(content).hexdigest() for content in (images, labels))
    assert found == PUBLISHED_MD5[name]


@pytest.mark.parametrize("name", BUNDLED_NAMES)
def test_bundled_training_images_are_those_that_were_bundled(name):
    assert sha256(load_split(name, "train", BUNDLED)) == TRAIN_SHA256[name]


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("name", BUNDLED_NAMES)
def test_bundled_images_are_the_first_of_the_full_data(full_data, name, split):
    assert sha256(load_split(name, split, BUNDLED)) == sha256(load_split(name, split, full_data))


def test_bundled_test_classes_are_as_frequent_as_published():
    assert np.bincount(load_split("mnist", "test", BUNDLED).labels).tolist() == MNIST_TEST_COUNTS
    assert np.bincount(load_split("fashion", "test", BUNDLED).labels).tolist() == [1000] * 10


def test_the_bundled_part_stays_small():
    sizes = [path.stat().st_size for path in BUNDLED.rglob("*") if path.is_file()]
    assert sum(sizes) < 12_500_000
    assert max(sizes) < 6_000_000


def test_licence_and_attribution_lie_beside_the_data():
    text = (BUNDLED / "README.md").read_text(encoding="utf-8")
    for name in BUNDLED_NAMES:
        info = DATASETS[name]
        assert f"`{info.folder}/`" in text
        assert info.licence in text
        assert info.home in text
    assert "https://creativecommons.org/licenses/by-sa/3.0/" in text
    assert "Copyright © 2017 Zalando SE" in text
    assert "Permission is hereby granted, free of charge" in text
    assert {path.name for path in BUNDLED.iterdir()} == {"README.md", "MNIST", "FashionMNIST"}


def test_bundling_twice_gives_the_same_bytes_and_the_same_images(small_root, tmp_path):
    raw = "MNIST/raw/t10k-images-idx3-ubyte.gz"
    made: list[Path] = [tmp_path / "once", tmp_path / "twice"]
    for out in made:
        bundle("mnist", small_root, out)
    assert (made[0] / raw).read_bytes() == (made[1] / raw).read_bytes()
    assert (made[0] / raw).read_bytes()[4:8] == bytes(4)  # gzip's time stamp
    for split in ("train", "test"):
        full, part = (load_split("mnist", split, root) for root in (small_root, made[0]))
        np.testing.assert_array_equal(part.images, full.images)
        np.testing.assert_array_equal(part.labels, full.labels)
