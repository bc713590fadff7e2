import json

import numpy as np
import pytest
from scipy.special import entr
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from genlab.data import floors as floors_module
from genlab.data.catalogue import DATASETS
from genlab.data.floors import PAIR_COUNT, PAIR_SEED, compute_floors, floors, pixel_entropy
from genlab.data.images import ImageSplit, load_split
from genlab.data.pairs import balanced_pairs
from genlab.places import cache_dir

FIGURES = ("entropy", "mean_image_nll", "mean_image_sse",
           "pca16_sse", "pca20_sse", "pca64_sse", "pca256_sse")  # fmt: skip
# The project's table, from the full data, in the order of FIGURES; then AUC and EER of pairs.
TABLE = {
    "mnist": ((45.53, 205.80, 52.90, 21.06, 18.45, 7.09, 1.08), 0.735, 0.336),
    "fashion": ((189.86, 385.02, 67.93, 16.03, 14.66, 8.13, 2.34), 0.797, 0.276),
    "kmnist": ((82.35, 340.99, 82.66, 47.37, 43.60, 21.74, 4.25), 0.600, 0.436),
}


def part_of(split, count):
    whole = load_split("fashion", split)
    return ImageSplit(
        whole.info, split, whole.images[:count], whole.labels[:count], f"{count} {split}", False
    )


@pytest.fixture(scope="module")
def small():
    """600 training and 300 test images with their floors and their pixels in [0, 1]."""
    train, test = part_of("train", 600), part_of("test", 300)
    pixels = [part.images.reshape(-1, 784) / 255.0 for part in (train, test)]
    return train, test, compute_floors(train, test), *pixels


@pytest.fixture
def computed(monkeypatch):
    """Count the computations, and make each forget what this process has kept."""
    calls = []

    def counting(train, test):
        calls.append(train.origin)
        return compute_floors(train, test)

    floors_module._floors_of.cache_clear()
    monkeypatch.setattr(floors_module, "compute_floors", counting)
    return calls


def new_process():
    floors_module._floors_of.cache_clear()


@pytest.mark.parametrize("name", list(TABLE))
def test_floors_of_the_full_data_are_those_of_the_table(full_data, name):
    found = floors(name, full_data)
    figures, auc, eer = TABLE[name]
    assert tuple(round(getattr(found, figure), 2) for figure in FIGURES) == figures
    assert found.pair_auc == pytest.approx(auc, abs=0.012)  # 20,000 pairs: deviation 0.004
    assert found.pair_eer == pytest.approx(eer, abs=0.012)


@pytest.mark.parametrize("size", [16, 20, 64, 256])
def test_pca_floor_agrees_with_scikit_learn(small, size):
    _, _, found, train, test = small
    pca = PCA(size, svd_solver="full").fit(train)
    recon = pca.inverse_transform(pca.transform(test))
    expected = np.square(test - recon).sum(axis=1).mean()
    assert getattr(found, f"pca{size}_sse") == pytest.approx(expected, rel=1e-9)


def test_pca_floor_falls_with_the_number_of_components(small):
    found = small[2]
    falling = [found.mean_image_sse, *(getattr(found, figure) for figure in FIGURES[3:])]
    assert (np.diff(falling) < 0.0).all()


def test_mean_image_floors_agree_with_their_definitions(small):
    _, _, found, train, test = small
    mean = train.mean(axis=0)
    p = np.clip(mean, 1e-6, 1 - 1e-6)
    nll = -(test * np.log(p) + (1 - test) * np.log(1 - p)).sum(axis=1).mean()
    assert found.mean_image_nll == pytest.approx(nll, rel=1e-12)
    assert found.mean_image_sse == pytest.approx(np.square(test - mean).sum(1).mean(), rel=1e-12)


def test_no_prediction_scores_below_the_entropy(small):
    _, test, found, _, pixels = small
    assert found.entropy == pytest.approx((entr(pixels) + entr(1 - pixels)).sum(1).mean())
    rng = np.random.default_rng(0)
    for noise in (0.0, 0.01, 0.2):
        p = np.clip(pixels + noise * rng.normal(size=pixels.shape), 1e-9, 1 - 1e-9)
        nll = -(pixels * np.log(p) + (1 - pixels) * np.log1p(-p)).sum(axis=1)
        assert (nll >= pixel_entropy(test.images) - 1e-6).all()


