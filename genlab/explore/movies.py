"""Moving pictures as files: GIF, MP4, and a PNG with the frames side by side.

Shapes: F frames, H W their height and width, N images of a frame, P = S * S pixels of an image.
Frames are uint8, grey (F, H, W) or red, green and blue (F, H, W, 3).
"""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

GAP = 40  # the grey between two images


def tiled(images: np.ndarray, columns: int, *, gap: int = 1) -> np.ndarray:
    """Frames of N square images each, (F, N, P) uint8, as frames (F, H, W) row by row."""
    F, N, P = images.shape
    side, rows = round(P**0.5), -(-N // columns)
    if side * side != P:
        raise ValueError(f"an image has {P} pixels, which is no square.")
    cell = side + gap
    frames = np.full((F, rows * cell + gap, columns * cell + gap), GAP, np.uint8)
    for n in range(N):
        top, left = gap + n // columns * cell, gap + n % columns * cell
        frames[:, top : top + side, left : left + side] = images[:, n].reshape(F, side, side)
    return frames


def beside(films: Sequence[np.ndarray], *, gap: int = 6) -> np.ndarray:
    """Films of as many frames (F, H, W) next to one another, the lower ones filled up below."""
    height = max(film.shape[1] for film in films)
    parts = []
    for place, film in enumerate(films):
        left = gap if place else 0
        room = ((0, 0), (0, height - film.shape[1]), (left, 0))
        parts.append(np.pad(film, room, constant_values=GAP))
    return np.concatenate(parts, axis=2)


def enlarged(frames: np.ndarray, factor: int) -> np.ndarray:
    """Every pixel as factor * factor pixels."""
    return frames.repeat(factor, axis=1).repeat(factor, axis=2)


def gif(frames: np.ndarray, fps: float) -> bytes:
    """The frames as an endless GIF; its clock ticks in hundredths of a second."""
    first, *rest = [Image.fromarray(frame) for frame in checked(frames)]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)
    return buffer.getvalue()


def mp4(frames: np.ndarray, fps: int) -> bytes:
    """The frames as H.264, which wants even sides: an odd one gets a line more."""
    import av  # loads ffmpeg's libraries, so only when somebody asks

    frames = checked(frames)
    odd = [(0, frames.shape[axis] % 2) for axis in (1, 2)]
    frames = np.pad(frames, ((0, 0), *odd, *[(0, 0)] * (frames.ndim - 3)), mode="edge")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=fps, options={"crf": "16", "preset": "medium"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            kind = "gray" if frame.ndim == 2 else "rgb24"
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format=kind)))
        file.mux(stream.encode())
    return buffer.getvalue()


def png_strip(frames: np.ndarray, *, columns: int | None = None, gap: int = 2) -> bytes:
    """All frames in one picture, `columns` in a row, or all in one."""
    frames = checked(frames)
    F, H, W = frames.shape[:3]
    columns = columns or F
    rows = -(-F // columns)
    shape = (rows * (H + gap) - gap, columns * (W + gap) - gap, *frames.shape[3:])
    page = np.full(shape, GAP, np.uint8)
    for index, frame in enumerate(frames):
        top, left = index // columns * (H + gap), index % columns * (W + gap)
        page[top : top + H, left : left + W] = frame
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def checked(frames: np.ndarray) -> np.ndarray:
    """The frames, contiguous, if they are some.

    Raises:
        ValueError: no frames, or not uint8 of a shape that the module names.
    """
    grey, coloured = frames.ndim == 3, frames.ndim == 4 and frames.shape[3] == 3
    if frames.dtype != np.uint8 or not (grey or coloured) or not frames.size:
        raise ValueError(
            f"frames are {frames.dtype} of shape {frames.shape}; give uint8 (F, H, W) or "
            "(F, H, W, 3), at least one."
        )
    return np.ascontiguousarray(frames)
