import io

import av
import numpy as np
import pytest
from PIL import Image

from genlab.explore.movies import beside, enlarged, gif, mp4, png_strip, tiled


def some_frames(rng, F=4, H=12, W=16) -> np.ndarray:
    """Grey frames that differ, smooth enough for a film's compression."""
    ramp = np.linspace(0, 200, W)[None, None, :] + 10.0 * np.arange(F)[:, None, None]
    return np.broadcast_to(ramp, (F, H, W)).astype(np.uint8)


def test_a_gif_plays_the_frames_exactly_and_for_ever(rng):
    frames = some_frames(rng)
    with Image.open(io.BytesIO(gif(frames, fps=5))) as film:
        assert (film.n_frames, film.info["loop"], film.info["duration"]) == (4, 0, 200)
        for index, frame in enumerate(frames):
            film.seek(index)
            np.testing.assert_array_equal(np.asarray(film.convert("L")), frame)


def test_a_coloured_gif_keeps_its_colours(rng):
    frames = np.zeros((2, 8, 8, 3), np.uint8)
    frames[0, ..., 0] = frames[1, ..., 2] = 255
    with Image.open(io.BytesIO(gif(frames, fps=10))) as film:
        film.seek(1)
        np.testing.assert_array_equal(np.asarray(film.convert("RGB")), frames[1])


@pytest.mark.parametrize("coloured", [False, True])
def test_an_mp4_plays_every_frame_nearly_as_it_was(rng, coloured):
    frames = some_frames(rng, F=6, H=33, W=47)  # odd sides
    if coloured:
        frames = frames[..., None].repeat(3, axis=3)
    with av.open(io.BytesIO(mp4(frames, fps=8))) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 8
        kind = "rgb24" if coloured else "gray"
        found = np.stack([frame.to_ndarray(format=kind) for frame in file.decode(video=0)])
    assert found.shape[:3] == (6, 34, 48)
    apart = np.abs(found[:, :33, :47].astype(int) - frames)
    assert apart.mean() < 6  # television's greys run from 16 to 235


def test_a_strip_shows_the_frames_in_order(rng):
    frames = some_frames(rng, F=5)
    page = np.asarray(Image.open(io.BytesIO(png_strip(frames, columns=3, gap=2))))
    assert page.shape == (2 * 12 + 2, 3 * 16 + 2 * 2)
    np.testing.assert_array_equal(page[:12, 18:34], frames[1])
    np.testing.assert_array_equal(page[14:, 18:34], frames[4])


def test_tiles_stand_row_by_row(rng):
    images = rng.integers(0, 256, (3, 5, 16), np.uint8)
    frames = tiled(images, columns=2, gap=1)
    assert frames.shape == (3, 3 * 5 + 1, 2 * 5 + 1)
    np.testing.assert_array_equal(frames[2, 6:10, 6:10], images[2, 3].reshape(4, 4))


def test_films_of_different_height_stand_side_by_side(rng):
    one, other = some_frames(rng, H=4, W=4), some_frames(rng, H=6, W=5)
    both = beside([one, other], gap=2)
    assert both.shape == (4, 6, 11)
    np.testing.assert_array_equal(both[:, :4, :4], one)
    np.testing.assert_array_equal(both[:, :, 6:], other)


def test_enlarging_repeats_every_pixel():
    frames = np.array([[[1, 2]]], np.uint8)
    np.testing.assert_array_equal(enlarged(frames, 2), [[[1, 1, 2, 2], [1, 1, 2, 2]]])


@pytest.mark.parametrize("shape", [(0, 4, 4), (3, 4, 4, 2), (4, 4)])
def test_what_is_no_film_is_refused(shape):
    with pytest.raises(ValueError, match="give uint8"):
        gif(np.zeros(shape, np.uint8), fps=5)
