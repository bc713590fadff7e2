"""Faces through scikit-learn, laid out as genlab.data.faces looks for them; when a person asks.

ORL is its Olivetti copy (4 MB), LFW its "funneled" copy (230 MB) with the lists of View 1. They are
not the files that the shipped networks have learned from: there ORL is cut out otherwise, and LFW
aligned better ("deep-funneled"), so that figures differ a little.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from genlab.data.lfw import PEOPLE
from genlab.data.view_1 import make_view_1

FUNNELED = Path("lfw_home", "lfw_funneled")  # where scikit-learn unpacks LFW
TRIES = 2


def fetch_orl(root: Path) -> None:
    """Write root/orl_faces/sN/M.pgm, 64 x 64.

    Raises:
        OSError: no network, or a folder that takes no files.
    """
    from sklearn.datasets import fetch_olivetti_faces  # here, as importing it takes a second

    with tempfile.TemporaryDirectory(dir=root) as data_home:
        faces = fetch_olivetti_faces(data_home=data_home, n_retries=TRIES)
    for person in np.unique(faces.target):
        folder = root / "orl_faces" / f"s{person + 1}"
        folder.mkdir(parents=True)
        for number, image in enumerate(faces.images[faces.target == person], start=1):
            grey = np.round(255.0 * image).astype(np.uint8)
            Image.fromarray(grey).save(folder / f"{number}.pgm")


def fetch_lfw(root: Path) -> None:
    """Write root/lfw/, the folder of people, and root/lfw_pairs/, with the file of View 1.

    Raises:
        OSError: no network, or a folder that takes no files.
        GenLabError: what came is not View 1.
    """
    from sklearn.datasets import fetch_lfw_pairs

    with tempfile.TemporaryDirectory(dir=root) as data_home:
        # It reads its first pairs too, small, as there is no way to fetch alone
        fetch_lfw_pairs(subset="test", data_home=data_home, resize=0.1, n_retries=TRIES)
        people = Path(data_home) / FUNNELED
        make_view_1(people, root / "lfw_pairs")
        people.rename(root / PEOPLE)
