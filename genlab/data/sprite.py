"""Many small images as one PNG: the sprite that browser components cut tiles from, and galleries.

Shapes: N images. PNG because every browser unpacks it; 8-bit grey, nothing lost.
"""

import zlib
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from genlab.data.images import ImageSplit, load_split

SPRITE_COLUMNS = 100


def test_sprite(name: str) -> bytes:
    """All test images of a dataset as one 8-bit grey PNG, 100 columns of 28x28 tiles, row-major.

    Made once per process; errors as load_split.
    """
    return _sprite(load_split(name, "test"))


test_sprite.__test__ = False  # the name begins with "test"; pytest is not to collect it


@lru_cache(maxsize=3)  # one per dataset, up to 5 MB each
def _sprite(split: ImageSplit) -> bytes:
    return _png(Image.fromarray(tile(split.images, SPRITE_COLUMNS)))


def gallery(images: np.ndarray, columns: int) -> bytes:
    """Images (N, H, W) uint8 as one grey PNG, row-major; what is left of the last row is clear."""
    picture = Image.fromarray(tile(images, columns))
    if len(images) % columns:
        opaque = Image.fromarray(tile(np.full_like(images, 255), columns))
        picture = Image.merge("LA", (picture, opaque))
    return _png(picture)


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """Images (N, H, W) to one (rows * H, columns * W) picture, row-major, zeros at the end.

    Raises:
        ValueError: no images, another dtype or shape, or no columns.
    """
    if images.ndim != 3 or images.dtype != np.uint8 or not len(images):
        raise ValueError(f"images are {images.dtype} {images.shape}; give (N, H, W) uint8, N >= 1.")
    if columns < 1:
        raise ValueError(f"columns is {columns}; choose 1 or more.")
    N, H, W = images.shape
    rows = -(-N // columns)
    full = np.zeros((rows * columns, H, W), np.uint8)
    full[:N] = images
    return full.reshape(rows, columns, H, W).swapaxes(1, 2).reshape(rows * H, columns * W)


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    # Run lengths suit these pictures: the Fashion-MNIST sprite takes 4.03 MB and 0.1 s, where
    # zlib's default strategy takes 4.46 MB at level 1, and at level 9 4.15 MB and 2 s.
    picture.save(out, "PNG", compress_type=zlib.Z_RLE)
    return out.getvalue()
