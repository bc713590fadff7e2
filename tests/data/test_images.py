import gzip
import os
import subprocess
import sys

import numpy as np
import pytest

from genlab.data import images
from genlab.data.catalogue import DATASETS
from genlab.data.images import count_images, find_split, load_split
from genlab.errors import GenLabError
from genlab.places import ROOT

BUNDLED = ("mnist", "fashion")


@pytest.fixture
def pictures():
    return np.random.default_rng(1).integers(0, 256, (30, 28, 28), np.uint8)


@pytest.fixture
def labels():
    return np.arange(30, dtype=np.uint8) % 10


@pytest.mark.parametrize("name", BUNDLED)
def test_with_nothing_else_the_bundled_part_is_used_and_said(name):
    train, test = load_split(name, "train"), load_split(name, "test")
    title = DATASETS[name].title
    assert train.origin == (
        f"{title}, the first 10,000 of 60,000 training images, bundled with GenLab"
    )
    assert test.origin == f"{title}, all 10,000 test images, bundled with GenLab"
    assert (train.complete, test.complete) == (False, True)
    for part in (train, test):
        assert part.images.shape == (10_000, 28, 28)
        assert part.labels.shape == (10_000,)
        assert part.images.dtype == part.labels.dtype == np.uint8


def test_each_place_wins_over_those_after_it(tmp_path, monkeypatch, write_split, pictures, labels):
    places = {
        "downloaded": images.downloads() / "FashionMNIST" / "raw",
        "Debian": tmp_path / "debian",
        "GENLAB_DATA": tmp_path / "mine" / "FashionMNIST" / "raw",
        "explicit": tmp_path / "root" / "FashionMNIST" / "raw",
    }
    for brightness, (place, raw) in enumerate(places.items()):
        write_split(raw, "test", np.full_like(pictures, brightness), labels)
        root = tmp_path / "root" if place == "explicit" else None
        if place == "GENLAB_DATA":
            monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "mine"))
        part = load_split("fashion", "test", root)
        assert part.images.max() == brightness, place
    assert part.origin == 'Fashion-MNIST, 30 of 10,000 test images, from the folder "root"'
    assert not part.complete
    assert load_split("fashion", "test").origin.endswith("from GENLAB_DATA")


def test_debians_gz_files_are_read(tmp_path, write_split, pictures, labels):
    write_split(tmp_path / "debian", "test", pictures, labels, ".gz", gzip.compress)
    part = load_split("fashion", "test")
    np.testing.assert_array_equal(part.images, pictures)
    assert part.origin == "Fashion-MNIST, 30 of 10,000 test images, from the Debian package"
    assert "bundled" in load_split("mnist", "test").origin


def test_genlab_data_that_lacks_a_dataset_lets_the_search_go_on(small_root, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(small_root))
    assert load_split("mnist", "train").origin.endswith("from GENLAB_DATA")
    assert load_split("fashion", "train").origin.endswith("bundled with GenLab")


def test_genlab_data_that_is_no_folder_is_an_error_that_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "slip"))
    with pytest.raises(GenLabError, match=r'GENLAB_DATA names "slip".*set it to.*or unset it') as e:
        load_split("mnist", "test")
    assert str(tmp_path) not in str(e.value)


def test_an_explicit_root_without_the_dataset_says_what_was_looked_for(small_root):
    with pytest.raises(GenLabError) as caught:
        load_split("fashion", "test", small_root)
    assert str(caught.value) == (
        'The folder "small" has no Fashion-MNIST test images: neither '
        "FashionMNIST/raw/t10k-images-idx3-ubyte nor the same with .gz is there; "
        "name the folder that holds it."
    )


def test_a_dataset_that_is_nowhere_says_the_two_ways_to_get_it():
    with pytest.raises(GenLabError, match=r"no KMNIST.*set GENLAB_DATA.*data\.download kmnist"):
        load_split("kmnist", "train")


def test_an_unknown_dataset_lists_the_known_ones():
    with pytest.raises(GenLabError, match="no dataset 'emnist'; choose one of mnist, fashion, km"):
        load_split("emnist", "train")


def test_an_unknown_split_is_the_callers_mistake():
    with pytest.raises(ValueError, match="choose one of train, test"):
        load_split("mnist", "valid")


@pytest.mark.parametrize("missing", ["t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
def test_half_a_split_is_an_error_and_not_a_reason_to_look_elsewhere(
    small_root, monkeypatch, missing
):
    monkeypatch.setenv("GENLAB_DATA", str(small_root))
    (small_root / "MNIST/raw" / missing).unlink()
    with pytest.raises(GenLabError, match=f"from GENLAB_DATA has .* but not {missing}; put"):
        load_split("mnist", "test")


def test_a_damaged_file_is_an_error_and_not_a_reason_to_look_elsewhere(small_root, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(small_root))
    path = small_root / "MNIST/raw/t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(GenLabError, match=r"^MNIST/raw/t10k-images-idx3-ubyte .*cut short") as e:
        load_split("mnist", "test")
    assert str(small_root) not in str(e.value)


def test_images_and_labels_must_be_equally_many(small_root):
    raw = small_root / "MNIST/raw"
    (raw / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x02\x01\x02")
    with pytest.raises(GenLabError, match="20 images but t10k-labels-idx1-ubyte holds 2 labels"):
        load_split("mnist", "test", small_root)


def test_a_label_that_is_no_class_is_an_error(small_root):
    path = small_root / "MNIST/raw/t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(GenLabError, match="holds the label 10, but MNIST has the classes 0 to 9"):
        load_split("mnist", "test", small_root)


def test_more_images_than_were_published_are_refused_unread(small_root):
    path = small_root / "MNIST/raw/t10k-images-idx3-ubyte"
    header = path.read_bytes()[:16]
    path.write_bytes(header[:4] + (10_001).to_bytes(4, "big") + header[8:])
    with pytest.raises(
        GenLabError, match=r"^MNIST/raw/\S+ .* declares 10,001 images where 1 to 10,000"
    ):
        load_split("mnist", "test", small_root)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_says_so(small_root):
    (small_root / "MNIST/raw/t10k-images-idx3-ubyte").chmod(0)
    with pytest.raises(GenLabError, match="cannot be read"):
        load_split("mnist", "test", small_root)


def test_a_split_is_read_once_and_again_when_its_file_changes(small_root):
    first = load_split("mnist", "test", small_root)
    assert load_split("mnist", "test", small_root) is first
    path = small_root / "MNIST/raw/t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\x03")
    os.utime(path, ns=(1, 1))
    assert load_split("mnist", "test", small_root).labels[-1] == 3


def test_arrays_shared_by_all_visitors_cannot_be_written_to():
    part = load_split("mnist", "test")
    for values in (part.images, part.labels):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def test_the_image_count_is_known_without_reading_the_images(small_root):
    assert count_images(find_split("mnist", "train", small_root)) == 40
    assert count_images(find_split("fashion", "train")) == 10_000


def test_class_counts_are_the_published_ones(full_data):
    """The publishers' figures for the full training splits."""
    mnist = load_split("mnist", "train", full_data)
    assert np.bincount(mnist.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    for name in ("fashion", "kmnist"):
        assert np.bincount(load_split(name, "train", full_data).labels).tolist() == [6000] * 10
        assert load_split(name, "train", full_data).complete


def test_loading_images_imports_neither_torch_nor_torchvision():
    script = (
        "import sys, genlab.data.floors, genlab.data.sprite, genlab.data.download;"
        "genlab.data.images.load_split('mnist', 'test');"
        "print({'torch', 'torchvision', 'sklearn', 'scipy', 'streamlit'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
