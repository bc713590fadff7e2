"""Small folders of made-up faces, in the layout of the real ones."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_orl(root: Path, people: int = 10, pictures: int = 3) -> Path:
    """ROOT/orl_faces/sN/M.pgm, each person's pictures a pattern of its own in some noise."""
    rng = np.random.default_rng(0)
    for person in range(1, people + 1):
        folder = root / "orl_faces" / f"s{person}"
        folder.mkdir(parents=True)
        pattern = np.kron(rng.integers(40, 216, (14, 23)), np.ones((8, 4)))
        for number in range(1, pictures + 1):
            noisy = pattern + rng.normal(0.0, 6.0, pattern.shape)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.pgm")
    return root


def write_lfw(root: Path, people: int = 12) -> Path:
    """ROOT/lfw_pairs/lfw_dev_pairs_64x64.npz: three pictures of each person, a third of the people
    in the test split, which come in between the others."""
    rng = np.random.default_rng(1)
    person = np.repeat([f"Person_{i:02d}" for i in range(people)], 3)
    in_train = (np.arange(len(person)) // 3 % 3 != 1).astype(np.uint8)
    pattern = np.repeat(rng.integers(40, 216, (people, 64, 64)), 3, axis=0)
    images = (pattern + rng.normal(0.0, 6.0, pattern.shape)).clip(0, 255).astype(np.uint8)
    arrays = {}
    for split, inside in (("train", 1), ("test", 0)):
        rows = np.flatnonzero(in_train == inside)
        same = rows.reshape(-1, 3)[:, :2]
        different = np.stack([rows[:-3:3], rows[3::3]], axis=1)
        arrays[f"{split}_pairs"] = np.concatenate([same, different]).astype(np.int32)
        kinds = np.arange(len(same) + len(different)) < len(same)
        arrays[f"{split}_same"] = kinds.astype(np.uint8)
    folder = root / "lfw_pairs"
    folder.mkdir(parents=True)
    np.savez(
        folder / "lfw_dev_pairs_64x64.npz",
        images=images,
        person=person,
        number=np.tile(np.arange(1, 4, dtype=np.int16), people),
        in_train=in_train,
        **arrays,
    )
    return root


def write_people(folder: Path, numbers: dict[str, list[int]]) -> Path:
    """FOLDER/Person/Person_NNNN.jpg, 250 x 250 in colour, in broad patches of their own."""
    rng = np.random.default_rng(2)
    for person, some in numbers.items():
        (folder / person).mkdir(parents=True)
        for number in some:
            patches = np.kron(rng.integers(20, 236, (10, 10, 3)), np.ones((25, 25, 1)))
            picture = Image.fromarray(patches.astype(np.uint8))
            picture.save(folder / person / f"{person}_{number:04d}.jpg", quality=95)
    return folder
