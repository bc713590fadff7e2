import numpy as np
import pytest
from PIL import Image

from genlab.data.catalogue import DATASETS, KNOWN, ORL_FOLDS, VERIFICATION
from genlab.data.image_split import origin
from genlab.data.images import count_images, find_split, load_split
from genlab.data.pairs import load_pairs
from genlab.errors import GenLabError
from tests.face_folders import write_lfw, write_orl, write_people


@pytest.fixture
def faces(tmp_path, monkeypatch):
    root = tmp_path / "faces"
    write_lfw(write_orl(root))
    monkeypatch.setenv("GENLAB_DATA", str(root))
    return root


def test_the_pages_datasets_are_the_three_of_digits_and_clothes_alone():
    assert list(DATASETS) == ["mnist", "fashion", "kmnist"]
    assert {info.pixels for info in DATASETS.values()} == {784}
    assert set(KNOWN) == set(DATASETS) | set(VERIFICATION)
    assert all(name == info.name for name, info in KNOWN.items())


def test_every_person_of_orl_is_tested_on_in_one_fold_and_never_trained_on_there(faces):
    tested = []
    for name in ORL_FOLDS:
        train, test = load_split(name, "train"), load_split(name, "test")
        assert not set(train.labels.tolist()) & set(test.labels.tolist())
        assert len(train.images) + len(test.images) == 30
        assert train.images.shape[1:] == test.images.shape[1:] == (64, 64)
        assert train.info.classes == test.info.classes == tuple(f"s{n}" for n in range(1, 11))
        tested += test.labels.tolist()
    assert sorted(tested) == [person for person in range(10) for _ in range(3)]


def test_the_folds_are_those_of_the_definition():
    order = np.random.default_rng(0).permutation(40)
    assert len({*order[:8].tolist()}) == 8  # of the real 40 people: 8 a fold
    assert VERIFICATION["orl"].count("train") == 320


@pytest.mark.parametrize(
    ("sides", "axis", "first", "step"),
    [
        ((112, 92), 0, 18, 108 / 64),
        ((112, 92), 1, -8, 108 / 64),
        ((64, 64), 0, -2 * 64 / 92, 108 / 92),
        ((64, 64), 1, -8 * 64 / 92, 108 / 92),
    ],
)
def test_an_image_of_orl_is_a_window_of_the_picture_whose_edge_goes_on(
    faces, sides, axis, first, step
):
    """Of a picture that brightens evenly the image does too, up to the picture's edges."""
    test = load_split("orl", "test")
    person = test.info.classes[test.labels[0]]
    path = faces / "orl_faces" / person / "1.pgm"
    path.unlink()
    Image.fromarray((2 * np.indices(sides)[axis]).astype(np.uint8)).save(path)
    image = np.moveaxis(load_split("orl", "test").images[0], axis, 0)
    middles = first + (np.arange(64) + 0.5) * step - 0.5
    wanted = 2.0 * np.clip(middles, 0, sides[axis] - 1)
    assert np.abs(image - wanted[:, None]).max() < 1.0


def test_lfw_is_split_as_view_1_is_and_its_pairs_name_rows_of_the_split(faces):
    with np.load(faces / "lfw_pairs/lfw_dev_pairs_64x64.npz") as saved:
        images, inside = saved["images"], saved["in_train"]
        pairs = {split: saved[f"{split}_pairs"] for split in ("train", "test")}
        kinds = {split: saved[f"{split}_same"] for split in ("train", "test")}
    for split, mark in (("train", 1), ("test", 0)):
        found = load_split("lfw", split)
        np.testing.assert_array_equal(found.images, images[inside == mark])
        rows, same = load_pairs("lfw", split, count=2, seed=9)
        np.testing.assert_array_equal(same, kinds[split].astype(bool))
        np.testing.assert_array_equal(found.images[rows], images[pairs[split]])
        np.testing.assert_array_equal(found.labels[rows[:, 0]] == found.labels[rows[:, 1]], same)
    people = [set(load_split("lfw", split).labels.tolist()) for split in ("train", "test")]
    assert not people[0] & people[1]
    assert people[0] == set(range(load_split("lfw", "train").info.identities))
    assert load_split("lfw", "train").info.classes[0] == "Person 00"


def test_more_pictures_of_the_people_of_training_are_trained_on_and_of_nobody_else(faces):
    before = load_split("lfw", "train")
    pairs, _ = load_pairs("lfw", "train")
    numbers = {"Person_00": [2, 3, 4, 7], "Person_01": [4, 5], "Somebody_Else": [1]}
    people = write_people(faces / "lfw", numbers)
    (people / "Person_00" / "Thumbs.db").write_bytes(b"no picture")
    train, test = load_split("lfw", "train"), load_split("lfw", "test")
    assert "Person 01" in {test.info.classes[label] for label in test.labels}  # not trained on
    np.testing.assert_array_equal(train.images[: len(before.images)], before.images)
    assert [train.info.classes[label] for label in train.labels[len(before.labels) :]] == [
        "Person 00",
        "Person 00",
    ]  # 4 and 7; 2 and 3 are there already
    assert train.info.identities == before.info.identities
    assert not train.complete  # of the 3,443
    np.testing.assert_array_equal(load_pairs("lfw", "train")[0], pairs)
    picture = np.asarray(Image.open(people / "Person_00/Person_00_0004.jpg").convert("L"), float)
    face = picture[66:194, 61:189].reshape(64, 2, 64, 2).mean(axis=(1, 3))
    assert np.abs(train.images[-2] - face).max() <= 0.5


