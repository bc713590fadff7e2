"""The registration page's view as a link, its clouds and configurations, without a page."""

from dataclasses import fields

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.registration.icp import ICPConfig
from genlab.ui.registration_problem import (
    Upload,
    beside_config,
    em_config,
    problem_of,
    start_of,
)
from genlab.ui.registration_view import (
    FRESH,
    MOST_POINTS,
    RegistrationView,
    link_of,
    read_start,
    read_view,
)

FULL = RegistrationView(
    cloud="drawn",
    ink="f" * 256,
    points=100,
    noise=0.1,
    outliers=0.25,
    missing=0.1,
    shuffle=False,
    turn=-40.0,
    away_x=-1.0,
    away_y=0.5,
    size=1.5,
    seed=7,
    model="similarity",
    pi="mixture",
    sigma="anneal",
    width=0.2,
    weight=0.25,
    steps=99,
    beside="icp",
    start=(0.5, -0.25, 45.0),
    at=12.5,
    layers=("truth",),
    yaw=-60.0,
    pitch=45.0,
    closer="basins",
)


def test_every_field_goes_into_a_link_and_comes_back():
    link = link_of(FULL)
    assert set(link) == {field.name for field in fields(RegistrationView)}
    assert read_view(link) == FULL


def test_a_fresh_view_has_an_empty_link():
    assert link_of(FRESH) == {}
    assert read_view({}) == FRESH


@pytest.mark.parametrize(
    "raw",
    [
        {"cloud": "nothing"},
        {"noise": "nan"},
        {"width": "0"},
        {"steps": "1.5"},
        {"steps": "100000"},
        {"ink": "zz"},
        {"shuffle": "perhaps"},
        {"start": "a,b,c"},
        {"start": "inf,0,0"},
    ],
)
def test_what_does_not_fit_is_left_out(raw):
    assert read_view(raw) == FRESH


def test_a_start_has_three_or_six_numbers():
    assert read_start("1,2,3") == (1.0, 2.0, 3.0)
    assert read_start([0, 0, 0]) == ()
    assert read_start([1, 2, 3, 4]) == ()
    assert len(read_start("1,2,3,4,5,6")) == 6


def test_the_start_turns_about_the_middle_and_then_shifts():
    middle = np.array([2.0, 1.0])
    start = start_of((0.5, -1.0, 90.0), middle)
    assert np.allclose(start.apply(middle[None])[0], middle + np.array([0.5, -1.0]))
    assert start.degrees == pytest.approx(90)


def test_in_space_the_start_turns_around_its_axis():
    middle = np.array([1.0, 2.0, 3.0])
    start = start_of((0.0, 0.0, 1.0, 0.0, 0.0, 30.0), middle)
    assert np.allclose(start.apply(middle[None])[0], middle + np.array([0, 0, 1]))
    assert start.degrees == pytest.approx(30)
    assert np.allclose(start.linear[2], (0, 0, 1))


def test_a_start_of_the_other_number_of_axes_is_none():
    assert np.array_equal(start_of((1.0, 2.0, 3.0), np.zeros(3)).translation, np.zeros(3))


def test_the_planted_match_of_each_point_is_where_the_truth_puts_it():
    problem = problem_of(read_view({"noise": "0", "points": "20", "turn": "30"}))
    image = problem.truth.apply(problem.source)
    assert np.allclose(problem.target[problem.partner], image)


def test_the_fresh_view_is_the_textbooks_model():
    config = em_config(FRESH)
    assert (config.model, config.each, config.prior) == ("translation", "source", "learned")
    assert config.constant == "stated"
    assert config.sigma == FRESH.width


def test_a_weight_given_to_a_learned_prior_is_dropped():
    view = read_view({"weight": "0.3"})
    assert (view.pi, view.weight) == ("learned", 0.0)
    assert em_config(read_view({"weight": "0.3", "pi": "mixture"})).outliers == 0.3


def test_beside_em_runs_icp_or_the_other_pi():
    assert beside_config(FRESH) is None
    assert isinstance(beside_config(read_view({"beside": "icp"})), ICPConfig)
    assert beside_config(read_view({"beside": "pi"})).prior == "uniform"
    assert beside_config(read_view({"beside": "pi", "pi": "uniform"})).prior == "learned"
    assert read_view({"beside": "pi", "pi": "mixture"}).beside == "none"


def test_a_bad_file_leaves_the_one_before_it():
    upload = Upload()
    upload.take("source", "a.csv", b"0,0\n1,0\n0,1")
    upload.take("source", "b.csv", b"what,is\nthis,here")
    assert upload.names["source"] == "a.csv"
    assert "b.csv" in str(upload.problems["source"])
    assert upload.problem is None


def test_two_files_are_a_problem_whose_key_is_their_content():
    def pair(text: bytes):
        upload = Upload()
        upload.take("source", "a.csv", b"0,0\n1,0\n0,1")
        upload.take("target", "b.csv", text)
        return upload.problem

    assert pair(b"0,0\n1,0\n0,1").key == pair(b"0 0\n1 0\n0 1").key
    assert pair(b"0,0\n1,0\n0,1").key != pair(b"0,0\n1,0\n0,2").key
    with pytest.raises(GenLabError, match="same number of axes"):
        pair(b"0,0,0\n1,0,0\n0,1,0\n0,0,1")


def test_a_large_file_is_thinned_to_what_the_page_shows(rng):
    upload = Upload()
    upload.take("source", "many.csv", "\n".join(f"{x},0" for x in range(3000)).encode())
    assert len(upload.clouds["source"]) == MOST_POINTS
    assert "3,000 points" in upload.remarks["source"]
