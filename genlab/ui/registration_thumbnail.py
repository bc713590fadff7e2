"""A small picture of EM registration for the gallery of labs."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from genlab.plots.palette import CLASS_COLOURS
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.transforms import Transform

WIDTH, HEIGHT, FINER = 560, 300, 2  # pixels; drawn FINER times larger, then reduced
POINTS, SIGMA, DOT = 48, 0.4, 7
STAYS, MOVES = (ImageColor.getrgb(colour) for colour in CLASS_COLOURS[:2])


def registration_picture() -> bytes:
    """The first E step of an L and its noisy copy, a line for each likely match: a PNG on a
    transparent ground."""
    clouds = planted(SHAPES["L"], POINTS, Transform.shift([1.4, 0.4]), noise=0.04, seed=0)
    squared = ((clouds.source[:, None] - clouds.target) ** 2).sum(axis=2)
    r = np.exp(-squared / (2 * SIGMA**2))  # Pi uniform, T = 0
    r /= r.sum(axis=1, keepdims=True)
    both = np.concatenate([clouds.source, clouds.target])
    low, high = both.min(axis=0), both.max(axis=0)
    scale = FINER * 0.88 * min(WIDTH / (high - low)[0], HEIGHT / (high - low)[1])
    centre = FINER * np.array([WIDTH, HEIGHT]) / 2
    source, target = (
        (points - (low + high) / 2) * [scale, -scale] + centre
        for points in (clouds.source, clouds.target)
    )
    picture = Image.new("RGBA", (FINER * WIDTH, FINER * HEIGHT))
    draw = ImageDraw.Draw(picture)
    for i, j in sorted(zip(*np.nonzero(r > 0.02), strict=True), key=lambda pair: r[pair]):
        shade = (128, 128, 128, min(255, round(700 * r[i, j])))
        draw.line([*source[i], *target[j]], fill=shade, width=FINER)
    for x, y in target:
        draw.ellipse([x - DOT, y - DOT, x + DOT, y + DOT], outline=STAYS, width=2 * FINER)
    for x, y in source:
        draw.ellipse([x - DOT, y - DOT, x + DOT, y + DOT], fill=MOVES)
    buffer = BytesIO()
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
