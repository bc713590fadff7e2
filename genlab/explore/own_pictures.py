"""Somebody's picture, made alike to the images of a dataset. Whatever the file holds, the answer
is a small grey picture or one sentence.

MNIST's digits were scaled to fit 20 x 20 pixels and set with their centre of mass in the middle of
28 x 28 (LeCun et al., http://yann.lecun.com/exdb/mnist/): a drawing is treated likewise.
"""

import base64
import io
import re
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from genlab.data.catalogue import DatasetInfo
from genlab.errors import GenLabError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
INK_SIDE = 28  # of a drawing on the page
INK = re.compile(r"[A-Za-z0-9_-]{262}")  # 196 bytes: two bits a pixel
MOST_PIXELS = 40_000_000  # of a picture: a large photograph
FAINTEST = 24  # greys between paper and ink, of 255
STROKE = 0.35  # of the way from paper to the darkest stroke: what is part of the drawing
BOX = {"MNIST": 20}  # folder of a dataset -> pixels that a drawing fills; others fill the image


def read_picture(content: bytes) -> np.ndarray:
    """A picture file as greys (H, W) uint8, upright; clear parts are white.

    Raises:
        GenLabError: it is no picture, broken or too large.
    """
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise GenLabError(
                f"The picture has {width:,} x {height:,} pixels, and "
                f"{MOST_PIXELS // 1_000_000} million are the most; make it smaller."
            )
        picture.draft("L", (640, 640))  # a JPEG is unpacked no larger than it need be
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith(("I", "F")):  # 16 bits or more
            return stretched(np.asarray(picture, np.float64))
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            paper = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(paper, picture)
        return np.asarray(picture.convert("L"))
    except GenLabError:
        raise
    except Image.DecompressionBombError as error:
        raise GenLabError("The picture has far too many pixels; make it smaller.") from error
    except Exception as error:  # Pillow raises many kinds, all of a broken file
        raise GenLabError(
            "This file cannot be read as a picture; choose a PNG, JPEG, GIF, WebP, BMP or TIFF."
        ) from error


def stretched(greys: np.ndarray) -> np.ndarray:
    """Greys of any range to 0 .. 255."""
    greys = np.nan_to_num(greys)
    low, high = greys.min(), greys.max()
    return (255.0 * (greys - low) / ((high - low) or 1.0)).astype(np.uint8)


def fitted(greys: np.ndarray, info: DatasetInfo) -> np.ndarray:
    """Greys (h, w) uint8 as an image (H, W) uint8 like those of a dataset.

    Digits and clothes: light on dark, cut out and centred. Faces: the middle of the picture, in
    the proportions of the dataset's.

    Raises:
        GenLabError: there is nothing in the picture.
    """
    if min(greys.shape) < 2:
        raise GenLabError("The picture is less than two pixels wide or high; choose a larger one.")
    if info.of_people:
        size = info.width, info.height
        return np.asarray(ImageOps.fit(Image.fromarray(greys), size, Image.Resampling.BOX))
    box = BOX.get(info.folder, min(info.height, info.width))
    return centred(cut_out(greys), box, info.height, info.width)


def cut_out(greys: np.ndarray) -> np.ndarray:
    """What is drawn, light on black and as large as it is: (h, w) float64 from 0 to 1."""
    ink = greys.astype(np.float64)
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    paper = np.median(edge)
    ink = paper - ink if paper > 127 else ink - paper
    full = np.percentile(ink, 99.9) if ink.size > 20_000 else ink.max()
    if full < FAINTEST:
        raise GenLabError("There is nothing to see in the picture; choose one with more contrast.")
    ink = np.clip(ink / full, 0.0, 1.0)
    rows, columns = (np.flatnonzero((ink > STROKE).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def centred(ink: np.ndarray, box: int, height: int, width: int) -> np.ndarray:
    """Ink (h, w) in [0, 1], scaled to fit box x box, its centre of mass in the middle."""
    scale = box / max(ink.shape)
    h, w = (max(1, round(scale * side)) for side in ink.shape)
    kind = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    small = np.asarray(Image.fromarray(ink.astype(np.float32)).resize((w, h), kind))
    mass = small.sum()
    places = [
        (small.sum(axis=1 - axis) @ np.arange(side)) / mass for axis, side in enumerate((h, w))
    ]
    result = np.zeros((height, width), np.float32)
    top, left = (
        int(np.clip(round((whole - 1) / 2 - place), 0, whole - side))
        for whole, place, side in zip((height, width), places, (h, w), strict=True)
    )
    result[top : top + h, left : left + w] = small
    return (255.0 * np.clip(result, 0.0, 1.0)).round().astype(np.uint8)


def is_ink(told: Any) -> bool:
    """Whether this is a drawing as text: two bits a pixel, URL-safe base64 without its padding."""
    return isinstance(told, str) and INK.fullmatch(told) is not None


def ink_greys(ink: str) -> np.ndarray:
    """A drawing as greys (28, 28) uint8, light on black; of "" an empty one."""
    if not ink:
        return np.zeros((INK_SIDE, INK_SIDE), np.uint8)
    packed = np.frombuffer(base64.urlsafe_b64decode(ink + "=="), np.uint8)
    levels = (packed[:, None] >> np.array([6, 4, 2, 0])) & 3
    return (85 * levels).astype(np.uint8).reshape(INK_SIDE, INK_SIDE)
