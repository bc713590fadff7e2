"""A choice among N images as a short text that fits into a link.

The text is base64url of zlib of a bitset: bit i & 7 of byte i >> 3 stands for image i.
"""

import base64
import binascii
import zlib

import numpy as np

from genlab.errors import GenLabError


def selection_text(chosen: np.ndarray) -> str:
    """chosen (N,) bool to text; nothing chosen is the empty text."""
    if not chosen.any():
        return ""
    packed = zlib.compress(np.packbits(chosen, bitorder="little").tobytes(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_selection(text: str, count: int) -> np.ndarray:
    """The (count,) bool that selection_text wrote.

    Raises:
        GenLabError: the text is damaged, or belongs to more images than that.
    """
    if not text:
        return np.zeros(count, bool)
    size = (count + 7) // 8
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(packed, size + 1)
        whole = unpacker.eof and len(unpacked) == size
    except (binascii.Error, ValueError, zlib.error):
        whole = False
    if not whole:
        raise GenLabError("The choice of images in this link is damaged; copy the link again.")
    bits = np.unpackbits(np.frombuffer(unpacked, np.uint8), bitorder="little")
    return bits[:count].astype(bool)
