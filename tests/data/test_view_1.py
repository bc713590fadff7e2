import numpy as np
import pytest
from PIL import Image

from genlab.data.images import load_split
from genlab.data.lfw import pictures_of, read_face, read_view_1
from genlab.data.pairs import load_pairs
from genlab.data.view_1 import make_view_1
from genlab.errors import GenLabError
from tests.face_folders import write_people

PEOPLE = {"Ann_Lee": [1, 2, 3], "Bo_Ek": [1, 2], "Cy_Fox": [1, 4], "Di_Roe": [2]}


@pytest.fixture
def people(tmp_path):
    (tmp_path / "pairsDevTrain.txt").write_text("1\nAnn_Lee\t1\t3\nAnn_Lee\t2\tBo_Ek\t1\n")
    (tmp_path / "pairsDevTest.txt").write_text("1\nCy_Fox\t1\t4\nDi_Roe\t2\tCy_Fox\t1\n")
    return write_people(tmp_path / "all_of_lfw", PEOPLE)


def test_the_file_made_of_a_folder_is_read_as_the_published_one(people, tmp_path, monkeypatch):
    assert make_view_1(people, tmp_path / "made" / "lfw_pairs").is_file()
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "made"))
    train, test = load_split("lfw", "train"), load_split("lfw", "test")
    assert train.info.classes == ("Ann Lee", "Bo Ek", "Cy Fox", "Di Roe")
    assert train.labels.tolist() == [0, 0, 0, 1]
    assert test.labels.tolist() == [2, 2, 3]
    pairs, same = load_pairs("lfw", "train")
    assert (pairs.tolist(), same.tolist()) == ([[0, 2], [1, 3]], [True, False])
    pairs, same = load_pairs("lfw", "test")
    assert (pairs.tolist(), same.tolist()) == ([[0, 1], [2, 0]], [True, False])
    face = read_face(people / "Cy_Fox" / "Cy_Fox_0004.jpg")
    np.testing.assert_array_equal(test.images[1], face)


def test_a_face_is_cut_out_of_the_picture_as_in_the_published_file(full_data):
    folder = full_data / "lfw_pairs"
    if not folder.is_dir() or not (full_data / "lfw").is_dir():
        pytest.skip("the full data has no faces")
    saved = read_view_1(folder)
    pictures = zip(saved["person"].tolist(), saved["number"].tolist(), strict=True)
    row = {picture: i for i, picture in enumerate(pictures)}
    both = [
        (read_face(path), saved["images"][row[person.name, number]])
        for person in sorted((full_data / "lfw").iterdir())
        for number, path in pictures_of(person)
        if (person.name, number) in row
    ]
    assert len(both) > 100
    assert all(np.array_equal(*faces) for faces in both)


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda f: (f.parent / "pairsDevTest.txt").unlink(), "pairsDevTest.txt is neither in"),
        (lambda f: (f.parent / "pairsDevTrain.txt").write_text("1\nAnn x y\n"), "no list of pairs"),
        (lambda f: (f.parent / "pairsDevTrain.txt").write_text("1\nAnn\n"), "no list of pairs"),
        (lambda f: (f / "Bo_Ek" / "Bo_Ek_0001.jpg").unlink(), "has no Bo_Ek/Bo_Ek_0001.jpg"),
        (lambda f: Image.new("L", (9, 9)).save(f / "Di_Roe/Di_Roe_0002.jpg"), "9 x 9 pixels"),
    ],
)
def test_what_is_missing_or_damaged_is_named(people, tmp_path, break_it, sentence):
    break_it(people)
    with pytest.raises(GenLabError, match=sentence):
        make_view_1(people, tmp_path / "made")
    assert not (tmp_path / "made").exists()
