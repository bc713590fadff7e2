"""What the Siamese page answers to a picture: the images nearest to it."""

import base64
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

import numpy as np

from genlab.data.catalogue import find_dataset
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.own_pictures import fitted
from genlab.explore.siamese_query import embedded, neighbours, ready_pixels, ready_points
from genlab.explore.siamese_view import RAW, Plane, home_of, plane_of, points_of, shown
from genlab.runs.folder import Run, find_run
from genlab.ui.live_decoder import whole
from genlab.ui.siamese_urls import stamp_of
from genlab.ui.siamese_view import SPLITS

NEAREST = 8  # neighbours of a picture
LONGEST = 256  # pixels of a side of a picture that asks
WAKE_AFTER = 1.0  # seconds

_woken: dict[str, str] = {}  # run -> the version that has been woken, or is about to be
_waking = threading.Lock()


def asked_picture(run: Run, asked: Mapping[str, str], body: bytes) -> np.ndarray:
    """The picture of a question, (H, W) uint8 of the run's size.

    Args:
        asked: "image", a test image; or "fit" 0, that the body is of the run's size already; or
            "height" and "width" of the body, which is then fitted.

    Raises:
        GenLabError: there is no such image, or the body is not of that size.
    """
    info, test = find_dataset(run.dataset), load_split(run.dataset, "test")
    if "image" in asked:
        row = whole(asked["image"], len(test.labels))
        if row is None:
            raise GenLabError(f"There are {len(test.labels):,} test images; choose one of them.")
        return test.images[row]
    fit = asked.get("fit") != "0"
    sides = [info.height, info.width]
    if fit:
        sides = [whole(asked.get(side), LONGEST + 1) or 0 for side in ("height", "width")]
    if not body or len(body) != sides[0] * sides[1]:
        raise GenLabError(f"{len(body):,} bytes are no such picture; reload the page.")
    greys = np.frombuffer(body, np.uint8).reshape(sides)
    return fitted(greys, info) if fit else greys


def query_answer(run: Run, asked: Mapping[str, str], body: bytes) -> bytes:
    """The nearest images to a picture, by the embedding and by the raw pixels, for a browser.

    Args:
        asked: as `asked_picture`, and "among", the split that the neighbours are of.

    Returns:
        JSON: `seen` (what the network sees: base64), `tile` (H, W), `name` of a test image's
        class, `place` on the run's map, and `runs`: of the run and of the raw pixels the
        neighbours' index, distance, names and pixels.

    Raises:
        GenLabError: as asked_picture; or an unknown split.
    """
    among = asked.get("among", "")
    if among not in SPLITS:
        raise GenLabError(f"{among[:20]!r} is no split; choose train or test.")
    picture = asked_picture(run, asked, body)
    some, test = shown(run.dataset, among), shown(run.dataset, "test")
    row = int(asked["image"]) if "image" in asked else None
    leave_out = row if among == "test" else None
    point, pixels = embedded(run, picture[None]), picture.reshape(1, -1) / np.float32(255)
    nearest = {
        run.name: neighbours(ready_points(run, among), point, NEAREST, leave_out),
        RAW: neighbours(ready_pixels(run.dataset, among), pixels, NEAREST, leave_out),
    }
    place = plane_of_run(run.name, stamp_of(run)).place(point)[0]
    answer = {
        "seen": as_text(picture),
        "tile": list(picture.shape),
        "name": None if row is None else test.classes[test.labels[row]],
        "place": place.tolist(),
        "runs": [
            {
                "name": name,
                "index": found.index[0].tolist(),
                "distance": [round(float(d), 4) for d in found.distance[0]],
                "names": [some.classes[some.labels[i]] for i in found.index[0]],
                "pixels": [as_text(some.images[i]) for i in found.index[0]],
            }
            for name, found in nearest.items()
        ],
    }
    return json.dumps(answer).encode()


def wake(run: Run) -> None:
    """Load and prepare what a first question to a run needs: torch, the network, the images.

    Raises:
        GenLabError: the images are not here, or the run cannot embed them.
    """
    info = find_dataset(run.dataset)
    embedded(run, np.zeros((1, info.height, info.width), np.uint8))
    ready_points(run, home_of(run.dataset))
    ready_pixels(run.dataset, home_of(run.dataset))
    plane_of_run(run.name, stamp_of(run))


def wake_soon(runs: Sequence[Run]) -> None:
    """`wake` runs one after the other in the background, each once while its weights stay; a
    moment later, for the page that asks is still fetching its own arrays."""
    sleeping = [(run, stamp_of(run)) for run in runs]
    with _waking:
        sleeping = [(run, now) for run, now in sleeping if _woken.get(run.name) != now]
        _woken.update({run.name: now for run, now in sleeping})
    if sleeping:
        timer = threading.Timer(WAKE_AFTER, wake_all, [[run for run, _ in sleeping]])
        timer.daemon = True
        timer.start()


def wake_all(runs: Sequence[Run]) -> None:
    for run in runs:
        with suppress(GenLabError, OSError):  # whoever asks is told
            wake(run)


def as_text(image: np.ndarray) -> str:
    return base64.b64encode(image.tobytes()).decode()


@lru_cache(maxsize=16)
def plane_of_run(name: str, stamp: str) -> Plane:
    return plane_of(points_of(find_run(name), "train"))
