import gzip
import tracemalloc

import numpy as np
import pytest

from genlab.data.idx import read_count, read_idx
from genlab.errors import GenLabError

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
PLAIN = bytes.fromhex("00000803 00000005 0000001c 0000001c") + PICTURES.tobytes()


def read(tmp_path, content, item=(28, 28), most=5):
    path = tmp_path / "some-file"
    path.write_bytes(content)
    return read_idx(path, item, most, "some-file")


@pytest.mark.parametrize("content", [PLAIN, gzip.compress(PLAIN)], ids=["plain", "gzip"])
def test_a_file_reads_back_as_the_array_that_was_written(tmp_path, content):
    np.testing.assert_array_equal(read(tmp_path, content), PICTURES)


def test_the_array_cannot_be_written_to_nor_made_writable(tmp_path):
    pictures = read(tmp_path, PLAIN)
    with pytest.raises(ValueError, match="read-only"):
        pictures[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        pictures.flags.writeable = True


@pytest.mark.parametrize(
    ("content", "found", "mend"),
    [
        (b"", "it starts with nothing, not 00000803", "copy the published file"),
        (b"<html>no such page", "it starts with 3c68746d, not 00000803", "copy the published file"),
        (b"\0\0\x08\x01" + PLAIN[4:], "not an idx file of images", "copy the published file"),
        (PLAIN[:11], "cut short inside its header", "copy it again"),
        (PLAIN[:-1], "cut short: 5 entries are declared, 3,936 bytes, but 3,935", "copy the file"),
        (PLAIN + b"x", "too long: 5 entries are declared, 3,936 bytes, but more than", "copy the"),
        (gzip.compress(PLAIN)[:-100], "cut short inside its gzip", "copy it again"),
        (gzip.compress(PLAIN)[:-1], "cut short inside its gzip", "copy it again"),
        (gzip.compress(PLAIN[:-1]), "cut short: 5 entries are declared", "copy the file again"),
        (gzip.compress(PLAIN + bytes(100)), "but more than 3,936 bytes", "copy the file again"),
        (gzip.compress(PLAIN)[:-8] + bytes(8), "damaged inside its gzip", "copy it again"),
        (b"\x1f\x8bnot gzip at all", "damaged inside its gzip", "copy it again"),
        (PLAIN[:4] + bytes(4) + PLAIN[8:], "declares 0 images", "copy the published file"),
        (
            PLAIN[:4] + b"\xff" * 4 + PLAIN[8:],
            "declares 4,294,967,295 images",
            "copy the published",
        ),
        (PLAIN[:11] + b"\x20" + PLAIN[12:], "holds 32x28 images where 28x28", "use 28x28 data"),
    ],
)
def test_a_damaged_file_is_told_in_one_sentence_with_its_mend(tmp_path, content, found, mend):
    with pytest.raises(GenLabError) as caught:
        read(tmp_path, content)
    sentence = str(caught.value)
    assert sentence.startswith("some-file ")
    assert found in sentence
    assert mend in sentence
    assert "\n" not in sentence


def test_a_small_gzip_of_a_huge_content_is_not_unpacked(tmp_path, monkeypatch):
    bomb = gzip.compress(PLAIN + bytes(50 << 20))
    assert len(bomb) < 60_000
    tracemalloc.start()
    with pytest.raises(GenLabError, match="more than 3,936 bytes"):
        read(tmp_path, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 << 20


def test_labels_are_read_as_one_number_each(tmp_path):
    labels = read(tmp_path, b"\0\0\x08\x01\0\0\0\x03\x07\x02\x01", item=())
    np.testing.assert_array_equal(labels, np.array([7, 2, 1], np.uint8))


def test_a_file_that_cannot_be_opened_names_itself(tmp_path):
    with pytest.raises(GenLabError, match=r"some-file cannot be read \(Is a directory\)"):
        read_idx(tmp_path, (), 5, "some-file")


@pytest.mark.parametrize("content", [PLAIN, gzip.compress(PLAIN)], ids=["plain", "gzip"])
def test_the_count_needs_only_the_header(tmp_path, content):
    path = tmp_path / "some-file"
    path.write_bytes(content[:200])
    assert read_count(path, (28, 28), 5, "some-file") == 5
