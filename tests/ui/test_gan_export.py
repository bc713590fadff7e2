import io

import av
import numpy as np
import pytest
from PIL import Image

from genlab.errors import GenLabError
from genlab.explore.gan_layers import generate, generator_layers
from genlab.jobs.queue import submit
from genlab.runs.film import film_path, pack_film
from genlab.runs.folder import load_tensors
from genlab.ui.gan_export import film_frames, film_of, movie, theatre_script, walk_frames
from genlab.ui.gan_view import TheatreView
from tests.gan_runs import some_film, write_gan_run


def test_films_are_saved_in_lockstep():
    one, other = some_film(updates=(0, 10, 100)), some_film(updates=(0, 50), seed=1)
    frames = film_frames([one, other], "updates", None)
    assert len(frames) == 4  # 0, 10, 50, 100
    left = 8 * 29 + 1
    assert frames.shape[1:] == (left, 2 * left + 6)
    first = frames[1, 1:29, left + 6 + 1 : left + 6 + 29]  # the other film waits at its first frame
    np.testing.assert_array_equal(first.ravel(), other.frames["images"][0, 0])


def test_one_noise_is_saved_alone():
    film = some_film()
    frames = film_frames([film], "images", 17)
    assert frames.shape == (len(film), 30, 30)
    np.testing.assert_array_equal(frames[3, 1:29, 1:29].ravel(), film.frames["images"][3, 17])


def test_a_walk_begins_and_ends_at_what_the_generator_makes_of_both_noises():
    run, film = write_gan_run("one"), some_film()
    frames = walk_frames(run, film, TheatreView(tile=3, other=40))
    layers = generator_layers(run.config["model"], load_tensors(run))
    ends = generate(layers, film.fixed["noise"][[3, 40]]).reshape(2, 28, 28)
    np.testing.assert_allclose(frames[[0, -1], 1:29, 1:29] / 255.0, ends, atol=0.003)


def test_every_format_holds_the_film():
    frames = film_frames([some_film()], "updates", 5)
    F = len(frames)
    with Image.open(io.BytesIO(movie(frames, "GIF", 1.0))) as film:
        seconds = 0.0
        for index in range(film.n_frames):
            film.seek(index)
            seconds += film.info["duration"] / 1000
    assert seconds == pytest.approx(F / 5 + 1.0)  # five stops a second, and a second at the end
    with av.open(io.BytesIO(movie(frames, "MP4", 2.0))) as file:
        assert sum(1 for _ in file.decode(video=0)) == F + 10
    width, height = Image.open(io.BytesIO(movie(frames, "PNG strip", 1.0))).size
    assert width > (F - 1) * height


def test_a_job_is_saved_as_far_as_it_has_come():
    job = submit("new", {"family": "gan"}, state="running")
    with pytest.raises(GenLabError, match="no frame yet"):
        film_of(job)
    job.folder.mkdir(parents=True)
    film_path(job.folder).write_bytes(pack_film(some_film(updates=(0, 10))))
    assert len(film_of(job)) == 2


@pytest.mark.parametrize("clock", ["updates", "images"])
def test_the_script_runs_and_gives_what_is_on_show(monkeypatch, tmp_path, clock):
    film = some_film()
    write_gan_run("one", film=film)
    write_gan_run("two", film=some_film(updates=(0, 10), seed=2))
    view = TheatreView(at=30 if clock == "updates" else 30 * 64, clock=clock, tile=4, other=8)
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(theatre_script(["job-3", "one", "two"], view), found)
    np.testing.assert_array_equal(found["shown"][0], film.frames["images"][2])  # of update 25
    assert found["history"].shape == (len(film), 28, 28)
    assert found["images"].shape == (12, 28, 28)
    with Image.open(tmp_path / "film.gif") as saved:
        assert saved.n_frames == len(film)


def test_a_job_alone_has_no_script_yet():
    assert "come back" in theatre_script(["job-3"], TheatreView())
