import numpy as np
import pytest

from genlab.plots.registration_clouds import between, sigma_figure, space_figure
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.states import lines
from genlab.registration.transforms import Transform

CONFIG = RegistrationConfig(model="translation", sigma=0.3, each="source", max_steps=10)


@pytest.fixture
def pair():
    return planted(SHAPES["L"], 12, Transform.shift([0.7, 0.3]), noise=0.01)


@pytest.fixture
def states(pair):
    return list(register(pair.source, pair.target, CONFIG))


def test_each_sigma_has_its_panel_with_lines_between_partners(pair, states):
    found = lines(states[0], pair.source, pair.target, count=3)
    figure = sigma_figure(states[0].moved(pair.source), pair.target, [found, found], ["a", "b"])
    assert [note.text for note in figure.layout.annotations] == ["a", "b"]
    drawn = [t for t in figure.data if t.mode == "lines" and t.xaxis == "x"]
    assert sum(len(t.x) for t in drawn) == 3 * len(found.weight)


def test_lines_go_from_start_to_stop_with_gaps():
    starts, stops = np.array([[0.0, 1.0]]), np.array([[2.0, 3.0]])
    drawn = between(starts, stops)
    assert np.array_equal(drawn[:2], [[0, 1], [2, 3]])
    assert np.isnan(drawn[2]).all()


@pytest.mark.parametrize("axes", [2, 3])
def test_a_figure_in_space_has_a_frame_for_each_step(axes):
    shape, axis = ("knot", (0, 0, 1)) if axes == 3 else ("L", None)
    pair = planted(SHAPES[shape], 10, Transform.turn(20, axis))
    states = list(register(pair.source, pair.target, RegistrationConfig(max_steps=3)))
    matches = [lines(state, pair.source, pair.target, count=1) for state in states]
    moved = [state.moved(pair.source) for state in states]
    figure = space_figure(pair.target, moved, matches, [state.step for state in states])
    assert [frame.name for frame in figure.frames] == [str(state.step) for state in states]
    assert np.array_equal(figure.frames[-1].data[0].x, moved[-1][:, 0])
    assert len(figure.layout.sliders[0].steps) == len(states)
