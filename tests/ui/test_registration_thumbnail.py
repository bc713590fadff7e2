"""The gallery's picture of EM registration."""

from io import BytesIO

import numpy as np
from PIL import Image

from genlab.ui.registration_thumbnail import HEIGHT, MOVES, STAYS, WIDTH, registration_picture


def near(picture: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    """(H, W) where an opaque pixel has about this colour."""
    apart = np.abs(picture[..., :3].astype(int) - colour).max(axis=2)
    return (apart < 40) & (picture[..., 3] > 200)


def test_source_lies_left_of_target_with_lines_between_on_a_clear_ground():
    picture = np.array(Image.open(BytesIO(registration_picture())))
    assert picture.shape == (HEIGHT, WIDTH, 4)
    source, target = (np.argwhere(near(picture, colour)) for colour in (MOVES, STAYS))
    assert len(source) > 500
    assert len(target) > 500
    assert source[:, 1].mean() < target[:, 1].mean()
    between = picture[HEIGHT // 3 : HEIGHT // 2, WIDTH // 3 : WIDTH // 2, 3]
    assert 0 < np.median(between) < 200
    assert (picture[:20, :20, 3] == 0).all()
