import base64
import csv
import io

import numpy as np
import pytest

from genlab.explore.drawn_cloud import drawn_shape
from genlab.explore.movies import gif
from genlab.explore.plane_ink import CELLS, painting_ink
from genlab.explore.registration_film import (
    cloud_data,
    film_columns,
    film_data,
    shift_of,
    states_csv,
)
from genlab.explore.registration_movie import HOLD, MOST_STEPS, chosen_states, film_frames
from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.icp import ICPConfig, icp
from genlab.registration.shapes import SHAPES, planted
from genlab.registration.transforms import Transform


@pytest.fixture
def pair():
    truth = Transform.turn(20).then(Transform.shift([0.5, -0.2]))
    return planted(SHAPES["R"], 20, truth, noise=0.02)


@pytest.fixture
def states(pair):
    return list(register(pair.source, pair.target, RegistrationConfig(max_steps=6)))


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")


def test_the_maps_of_a_film_move_the_source_where_its_states_do(pair, states):
    columns = film_columns(states, pair.source.mean(axis=0))
    in_space = np.pad(pair.source, ((0, 0), (0, 1)))
    for k, state in enumerate(states):
        moved = in_space @ columns["linear"][k].reshape(3, 3).T + columns["translation"][k]
        assert np.allclose(moved[:, :2], state.moved(pair.source))
        assert np.all(moved[:, 2] == 0)


def test_the_shift_is_how_far_the_middle_has_gone(pair, states):
    middle = pair.source.mean(axis=0)
    gone = states[-1].moved(pair.source).mean(axis=0) - middle
    assert np.allclose(shift_of(states[-1].transform, middle), gone)


def test_a_packed_film_reads_back_and_says_who_finds_partners(pair, states):
    data = film_data(states, pair.source.mean(axis=0))
    width, text = data["columns"]["log_likelihood"]
    assert (data["count"], data["each"], width) == (len(states), "target", 1)
    assert np.array_equal(unpacked(text), [state.log_likelihood for state in states])
    cloud = cloud_data(pair.source)
    assert np.array_equal(unpacked(cloud["points"]).reshape(-1, 3)[:, :2], pair.source)


def test_icp_keeps_its_missing_likelihood(pair):
    states = list(icp(pair.source, pair.target, ICPConfig()))
    columns = film_columns(states, pair.source.mean(axis=0))
    assert np.isnan(columns["log_likelihood"]).all()
    assert np.all(columns["match_sigma"] == 0)
    assert np.isinf(columns["reach"]).all()


def test_the_table_of_states_holds_each_map(pair, states):
    rows = list(csv.DictReader(io.StringIO(states_csv(states, pair.source.mean(axis=0)).decode())))
    assert [int(row["step"]) for row in rows] == [state.step for state in states]
    last = rows[-1]
    linear = np.array([[float(last[f"linear_{a}{b}"]) for b in "xy"] for a in "xy"])
    translation = np.array([float(last[f"translation_{a}"]) for a in "xy"])
    moved = Transform(linear, translation).apply(pair.source)
    assert np.allclose(moved, states[-1].moved(pair.source), atol=1e-7)


@pytest.mark.parametrize("dark", [False, True])
def test_a_film_starts_apart_and_ends_together(pair, states, dark):
    frames = film_frames(states, pair.source, pair.target, side=160, dark=dark)
    assert frames.shape == (4 * (len(states) - 1) + 1 + HOLD, 160, 160, 3)
    assert frames.dtype == np.uint8
    orange = (frames[..., 0] > 230) & (abs(frames[..., 1].astype(int) - 169) < 30)
    orange &= frames[..., 2] < 60
    blue = (frames[..., 2] > 200) & (frames[..., 0] < 90)

    def apart(k: int) -> float:
        middles = [np.argwhere(colour[k]).mean(axis=0) for colour in (orange, blue)]
        return float(np.linalg.norm(middles[0] - middles[1]))

    assert apart(-1) < 0.5 * apart(0)
    assert gif(frames[:2], 10).startswith(b"GIF8")


def test_a_film_in_space_depends_on_the_camera():
    pair = planted(SHAPES["knot"], 15, Transform.turn(20, (0, 0, 1)))
    states = list(register(pair.source, pair.target, RegistrationConfig(max_steps=2)))
    views = [
        film_frames(states, pair.source, pair.target, side=120, camera=camera)
        for camera in ((30.0, 20.0), (100.0, 20.0))
    ]
    assert not np.array_equal(*views)


def test_a_long_run_is_thinned_but_keeps_its_ends(states):
    many = states[:1] + states[1:2] * 200 + states[-1:]
    chosen = chosen_states(many)
    assert len(chosen) <= MOST_STEPS
    assert chosen[0] is states[0]
    assert chosen[-1] is states[-1]


def test_a_drawn_cloud_lies_within_the_painted_cells():
    painted = np.zeros((CELLS, CELLS), bool)
    painted[0, :4] = True  # the upper left
    points = drawn_shape(painting_ink(painted))(50, np.random.default_rng(0))
    assert points.shape == (50, 2)
    assert np.all((points[:, 0] >= -1) & (points[:, 0] <= -0.75))
    assert np.all((points[:, 1] >= 1 - 2 / CELLS) & (points[:, 1] <= 1))
