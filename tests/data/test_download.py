"""No network here: a stand-in for torchvision writes the files, or fails as torchvision does."""

import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from genlab.data.download import download
from genlab.data.images import downloads, load_split
from genlab.errors import GenLabError


@pytest.fixture
def torchvision(monkeypatch, write_split):
    """Set torchvision.fails to raise; torchvision.calls counts."""
    stand_in = SimpleNamespace(calls=0, fails=None, timeout=None)

    def mnist(root, download):
        stand_in.calls += 1
        stand_in.timeout = socket.getdefaulttimeout()
        raw = Path(root, "MNIST", "raw")
        labels = np.arange(60_000, dtype=np.uint8) % 10
        write_split(raw, "train", np.zeros((60_000, 28, 28), np.uint8), labels)
        (raw / "train-images-idx3-ubyte.gz").write_bytes(b"packed")
        if stand_in.fails:
            raise stand_in.fails
        write_split(raw, "test", np.ones((10_000, 28, 28), np.uint8), labels[:10_000])

    stand_in.datasets = SimpleNamespace(MNIST=mnist)
    monkeypatch.setitem(sys.modules, "torchvision", stand_in)
    return stand_in


def test_a_downloaded_copy_is_found_by_load_split(torchvision):
    assert "bundled" in load_split("mnist", "train").origin
    download("mnist")
    train = load_split("mnist", "train")
    assert train.origin == "MNIST, all 60,000 training images, from the downloaded copy"
    assert train.complete
    assert [path.name for path in downloads().iterdir()] == ["MNIST"]
    assert not list(downloads().rglob("*.gz"))


def test_a_copy_that_is_whole_is_not_fetched_again(torchvision):
    download("mnist")
    download("mnist")
    assert torchvision.calls == 1


def test_a_damaged_copy_is_fetched_again(torchvision):
    download("mnist")
    path = downloads() / "MNIST/raw/t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    download("mnist")
    assert torchvision.calls == 2
    assert load_split("mnist", "test").complete


@pytest.mark.parametrize(
    "failure", [RuntimeError("Error downloading"), TimeoutError("timed out"), OSError("no route")]
)
def test_a_download_that_fails_says_what_to_do_and_leaves_nothing(torchvision, failure):
    torchvision.fails = failure
    with pytest.raises(GenLabError, match=r"check the network, or set GENLAB_DATA.*MNIST/raw"):
        download("mnist")
    assert list(downloads().iterdir()) == []
    assert "bundled" in load_split("mnist", "train").origin


def test_a_silent_server_is_not_waited_for_for_ever(torchvision):
    before = socket.getdefaulttimeout()
    download("mnist")
    assert 0 < torchvision.timeout <= 60
    assert socket.getdefaulttimeout() == before


def test_a_cache_folder_that_takes_no_files_is_an_error_with_its_mend(torchvision, tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(GenLabError, match=r"cannot be kept.*point GENLAB_HOME"):
        download("mnist")
