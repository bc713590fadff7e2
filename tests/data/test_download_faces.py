"""No network here: a stand-in for scikit-learn's fetchers lays the files out as they do."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from genlab.data.download import download, main
from genlab.data.images import downloads, load_split
from genlab.data.pairs import load_pairs
from genlab.errors import GenLabError
from tests.face_folders import write_people


@pytest.fixture
def scikit_learn(monkeypatch):
    """Set scikit_learn.fails to raise."""
    stand_in = SimpleNamespace(fails=None, calls=0)
    olivetti = SimpleNamespace(
        images=np.random.default_rng(0).random((400, 64, 64), dtype=np.float32),
        target=np.repeat(np.arange(40), 10),
    )

    def fetch_olivetti_faces(*, data_home, n_retries):
        stand_in.calls += 1
        Path(data_home, "olivetti.pkz").write_bytes(b"its own copy")
        if stand_in.fails:
            raise stand_in.fails
        return olivetti

    def fetch_lfw_pairs(*, subset, data_home, resize, n_retries):
        stand_in.calls += 1
        home = Path(data_home, "lfw_home")
        write_people(home / "lfw_funneled", {"Ann_Lee": [1, 2, 3], "Bo_Ek": [1, 2]})
        (home / "pairsDevTrain.txt").write_text("1\nAnn_Lee\t1\t2\n")
        if stand_in.fails:
            raise stand_in.fails
        (home / "pairsDevTest.txt").write_text("1\nBo_Ek\t1\t2\n")

    stand_in.olivetti = olivetti
    stand_in.fetch_olivetti_faces, stand_in.fetch_lfw_pairs = fetch_olivetti_faces, fetch_lfw_pairs
    monkeypatch.setitem(sys.modules, "sklearn.datasets", stand_in)
    return stand_in


def test_scikit_learns_olivetti_is_a_copy_of_orl(scikit_learn):
    download("orl")
    train, test = load_split("orl-2", "train"), load_split("orl-2", "test")
    assert train.origin == "ORL faces, fold 2, all 320 training images, from the downloaded copy"
    assert train.complete
    person = test.labels[0]
    wanted = 255.0 * scikit_learn.olivetti.images[scikit_learn.olivetti.target == person][0]
    written = Image.open(downloads() / "orl_faces" / test.info.classes[person] / "1.pgm")
    assert np.abs(np.asarray(written) - wanted).max() <= 0.5
    assert [path.name for path in downloads().iterdir()] == ["orl_faces"]
    download("orl-5")
    assert scikit_learn.calls == 1  # it is whole


def test_scikit_learns_lfw_becomes_view_1_and_keeps_the_people_to_train_on(scikit_learn):
    download("lfw")
    train = load_split("lfw", "train")
    assert train.labels.tolist() == [0, 0, 0]  # the third picture is in no pair
    assert load_pairs("lfw", "train")[0].tolist() == [[0, 1]]
    assert load_split("lfw", "test").info.classes == ("Ann Lee", "Bo Ek")
    assert sorted(path.name for path in downloads().iterdir()) == ["lfw", "lfw_pairs"]


@pytest.mark.parametrize("name", ["orl", "lfw"])
def test_a_download_of_faces_that_fails_says_what_to_do_and_leaves_nothing(scikit_learn, name):
    scikit_learn.fails = OSError("no route")
    folder = {"orl": "orl_faces", "lfw": "lfw_pairs"}[name]
    with pytest.raises(GenLabError, match=f"check the network, or set GENLAB_DATA.*{folder}"):
        download(name)
    assert list(downloads().iterdir()) == []


def test_view_1_is_made_of_a_folder_of_ones_own(scikit_learn, tmp_path, monkeypatch, capsys):
    scikit_learn.fetch_lfw_pairs(subset="", data_home=tmp_path, resize=1, n_retries=0)
    people = tmp_path / "lfw_home" / "lfw_funneled"
    monkeypatch.setattr(sys, "argv", ["download", "lfw", "--folder", str(people)])
    main()
    printed = capsys.readouterr().out
    assert "2 of 3,443 training images, from the downloaded copy" in printed
    monkeypatch.setattr(sys, "argv", ["download", "orl", "--folder", str(people)])
    with pytest.raises(SystemExit, match="Only lfw is made from a folder"):
        main()
