import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from genlab.data.catalogue import find_dataset
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.own_pictures import fitted, ink_greys, is_ink, read_picture

MNIST, FACES = find_dataset("mnist"), find_dataset("orl")


def file_of(picture: Image.Image, kind: str = "PNG", **how) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def digit(number: int = 0) -> np.ndarray:
    return load_split("mnist", "test").images[number]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_greys_come_as_they_are(kind):
    np.testing.assert_array_equal(read_picture(file_of(Image.fromarray(digit()), kind)), digit())


def test_a_clear_ground_is_paper():
    drawn = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    ImageDraw.Draw(drawn).line((20, 5, 20, 35), fill=(0, 0, 0, 255), width=4)
    greys = read_picture(file_of(drawn))
    assert greys[0, 0] == 255
    assert greys[20, 20] == 0


def test_sixteen_bits_keep_their_range():
    ramp = np.linspace(0, 60_000, 64).astype(np.uint16).reshape(8, 8)
    greys = read_picture(file_of(Image.fromarray(ramp)))
    assert (greys.min(), greys.max()) == (0, 255)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        file_of(Image.fromarray(digit()))[:90],
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(content):
    with pytest.raises(GenLabError, match="cannot be read as a picture"):
        read_picture(content)


def test_a_huge_picture_is_refused_before_it_is_unpacked():
    with pytest.raises(GenLabError, match=r"40 million are the most"):
        read_picture(file_of(Image.new("1", (20_000, 4000))))
    with pytest.raises(GenLabError, match="far too many pixels"):
        read_picture(file_of(Image.new("1", (30_000, 14_000))))


@pytest.mark.parametrize("number", [0, 7, 123, 4000])
def test_a_digit_of_the_data_stays_what_it_is(number):
    """MNIST's own digits were set just so: nothing is left to do but for a pixel's rounding."""
    before, after = digit(number).astype(float), fitted(digit(number), MNIST).astype(float)
    shifts = [np.roll(after, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    correlations = [np.corrcoef(before.ravel(), one.ravel())[0, 1] for one in shifts]
    assert max(correlations) > 0.95


@pytest.mark.parametrize("ground", ["white", "black"])
def test_a_drawing_is_cut_out_centred_and_light_on_black(ground):
    ink = "black" if ground == "white" else "white"
    picture = Image.new("L", (400, 300), ground)
    ImageDraw.Draw(picture).line((300, 40, 300, 160), fill=ink, width=12)
    image = fitted(np.asarray(picture), MNIST)
    assert image.shape == (28, 28)
    rows, columns = np.nonzero(image > 127)
    assert (rows.min(), rows.max()) == (4, 23)  # 20 pixels high
    assert abs(columns.mean() - 13.5) <= 0.5
    assert image[0, 0] == 0


def test_where_it_is_drawn_and_how_large_says_nothing():
    big, small = np.zeros((280, 280), np.uint8), np.zeros((140, 200), np.uint8)
    big[40:240, 100:180] = 255
    small[10:60, 150:170] = 255
    np.testing.assert_allclose(fitted(big, MNIST), fitted(small, MNIST), atol=40)


@pytest.mark.parametrize("greys", [np.full((50, 50), 200), np.zeros((30, 30)), np.full((9, 9), 9)])
def test_an_empty_picture_is_refused_in_a_sentence(greys):
    with pytest.raises(GenLabError, match="nothing to see"):
        fitted(greys.astype(np.uint8), MNIST)


def test_a_picture_of_one_row_is_refused_in_a_sentence():
    with pytest.raises(GenLabError, match="two pixels"):
        fitted(np.zeros((1, 400), np.uint8), MNIST)


def test_a_face_is_the_middle_of_the_picture():
    wide = np.zeros((112, 400), np.uint8)
    wide[:, 200 - 56 : 200 + 56] = 180
    image = fitted(wide, FACES)
    assert image.shape == (64, 64)
    assert (image == 180).all()


def test_ink_is_two_bits_a_pixel():
    ink = "G" * 262  # 000110 four times is 00 01 10 00 01 10 ...
    greys = ink_greys(ink)
    assert greys.ravel()[:6].tolist() == [0, 85, 170, 0, 85, 170]
    assert not ink_greys("").any()


@pytest.mark.parametrize("told", [None, 7, "", "A" * 261, "A" * 263, '"' * 262, "=" * 262])
def test_what_is_no_drawing_is_left_out(told):
    assert not is_ink(told)
    assert is_ink("A" * 262)
