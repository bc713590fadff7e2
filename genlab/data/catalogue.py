"""The image datasets GenLab knows: their names, classes, licences and where they come from."""

from dataclasses import dataclass, replace

from genlab.errors import GenLabError

SPLITS = ("train", "test")


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """One dataset of grey images: of DATASETS 28 x 28 in ten classes.

    `folder` is both torchvision's class name and the folder it keeps the files in
    (ROOT/folder/raw), or of faces the folder under ROOT; `train_count` and `test_count` are the
    sizes of the published splits.
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
    height: int = 28  # pixels
    width: int = 28
    identities: int = 10  # classes among the training images
    of_people: bool = False  # faces: split, and held out, by person and never by picture

    @property
    def pixels(self) -> int:
        return self.height * self.width

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


# --- for verification alone: the pages that iterate datasets do not know them ---------------------

ORL_FOLDS = ("orl", "orl-2", "orl-3", "orl-4", "orl-5")
ORL_PEOPLE = tuple(f"s{number}" for number in range(1, 41))
VERIFICATION = {
    name: DatasetInfo(
        name=name,
        title="ORL faces" if fold == 1 else f"ORL faces, fold {fold}",
        folder="orl_faces",
        classes=ORL_PEOPLE,
        licence="AT&T Laboratories Cambridge, research use",
        attribution=(
            "ORL (AT&T) Database of Faces, AT&T Laboratories Cambridge, 1992-1994; F. Samaria and "
            "A. Harter, WACV 1994. Research use."
        ),
        home="https://cam-orl.co.uk/facedatabase.html",
        train_count=320,
        test_count=80,
        height=64,
        width=64,
        identities=40,
        of_people=True,
    )
    for fold, name in enumerate(ORL_FOLDS, start=1)
}
VERIFICATION["lfw"] = DatasetInfo(
    name="lfw",
    title="Labeled Faces in the Wild, View 1",
    folder="lfw_pairs",
    classes=(),  # some thousand people: those of the file
    licence="research use",
    attribution=(
        "Labeled Faces in the Wild by G. B. Huang, M. Ramesh, T. Berg and E. Learned-Miller, 2007, "
        "deep-funneled by G. B. Huang, M. Mattar, H. Lee and E. Learned-Miller, 2012; research use."
    ),
    home="https://vis-www.cs.umass.edu/lfw/",
    train_count=3443,
    test_count=1549,
    height=64,
    width=64,
    identities=2132,
    of_people=True,
)
VERIFICATION["mnist-unseen"] = replace(
    DATASETS["mnist"],
    name="mnist-unseen",
    title="MNIST, unseen digits",
    train_count=41_935,
    test_count=3_011,
)
KNOWN = DATASETS | VERIFICATION


def find_dataset(name: str) -> DatasetInfo:
    """The dataset called `name`; a GenLabError lists the names there are."""
    if name not in KNOWN:
        raise GenLabError(f"There is no dataset {name!r}; choose one of {', '.join(KNOWN)}.")
    return KNOWN[name]
