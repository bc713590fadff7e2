"""Which window of ORL's pictures suits a network that knows LFW's faces, and nothing of ORL.

    GENLAB_DATA=... python -m benchmarks.orl_window

EER of `siamese-lfw`, as it ships, on all pairs of the people that each fold trains on, window by
window; beside it that of raw pixels. genlab/data/orl.py takes the window marked *.
"""

import numpy as np
from PIL import Image

from genlab.data.catalogue import ORL_FOLDS
from genlab.data.images import find_split
from genlab.data.orl import FACE, fold_people, framed, pictures_of
from genlab.data.verification import equal_error_rate
from genlab.explore.siamese import embed, pair_distances
from genlab.runs.folder import find_run
from genlab.runs.models import load_model
from genlab.training.device import use_one_thread

WINDOWS = {  # side -> tops, pixels of a published picture; the middle is the picture's
    92: (20,), 100: (14, 18, 22), 104: (18,), 108: (14, 16, 18, 20, 22), 112: (16, 18, 20),
    116: (14, 18, 22),
}  # fmt: skip
MIDDLE = 46  # of a picture's 92 columns


def error(points: np.ndarray, people: np.ndarray) -> float:
    """EER of all pairs of points (N, E) by distance."""
    pairs = np.stack(np.triu_indices(len(points), 1), axis=1)
    same = people[pairs[:, 0]] == people[pairs[:, 1]]
    return equal_error_rate(pair_distances(points, pairs), same)


def main() -> None:
    use_one_thread()
    model = load_model(find_run("siamese-lfw"))
    folder = find_split("orl", "train").folder
    folds = [fold_people(folder, fold, "train") for fold in range(len(ORL_FOLDS))]
    everybody = sorted({who for fold in folds for who in fold})
    pictures = [(who, path) for who in everybody for path in pictures_of(folder / who)]
    names = np.array([who for who, _ in pictures])
    greys = [np.asarray(Image.open(path).convert("L")) for _, path in pictures]
    print("| side | top | mean EER (raw pixels) | the five folds |")
    print("|---|---|---|---|")
    for side, tops in WINDOWS.items():
        for top in tops:
            window = (MIDDLE - side / 2, top, MIDDLE + side / 2, top + side)
            images = np.stack([framed(grey, window) for grey in greys])
            points, pixels = embed(model, images), images.reshape(len(images), -1) / 255.0
            ours, raw = (
                [error(these[np.isin(names, fold)], names[np.isin(names, fold)]) for fold in folds]
                for these in (points, pixels)
            )
            mark = " *" if window == FACE else ""
            each = ", ".join(f"{value:.4f}" for value in ours)
            mean = f"{np.mean(ours):.4f} ({np.mean(raw):.4f})"
            print(f"| {side} | {top}{mark} | {mean} | {each} |", flush=True)


if __name__ == "__main__":
    main()
