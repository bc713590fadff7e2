from dataclasses import replace

import numpy as np
import pytest

from genlab.explore.registration_film import shift_of
from genlab.explore.registration_maps import (
    MOST,
    angle_map,
    landscape,
    partners,
    peaks,
    starts_map,
    thinned,
)
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.states import responsibilities
from genlab.registration.transforms import Transform

TRANSLATION = RegistrationConfig(model="translation", sigma=0.3, each="source", max_steps=40)


@pytest.fixture
def pair():
    return planted(SHAPES["L"], 20, Transform.shift([0.7, 0.3]), noise=0.01)


def test_the_hill_of_the_landscape_stands_where_em_ends(pair):
    states = list(register(pair.source, pair.target, TRANSLATION))
    found = landscape(pair.source, pair.target, TRANSLATION, states)
    cell = found.xs[1] - found.xs[0]
    assert np.allclose(found.peaks[0], found.path[-1], atol=1.5 * cell)
    assert np.allclose(found.peaks[0], (0.7, 0.3), atol=1.5 * cell)
    assert np.array_equal(found.path[0], (0, 0))


def test_the_landscape_of_a_turned_fit_passes_through_its_own_likelihood():
    truth = Transform.turn(40).then(Transform.shift([0.5, 0.0]))
    pair = planted(SHAPES["R"], 25, truth, noise=0.01)
    config = RegistrationConfig(model="rigid", sigma=0.3)
    states = list(register(pair.source, pair.target, config))
    found = landscape(pair.source, pair.target, config, states)
    end, highest = found.path[-1], found.log_likelihood.max()
    assert highest == pytest.approx(states[-1].log_likelihood, abs=0.02 * abs(highest) + 0.5)
    cell = found.xs[1] - found.xs[0]
    assert np.allclose(found.peaks[0], end, atol=1.5 * cell)


def test_peaks_are_local_maxima_highest_first_and_never_on_the_border():
    x = np.linspace(0, 4 * np.pi, 40)
    values = np.sin(x)[:, None] * np.sin(x)[None, :] + 0.01 * x[:, None]
    found = peaks(values)
    heights = values[found[:, 0], found[:, 1]]
    assert len(found) == 8
    assert np.all(np.diff(heights) <= 0)
    values[0, 0] = 99.0
    assert not (peaks(values) == 0).any()


def test_every_start_ends_at_an_optimum_that_em_finds_from_there(pair):
    around = np.array([[0.0, 0.0], [1.0, 1.0]])
    xs, ys, basins = starts_map(pair.source, pair.target, TRANSLATION, around, 4)
    row, column = 1, 2
    start = Transform.shift([xs[column], ys[row]])
    last = list(register(pair.source, pair.target, TRANSLATION, start))[-1]
    end = shift_of(last.transform, pair.source.mean(axis=0))
    assert np.allclose(basins.ends[row, column], end, atol=0.05)


def test_a_start_beyond_the_basin_ends_at_another_angle():
    pair = planted(SHAPES["M"], 30, Transform.turn(0), noise=0.01)
    config = RegistrationConfig(model="rigid", sigma=0.15, max_steps=60)
    found = angle_map(pair.source, pair.target, config, 0.15, 6)
    assert found.degrees[found.log_likelihood.argmax()] == pytest.approx(0, abs=2)
    ends = dict(zip(found.starts, found.ends, strict=True))
    assert ends[0.0] == pytest.approx(0, abs=1)
    assert abs(ends[-180.0]) > 30


def test_partners_are_e_to_the_entropy_of_the_responsibilities(pair):
    state = next(register(pair.source, pair.target, TRANSLATION))
    softer, found = partners(state, pair.source, pair.target, 0.5)
    r = responsibilities(softer, pair.source, pair.target)
    entropy = -np.sum(r * np.log(np.maximum(r, 1e-300)), axis=1)
    assert found == pytest.approx(np.exp(entropy.mean()), rel=1e-3)
    hard = partners(state, pair.source, pair.target, 0.001)[1]
    assert hard == pytest.approx(1, abs=0.01)
    assert partners(state, pair.source, pair.target, 100.0)[1] == pytest.approx(20, rel=0.01)


def test_a_large_cloud_is_thinned_alike_each_time(rng):
    points = rng.normal(size=(1000, 2))
    assert len(thinned(points)) == MOST
    assert np.array_equal(thinned(points), thinned(points))
    assert np.array_equal(thinned(points[:MOST]), points[:MOST])


def test_the_landscape_of_a_large_cloud_says_of_how_many_points(rng):
    points = rng.normal(size=(MOST + 50, 2))
    config = replace(TRANSLATION, max_steps=1)
    states = list(register(points, points + 0.1, config))
    assert landscape(points, points + 0.1, config, states).points == (MOST, MOST)
