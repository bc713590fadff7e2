from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from genlab.data.images import load_split
from genlab.data.sprite import gallery, test_sprite, tile

PICTURES = np.random.default_rng(0).integers(0, 256, (7, 4, 5), np.uint8)


def opened(png):
    return Image.open(BytesIO(png))


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_the_sprite_holds_every_test_image_at_its_place(name):
    png = test_sprite(name)
    assert len(png) < 5_000_000
    sprite = opened(png)
    assert (sprite.format, sprite.mode, sprite.size) == ("PNG", "L", (2800, 2800))
    pixels, images = np.asarray(sprite), load_split(name, "test").images
    for i in (0, 1, 99, 100, 4321, 9999):
        row, column = divmod(i, 100)
        there = pixels[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        np.testing.assert_array_equal(there, images[i])


def test_the_sprite_is_made_once():
    assert test_sprite("mnist") is test_sprite("mnist")


def test_a_gallery_leaves_the_rest_of_its_last_row_clear():
    picture = np.asarray(opened(gallery(PICTURES, 3)))
    assert picture.shape == (12, 15, 2)
    grey, alpha = picture[..., 0], picture[..., 1]
    np.testing.assert_array_equal(grey[8:, :5], PICTURES[6])
    assert (alpha[:8] == 255).all()
    assert (alpha[8:, :5] == 255).all()
    assert (alpha[8:, 5:] == 0).all()


def test_a_gallery_of_whole_rows_is_plain_grey():
    picture = opened(gallery(PICTURES[:6], 3))
    assert picture.mode == "L"
    np.testing.assert_array_equal(np.asarray(picture)[4:, 10:], PICTURES[5])


def test_fewer_images_than_columns_make_one_row():
    assert tile(PICTURES[:2], 5).shape == (4, 25)


@pytest.mark.parametrize(
    ("images", "columns"),
    [(PICTURES[:0], 3), (PICTURES[0], 3), (PICTURES / 255.0, 3), (PICTURES, 0)],
    ids=["none", "two axes", "floats", "no columns"],
)
def test_what_cannot_be_tiled_is_refused(images, columns):
    with pytest.raises(ValueError, match=r"give|choose"):
        tile(images, columns)
