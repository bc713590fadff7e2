"""Make the file of LFW's View 1 from a folder of all people and the official lists of pairs.

FOLDER/Person_Name/Person_Name_NNNN.jpg, 250 x 250, aligned ("deep-funneled" is what the shipped
network has learned from; "funneled" is what scikit-learn fetches), and in FOLDER or beside it
pairsDevTrain.txt and pairsDevTest.txt. Shapes: N images, C pairs.
"""

from pathlib import Path

import numpy as np

from genlab.data.lfw import VIEW_1, read_face
from genlab.errors import GenLabError

LISTS = {"train": "pairsDevTrain.txt", "test": "pairsDevTest.txt"}
Picture = tuple[str, int]  # a person and the number of the picture


def make_view_1(people: Path, target: Path) -> Path:
    """Write target/lfw_dev_pairs_64x64.npz; returns its path.

    Raises:
        GenLabError: a list or a picture is missing or damaged.
    """
    pairs = {split: listed_pairs(people, name) for split, name in LISTS.items()}
    pictures = sorted({side for some in pairs.values() for pair in some for side in pair})
    row = {picture: i for i, picture in enumerate(pictures)}
    trained = {person for pair in pairs["train"] for person, _ in pair}
    arrays = {
        "images": np.stack([read_face(found(people, picture)) for picture in pictures]),
        "person": np.array([person for person, _ in pictures]),
        "number": np.array([number for _, number in pictures], np.int16),
        "in_train": np.array([person in trained for person, _ in pictures], np.uint8),
    }
    for split, some in pairs.items():
        rows = [[row[one], row[other]] for one, other in some]
        arrays[f"{split}_pairs"] = np.array(rows, np.int32)
        arrays[f"{split}_same"] = np.array([a[0] == b[0] for a, b in some], np.uint8)
    target.mkdir(parents=True, exist_ok=True)
    np.savez(target / VIEW_1, **arrays)
    return target / VIEW_1


def listed_pairs(people: Path, name: str) -> list[tuple[Picture, Picture]]:
    """The pairs of an official list: "person n m" of one person, "person n person m" of two; its
    first line says how many there are of each."""
    path = next((p for p in (people / name, people.parent / name) if p.is_file()), None)
    if path is None:
        raise GenLabError(f"{name} is neither in {people.name} nor beside it; put it there.")
    try:
        lines = [line.split() for line in path.read_text("utf-8").splitlines()[1:] if line.strip()]
        return [pair_of(*words) for words in lines]
    except (UnicodeDecodeError, ValueError, TypeError) as error:
        raise GenLabError(f"{name} is no list of pairs; copy the official file again.") from error


def pair_of(person: str, number: str, other: str, last: str = "") -> tuple[Picture, Picture]:
    second = (other, int(last)) if last else (person, int(other))
    return (person, int(number)), second


def found(people: Path, picture: Picture) -> Path:
    person, number = picture
    path = people / person / f"{person}_{number:04d}.jpg"
    if not path.is_file():
        raise GenLabError(
            f"{people.name} has no {person}/{path.name}; give the folder of all of LFW's people."
        )
    return path
