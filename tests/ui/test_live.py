import time

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.runs.folder import load_array, save_array
from genlab.ui import live

SETTINGS = {"perplexity": 10.0, "exaggeration": 12.0, "seed": 0, "steps": 120}


@pytest.fixture
def run(make_run, rng):
    made = make_run("live")
    save_array(made, "latents/mu", rng.normal(size=(300, 3)))
    return made


def wait(film_id, *states, seconds=60):
    for _ in range(seconds * 50):
        film = live.find_film(film_id)
        if film.state in states:
            return film
        time.sleep(0.02)
    raise AssertionError(f"still in state {film.state} at iteration {film.iteration}")


def read(film_id, after=-1):
    content = live.frame(film_id, after)
    header = live.HEADER.unpack(content[: live.HEADER.size])
    return header, np.frombuffer(content[live.HEADER.size :], "<f4")


def test_a_film_ends_with_the_newest_frame_and_sends_it_once(run):
    film_id = live.start(run.name, **SETTINGS)
    wait(film_id, live.DONE)
    (iteration, total, state, kl), coordinates = read(film_id)
    assert (iteration, total, state) == (120, 120, live.DONE)
    assert coordinates.shape == (600,)
    assert 0 < kl < 10
    assert read(film_id, after=iteration)[1].size == 0


def test_the_same_settings_are_one_film_and_others_another(run):
    first = live.start(run.name, **SETTINGS)
    assert live.start(run.name, **SETTINGS) == first
    other = live.start(run.name, **SETTINGS | {"seed": 1})
    assert other != first
    wait(first, live.DONE)
    wait(other, live.DONE)
    assert not np.array_equal(read(first)[1], read(other)[1])


def test_a_stopped_film_stays_as_it_is_and_can_be_started_again(run):
    settings = SETTINGS | {"steps": 100_000}
    film_id = live.start(run.name, **settings)
    wait(film_id, live.RUNNING)
    live.stop(film_id)
    film = wait(film_id, live.STOPPED)
    assert film.iteration < 100_000
    assert live.start(run.name, **settings) == film_id
    assert live.find_film(film_id).state in (live.WAITING, live.RUNNING)
    live.stop(film_id)
    wait(film_id, live.STOPPED)


def test_bad_settings_fail_with_their_sentence(run):
    film_id = live.start(run.name, **SETTINGS | {"perplexity": 5000.0})
    wait(film_id, live.FAILED)
    with pytest.raises(GenLabError, match="perplexity"):
        live.frame(film_id, -1)


def test_a_film_of_default_settings_becomes_the_runs_map(run):
    from genlab.explore.tsne import TSNEConfig

    config = TSNEConfig()
    film_id = live.start(
        run.name,
        perplexity=config.perplexity,
        exaggeration=config.exaggeration,
        seed=config.seed,
        steps=config.steps,
    )
    wait(film_id, live.DONE)
    np.testing.assert_array_equal(load_array(run, "maps/tsne").ravel(), read(film_id)[1])


def test_an_unknown_film_is_said():
    with pytest.raises(GenLabError, match="start it again"):
        live.frame("nothing", -1)
