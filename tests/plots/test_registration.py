import numpy as np
import pytest

from genlab.explore.registration_maps import angle_map, landscape, starts_map
from genlab.plots.registration import (
    angle_figure,
    basin_figure,
    landscape_figure,
)
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.transforms import Transform

CONFIG = RegistrationConfig(model="translation", sigma=0.3, each="source", max_steps=10)


@pytest.fixture
def pair():
    return planted(SHAPES["L"], 12, Transform.shift([0.7, 0.3]), noise=0.01)


@pytest.fixture
def states(pair):
    return list(register(pair.source, pair.target, CONFIG))


def trace(figure, name: str):
    return next(drawn for drawn in figure.data if drawn.name == name)


def test_the_landscape_carries_the_path_the_optima_and_the_planted_place(pair, states):
    found = landscape(pair.source, pair.target, CONFIG, states)
    figure = landscape_figure(found, truth=np.array([0.7, 0.3]), other=found.path[:2])
    path = trace(figure, "EM's path")
    assert np.array_equal(np.stack([path.x, path.y], axis=1), found.path)
    assert len(trace(figure, "local optima").x) == len(found.peaks)
    assert (trace(figure, "planted T").x[0], trace(figure, "planted T").y[0]) == (0.7, 0.3)
    assert len(trace(figure, "beside it").x) == 2


def test_the_shares_of_the_basins_sum_to_one(pair):
    around = np.array([[0.0, 0.0], [2.0, 2.0]])
    xs, ys, basins = starts_map(pair.source, pair.target, CONFIG, around, 5)
    figure = basin_figure(xs, ys, basins)
    shares = [float(t.name.split(", ")[-1].rstrip("%")) for t in figure.data if t.name]
    assert sum(shares) == pytest.approx(100, abs=5)
    assert figure.data[0].z.shape == (5, 5)


def test_angles_have_a_mark_for_each_start():
    pair = planted(SHAPES["M"], 12, Transform.turn(0))
    config = RegistrationConfig(model="rigid", sigma=0.3, max_steps=10)
    found = angle_map(pair.source, pair.target, config, 0.3, 5)
    figure = angle_figure(found)
    assert sum(len(drawn.x) for drawn in figure.data[1:]) == 5
    assert len(figure.data[0].x) == len(found.degrees)
