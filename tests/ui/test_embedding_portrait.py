import subprocess
import sys

import numpy as np
import pytest

from genlab.data.catalogue import find_dataset
from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.places import ROOT
from genlab.runs.film import film_path, load_film, pack_film
from genlab.runs.folder import save_array
from genlab.ui.embedding_portrait import (
    GAP,
    LARGE,
    SMALL,
    embedding_caption,
    large_embedding,
    small_embedding,
    source_of,
)
from genlab.ui.portraits import look
from genlab.ui.scatter import COLOURS
from tests.face_folders import write_orl
from tests.siamese_runs import planted, write_siamese_run


def dots(picture: np.ndarray) -> list[np.ndarray]:
    """Columns and rows of the pixels in the colour of each of ten classes, (n, 2)."""
    found = []
    for colour in COLOURS:
        near = np.abs(picture[..., :3].astype(int) - colour[:3]).max(axis=2) < 8
        found.append(np.argwhere(near & (picture[..., 3] > 200))[:, ::-1])
    return found


def middles(picture: np.ndarray) -> np.ndarray:
    return np.array([np.median(some, axis=0) for some in dots(picture)])


def mixing(picture: np.ndarray) -> float:
    """How wide the classes are, in units of the distances between them."""
    width = np.mean([some.std() for some in (d - d.mean(axis=0) for d in dots(picture))])
    return width / (middles(picture) - middles(picture).mean(axis=0)).std()


def turns(places: np.ndarray) -> np.ndarray:
    """Angles of places about their middle, from class to class, in degrees."""
    x, y = (places - places.mean(axis=0)).T
    return np.degrees(np.diff(np.unwrap(np.arctan2(-y, x))))


def test_the_small_picture_shows_where_the_network_puts_the_test_images():
    run = write_siamese_run("one", film=False)
    picture = small_embedding(run)
    assert picture.shape == (SMALL.height, SMALL.width, 4)
    np.testing.assert_allclose(turns(middles(picture)), 36.0, atol=8)


def test_the_large_picture_has_the_pixels_left_and_the_network_right():
    run = write_siamese_run("one", film=False)
    picture = large_embedding(run)
    assert picture.shape == (LARGE.height, 2 * LARGE.width + GAP, 4)
    left, right = picture[:, : LARGE.width], picture[:, LARGE.width + GAP :]
    np.testing.assert_allclose(turns(middles(right)), 36.0, atol=12)
    assert mixing(left) > 1.5 * mixing(right)
    assert "principal components of their pixels" in embedding_caption(run, "MNIST")
    assert "numbers" not in embedding_caption(run, "MNIST")  # of which there are two


def test_a_wide_embedding_is_said_to_be_seen_by_its_components():
    run = write_siamese_run("wide", film=False, embedding_dim=6)
    assert "the principal components of its 6 numbers" in embedding_caption(run, "MNIST")
    assert small_embedding(run) is not None


def test_without_kept_embeddings_the_film_s_last_frame_is_shown():
    run = write_siamese_run("filmed", kept=False)
    assert source_of(run) == "film"
    film = load_film(run)
    goal = planted(film.fixed["labels"], spread=0.0)
    film.frames["embedding"][-1], film.frames["embedding"][0] = goal, goal[:, ::-1]
    film_path(run.path).write_bytes(pack_film(film))
    np.testing.assert_allclose(turns(middles(small_embedding(run))), 36.0, atol=8)
    picture = large_embedding(run)
    assert (picture[..., :3][picture[..., 3] > 0] == 255).all(axis=1).any()  # with pictures
    assert "left before the first update" in embedding_caption(run, "MNIST")


def test_faces_that_are_not_here_are_dots_where_the_film_has_them():
    run = write_siamese_run("faces", dataset="orl", kept=False)
    with pytest.raises(GenLabError, match="not on this machine"):
        load_split("orl", "test")
    assert source_of(run) == "film"
    assert small_embedding(run).any()
    large = large_embedding(run)
    shades = large[large[..., 3] == 255][:, :3].astype(int)
    away = np.abs(shades[:, None] - COLOURS[None, :, :3]).max(axis=2).min(axis=1)
    assert (away > 60).mean() < 0.05  # dots alone, but for where two overlap


def test_faces_that_are_not_here_and_have_no_film_have_no_picture():
    run = write_siamese_run("faces", dataset="orl", kept=False, film=False)
    assert (small_embedding(run), large_embedding(run)) == (None, None)


def test_faces_that_come_to_the_machine_are_embedded_and_drawn_anew(tmp_path, monkeypatch):
    info = find_dataset("orl")
    sides = {"height": info.height, "width": info.width}
    run = write_siamese_run("faces", dataset="orl", kept=False, film=False, **sides)
    before = look(run)
    monkeypatch.setenv("GENLAB_DATA", str(write_orl(tmp_path)))
    assert look(run) != before
    assert small_embedding(run).any()


def test_embeddings_that_are_kept_later_are_drawn_anew():
    run = write_siamese_run("filmed", kept=False)
    before = look(run)
    labels = load_split("mnist", "test").labels
    save_array(run, "embeddings/test", planted(labels).astype(np.float16))
    assert look(run) != before
    assert source_of(run) == "images"


def test_a_film_without_labels_is_a_sentence():
    run = write_siamese_run("filmed", kept=False)
    film = load_film(run)
    del film.fixed["labels"]
    film_path(run.path).write_bytes(pack_film(film))
    with pytest.raises(GenLabError, match="does not say what its images are"):
        small_embedding(run)


def test_pictures_are_drawn_without_torch():
    for name, options in {"kept": {"film": False}, "filmed": {"kept": False}}.items():
        write_siamese_run(name, **options)
    script = (
        "import sys\n"
        "from genlab.runs.folder import find_run\n"
        "from genlab.ui.embedding_portrait import large_embedding, small_embedding\n"
        "for name in ('kept', 'filmed'):\n"
        "    assert small_embedding(find_run(name)) is not None\n"
        "    assert large_embedding(find_run(name)) is not None\n"
        "print('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[-1] == "False"