def test_how_many_more_there_are_is_said():
    words = origin(VERIFICATION["lfw"], "train", 3905, "from GENLAB_DATA")
    assert words.endswith(
        "View 1, all 3,443 training images and 462 more of the same people, from GENLAB_DATA"
    )


def test_a_picture_of_lfw_of_other_sides_or_none_at_all_is_named(faces):
    folder = write_people(faces / "lfw", {"Person_00": [8]}) / "Person_00"
    Image.new("RGB", (64, 64)).save(folder / "Person_00_0009.jpg")
    with pytest.raises(GenLabError, match="Person_00_0009.jpg has 64 x 64 pixels, not 250 x 250"):
        load_split("lfw", "train")
    (folder / "Person_00_0009.jpg").write_bytes(b"no picture")
    with pytest.raises(GenLabError, match="Person_00_0009.jpg cannot be read"):
        load_split("lfw", "train")


@pytest.mark.parametrize("name", ["orl-3", "lfw"])
def test_faces_are_counted_and_said(faces, name):
    files = find_split(name, "test")
    test = load_split(name, "test")
    assert count_images(files) == len(test.images) == len(test.labels)
    title, total = VERIFICATION[name].title, VERIFICATION[name].count("test")
    assert test.origin == f"{title}, {len(test.images)} of {total:,} test images, from GENLAB_DATA"
    assert not test.complete
    with pytest.raises(ValueError, match="read-only"):
        test.images[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("name", "wanted"), [("orl-2", "a folder for each person"), ("lfw", "lfw_dev_pairs_64x64.npz")]
)
def test_faces_that_are_not_here_say_where_to_put_them(name, wanted):
    with pytest.raises(
        GenLabError, match=rf"are not on this machine.*{wanted}.*GENLAB_DATA"
    ) as caught:
        load_split(name, "train")
    assert VERIFICATION[name].folder in str(caught.value)
    assert f"genlab.data.download {name.partition('-')[0]}" in str(caught.value)


def test_a_root_that_is_named_is_the_only_one(faces, tmp_path):
    assert len(load_split("orl", "train", faces).images) == 24
    with pytest.raises(GenLabError, match="The images of ORL faces are not"):
        load_split("orl", "train", tmp_path / "elsewhere")


def test_a_picture_of_other_sides_or_none_at_all_is_named(faces):
    picture = faces / "orl_faces" / "s3" / "2.pgm"
    Image.new("L", (20, 30)).save(picture)
    with pytest.raises(GenLabError, match=r"s3/2.pgm has 30 x 20 pixels, not 112 x 92"):
        [load_split(name, "test") for name in ORL_FOLDS]
    picture.write_bytes(b"P5 no picture")
    with pytest.raises(GenLabError, match=r"s3/2.pgm cannot be read"):
        [load_split(name, "test") for name in ORL_FOLDS]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": np.zeros((36, 32, 32), np.uint8)}, "does not hold"),
        ({"test_pairs": np.array([[0, 99]])}, "does not hold"),
        ({"train_same": np.ones(3, np.uint8)}, "does not hold"),
        ({"test_pairs": np.array([[0, 3]]), "test_same": np.zeros(1, np.uint8)}, "other split"),
        ({"person": np.full(36, "Nobody")}, "Nobody in both splits"),
        ({"person": np.array([None] * 36, object)}, "cannot be read"),
    ],
)
def test_a_file_of_lfw_that_is_not_view_1_is_refused(faces, change, sentence):
    path = faces / "lfw_pairs/lfw_dev_pairs_64x64.npz"
    with np.load(path) as saved:
        arrays = dict(saved)
    np.savez(path, **arrays | change)
    with pytest.raises(GenLabError, match=sentence):
        load_split("lfw", "train"), load_pairs("lfw", "test")


def test_unseen_digits_are_those_above_six_and_never_trained_on():
    train, test = load_split("mnist-unseen", "train"), load_split("mnist-unseen", "test")
    assert set(train.labels.tolist()) == set(range(7))
    assert set(test.labels.tolist()) == {7, 8, 9}
    assert len(test.images) == VERIFICATION["mnist-unseen"].test_count == 3011
    whole = load_split("mnist", "test")
    np.testing.assert_array_equal(test.images, whole.images[whole.labels > 6])
    assert test.complete
    assert "bundled with GenLab" in train.origin
    assert count_images(find_split("mnist-unseen", "train")) == len(train.images)


def test_other_pairs_than_lfws_are_drawn_from_the_labels(faces):
    pairs, same = load_pairs("orl", "test", count=40, seed=1)
    labels = load_split("orl", "test").labels
    assert pairs.shape == (40, 2)
    assert same.sum() == 20
    np.testing.assert_array_equal(labels[pairs[:, 0]] == labels[pairs[:, 1]], same)


def test_the_real_faces_are_as_published(full_data):
    if not (full_data / "orl_faces").is_dir() or not (full_data / "lfw_pairs").is_dir():
        pytest.skip("the full data has no faces")
    splits = [load_split(n, s, full_data) for n in ("orl", "lfw") for s in ("train", "test")]
    train, _, _, test = (len(split.images) for split in splits)
    assert (train, test) == (320, 1549)
    assert all(split.complete for split in splits)
    assert load_split("lfw", "train", full_data).info.identities == KNOWN["lfw"].identities
    assert all(load_split(n, "test", full_data).complete for n in ("orl-5", "lfw"))
