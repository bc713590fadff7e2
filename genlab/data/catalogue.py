"""The image datasets GenLab knows: their names, classes, licences and where they come from."""

from dataclasses import dataclass

from genlab.errors import GenLabError

SPLITS = ("train", "test")


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """One dataset of 28x28 grey images in ten classes.

    `folder` is both torchvision's class name and the folder it keeps the files in
    (ROOT/folder/raw); `train_count` and `test_count` are the sizes of the published splits.
    """

    name: str
    title: str
    folder: str
    classes: tuple[str, ...]
    licence: str
    attribution: str
    home: str
    train_count: int = 60_000
    test_count: int = 10_000

    def count(self, split: str) -> int:
        """The number of images in the published split, "train" or "test"."""
        return self.train_count if split == "train" else self.test_count


DATASETS = {
    "mnist": DatasetInfo(
        name="mnist",
        title="MNIST",
        folder="MNIST",
        classes=tuple("0123456789"),
        licence="CC BY-SA 3.0",
        attribution=(
            "MNIST, handwritten digits, by Y. LeCun, C. Cortes and C. J. C. Burges; CC BY-SA 3.0."
        ),
        home="http://yann.lecun.com/exdb/mnist/",
    ),
    "fashion": DatasetInfo(
        name="fashion",
        title="Fashion-MNIST",
        folder="FashionMNIST",
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        licence="MIT",
        attribution=(
            "Fashion-MNIST by H. Xiao, K. Rasul and R. Vollgraf, 2017, arXiv:1708.07747; "
            "© 2017 Zalando SE, MIT."
        ),
        home="https://github.com/zalandoresearch/fashion-mnist",
    ),
    "kmnist": DatasetInfo(
        name="kmnist",
        title="KMNIST",
        folder="KMNIST",
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        licence="CC BY-SA 4.0",
        attribution=(
            '"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by '
            "NIJL and others), doi:10.20676/00000341; CC BY-SA 4.0."
        ),
        home="http://codh.rois.ac.jp/kmnist/",
    ),
}


def find_dataset(name: str) -> DatasetInfo:
    """The dataset called `name`; a GenLabError lists the names there are."""
    if name not in DATASETS:
        raise GenLabError(f"There is no dataset {name!r}; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name]
