"""The film: its laws, and what is left of it after packing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genlab.explore.plane_density import Grid, even_noises, pushed_masses
from genlab.explore.plane_film import CLOSE, KNOTS, SHOWN, frames, pack_film, stops
from genlab.explore.plane_gan import PlaneConfig, sample_gradients, sample_noise, train
from genlab.explore.plane_loss import LOG4, opinion
from genlab.explore.plane_net import run_net
from genlab.explore.plane_pack import Part, pack, unpack

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"hidden": 6, "batch": 16, "updates": 120}


@pytest.fixture(scope="module")
def film():
    return list(frames(PlaneConfig(target="ring", **SMALL)))


def test_every_half_step_is_kept_at_first_and_where_a_closer_look_is_asked_for():
    assert set(range(CLOSE + 1)) <= stops(2000)
    assert set(range(700, 700 + CLOSE + 1)) <= stops(2000, close=700)
    assert max(stops(2000)) == max(stops(2000, close=1998)) == 2000
    assert len(stops(4000)) < 110


def test_the_value_is_at_most_that_of_d_star_and_its_bound_is_two_jsd_minus_log_four(film):
    for frame in film:
        assert frame.value <= frame.best
        assert frame.best == pytest.approx(2.0 * frame.jsd - LOG4)
        assert 0.0 <= frame.jsd <= np.log(2.0) + 1e-12


def test_masses_sum_to_one_and_opinions_are_shares(film):
    for frame in film:
        assert frame.made.sum() == pytest.approx(1.0)
        assert np.all((frame.optimum >= 0.0) & (frame.optimum <= 1.0))
        assert np.all((frame.discriminator > 0.0) & (frame.discriminator < 1.0))


def test_the_trace_has_every_update_once(film):
    trace = np.concatenate([frame.trace for frame in film])
    assert trace.shape == (120, 4)
    assert np.all(np.isfinite(trace))


def test_every_frame_shows_the_networks_of_its_own_half_step():
    config = PlaneConfig(target="ring", loss="non-saturating", **SMALL)
    steps = {step.time: step for step in train(config)}
    net, shown = (
        even_noises("gaussian", 2),
        sample_noise(config, np.random.default_rng([0, 3]), 256),
    )
    for frame in frames(config):
        step = steps[frame.time]
        g, d = step.generator, step.discriminator
        np.testing.assert_array_equal(frame.made, pushed_masses(run_net(config.generator, g, net)))
        fakes = run_net(config.generator, g, shown)
        np.testing.assert_array_equal(frame.fakes, fakes)
        np.testing.assert_array_equal(frame.slopes, sample_gradients(config, d, fakes)[0])
        outputs = run_net(config.discriminator, d, Grid(2).points)[:, 0]
        np.testing.assert_array_equal(frame.discriminator, opinion(outputs, config.loss))


def test_d_s_half_leaves_the_fakes_and_their_density_where_they_are(film):
    halves = [i for i, frame in enumerate(film) if frame.time % 1.0 and film[i - 1].time % 1.0 == 0]
    close = [i for i in halves if film[i].time - film[i - 1].time == 0.5]
    assert len(close) >= CLOSE
    for i in close:
        np.testing.assert_array_equal(film[i].fakes, film[i - 1].fakes)
        np.testing.assert_array_equal(film[i].made, film[i - 1].made)
        assert np.any(film[i].slopes != film[i - 1].slopes)


@pytest.mark.parametrize(("axes", "loss"), [(1, "least-squares"), (2, "non-saturating")])
def test_a_packed_film_comes_back_as_near_as_its_levels_allow(axes, loss):
    config = PlaneConfig(axes=axes, target="gaussian", loss=loss, **SMALL)
    film = list(frames(config))
    header, arrays = unpack(pack_film(config, film))
    assert header["config"]["loss"] == loss
    assert header["times"] == [frame.time for frame in film]
    last = film[-1]
    assert arrays["fakes"].shape == (len(film), SHOWN[axes], axes)
    assert arrays["knots"].shape == (len(film), KNOTS[axes] ** axes, axes)
    assert np.abs(arrays["fakes"][-1] - last.fakes).max() < 0.001
    assert np.abs(arrays["discriminator"][-1] - last.discriminator).max() < 0.005
    assert np.abs(arrays["optimum"][-1] - last.optimum).max() < 0.003
    norm = np.linalg.norm(last.slopes, axis=1, keepdims=True)
    assert np.abs(arrays["pushes"][-1] + last.slopes / (1.0 + norm)).max() < 0.005
    np.testing.assert_allclose(arrays["value"], [frame.value for frame in film], rtol=1e-6)
    assert arrays["trace"].shape == (4, 120)


def test_numbers_within_the_range_come_back_within_half_a_level(rng):
    array = rng.uniform(-3.0, 5.0, (6, 4))
    parts = [
        Part("coarse", array, 254, -3.0, 5.0, film=True),
        Part("fine", array, 4094, -3.0, 5.0),
        Part("exact", array.astype(np.float32)),
    ]
    header, arrays = unpack(pack({"name": "x"}, parts))
    assert header["name"] == "x"
    assert np.abs(arrays["coarse"] - array).max() <= 8.0 / 254 / 2 + 1e-12
    assert np.abs(arrays["fine"] - array).max() <= 8.0 / 4094 / 2 + 1e-12
    np.testing.assert_array_equal(arrays["exact"], array.astype(np.float32))


def test_the_middle_is_exact_and_what_lies_beyond_is_brought_to_the_ends():
    array = np.array([[0.0, -9.0], [9.0, 0.0]])
    _, arrays = unpack(pack({}, [Part("p", array, 254, -1.0, 1.0, film=True)]))
    np.testing.assert_allclose(arrays["p"], [[0.0, -1.0], [1.0, 0.0]], atol=1e-15)


def test_the_command_writes_the_same_film_without_torch(tmp_path):
    settings = {"axes": 1, "target": "uniform", "close": 60, **SMALL}
    code = (
        "import runpy, sys; sys.argv = ['plane_gan', sys.argv[1]];"
        "runpy.run_module('genlab.explore.plane_gan', run_name='__main__');"
        "sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(settings)], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    close = settings.pop("close")
    config = PlaneConfig(**settings)
    assert done.stdout == pack_film(config, list(frames(config, close)))
    shares = [float(line) for line in done.stderr.split()]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