def test_pixel_entropy_agrees_with_scipy_at_every_value():
    values = np.arange(256, dtype=np.uint8)[:, None]
    x = values[:, 0] / 255.0
    np.testing.assert_allclose(pixel_entropy(values), entr(x) + entr(1.0 - x), atol=1e-15)
    assert pixel_entropy(values[:0]).shape == (0,)


def test_pixel_entropy_refuses_pixels_already_scaled():
    with pytest.raises(ValueError, match="float64; give the uint8"):
        pixel_entropy(np.zeros((2, 28, 28)))


def test_pair_floor_agrees_with_scikit_learn(small):
    _, test, found, _, pixels = small
    pairs, same = balanced_pairs(test.labels, PAIR_COUNT, PAIR_SEED)
    distances = np.linalg.norm(pixels[pairs[:, 0]] - pixels[pairs[:, 1]], axis=1)
    assert found.pair_auc == pytest.approx(roc_auc_score(same, -distances), abs=1e-6)


def test_floors_do_not_depend_on_how_the_images_are_cut_into_blocks(small):
    train, test, found, *_ = small
    order = np.random.default_rng(0).permutation(len(train.images))
    shuffled = ImageSplit(
        train.info, "train", train.images[order], train.labels[order], train.origin, False
    )
    again = compute_floors(shuffled, test)
    for figure in FIGURES:
        assert getattr(again, figure) == pytest.approx(getattr(found, figure), rel=1e-9)


def test_bundled_floors_are_near_the_table_and_say_which_images_were_used():
    found = floors("mnist")
    assert found.train_origin.startswith("MNIST, the first 10,000 of 60,000 training images")
    assert found.test_origin.startswith("MNIST, all 10,000 test images")
    assert found.entropy == pytest.approx(45.53, abs=0.005)  # of the test images alone
    for figure, value in zip(FIGURES[1:], TABLE["mnist"][0][1:], strict=True):
        assert getattr(found, figure) == pytest.approx(value, rel=0.05)


def test_floors_are_computed_once_for_one_content(small_root, computed, tmp_path):
    first = floors("mnist", small_root)
    new_process()
    assert floors("mnist", small_root) == first
    small_root.rename(tmp_path / "moved")
    moved = floors("mnist", tmp_path / "moved")
    assert len(computed) == 1
    assert moved.train_origin.endswith('from the folder "moved"')
    assert moved.entropy == first.entropy


def test_other_content_is_computed_afresh(small_root, computed):
    first = floors("mnist", small_root)
    path = small_root / "MNIST/raw/train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    assert floors("mnist", small_root).mean_image_nll != first.mean_image_nll
    assert len(computed) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"entropy": "much"}', '{"entropy": 1.0}'])
def test_a_damaged_cache_file_is_computed_again(small_root, computed, damage):
    first = floors("mnist", small_root)
    (kept,) = (cache_dir() / "floors").iterdir()
    kept.write_text(damage)
    new_process()
    assert floors("mnist", small_root) == first
    assert len(computed) == 2
    assert json.loads(kept.read_text())["entropy"] == first.entropy


def test_a_cache_folder_that_takes_no_files_costs_only_the_keeping(small_root, computed):
    cache_dir().parent.mkdir(parents=True)
    cache_dir().write_text("a file where the folder should be")
    assert floors("mnist", small_root) == floors("mnist", small_root)
    assert len(computed) == 1


def test_a_cut_off_write_leaves_no_cache_file(small_root, computed, monkeypatch):
    def full_disk(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(floors_module.json, "dump", full_disk)
    assert floors("mnist", small_root).entropy > 0.0
    assert list((cache_dir() / "floors").iterdir()) == []


def test_every_dataset_has_its_row_in_the_table():
    assert set(TABLE) == set(DATASETS)
