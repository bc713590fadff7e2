from dataclasses import fields

import pytest

from genlab.ui.checkpoints_view import ALLOWED, CheckpointsView, link_of, read_view

VIEWS = [
    CheckpointsView(),
    CheckpointsView(run="a", q="x y", page=3, compare=("a", "b-2"), train=True),
    CheckpointsView(sort="loss", family="cvae", tag="é 1", whose="mine", loss="kl", by="step"),
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_link_gives_the_view_again(view):
    assert read_view(link_of(view)) == view


def test_the_usual_view_has_an_empty_link():
    assert link_of(CheckpointsView()) == {}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_choice_that_there_is_not_is_left_out(name):
    assert getattr(read_view({name: "evil"}), name) == getattr(CheckpointsView(), name)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "x", "99999", "1e3", " 1"])
def test_a_page_that_is_no_number_is_the_first(text):
    assert read_view({"page": text}).page == 1


def test_compared_names_are_names_and_not_too_many():
    names = ",".join(["../up", "<b>", "ok", "ok", ""] + [f"r{i}" for i in range(30)])
    compared = read_view({"compare": names}).compare
    assert compared[:2] == ("ok", "r0")
    assert len(compared) == 8


def test_texts_of_a_link_are_cut():
    link = {field.name: "x" * 10_000 for field in fields(CheckpointsView)}
    for value in vars(read_view(link)).values():
        assert not isinstance(value, str) or len(value) <= 80
