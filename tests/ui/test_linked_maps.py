import base64

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.explore.selection import read_selection
from genlab.ui.linked_maps import read_choice
from genlab.ui.maps_view import MapsView

VIEW = MapsView(left="vae-fashion", left_map="pca", right="cvae-fashion", right_map="pca")
CHOSEN = np.arange(10_000) % 97 == 0


def message(chosen: np.ndarray, **changes) -> dict:
    """What the browser sends for a choice."""
    bits = base64.b64encode(np.packbits(chosen, bitorder="little").tobytes()).decode()
    return {"version": 7, "selection": bits, "hidden": []} | changes


def test_browsers_choice_becomes_part_of_the_view():
    view = read_choice(message(CHOSEN, hidden=[4, 2]), VIEW, 10_000, 7)
    assert (read_selection(view.chosen, 10_000) == CHOSEN).all()
    assert view.hidden == (2, 4)
    assert (view.left_zoom, view.right_zoom) == (None, None)
    seen = message(CHOSEN, cameras=[[0.1, 0.2, 2], None])
    assert read_choice(seen, VIEW, 10_000, 7).left_zoom == (0.1, 0.2, 2.0)


def test_nothing_chosen_in_the_browser_is_nothing_chosen_here():
    np.full(100_000, 255, np.uint8)  # memory that an uninitialised array would pick up
    view = read_choice(message(CHOSEN, selection=None), VIEW, 10_000, 7)
    assert view.chosen == ""


def test_choice_about_an_older_view_is_left_out():
    assert read_choice(message(CHOSEN, version=6), VIEW, 10_000, 7) == VIEW
    assert read_choice(None, VIEW, 10_000, 7) == VIEW


@pytest.mark.parametrize(
    "changes",
    [
        {"selection": "%"},
        {"selection": 3},
        {"selection": "AAAA"},
        {"hidden": None},
        {"hidden": ["x"]},
        {"cameras": 3},
    ],
)
def test_choice_that_is_not_well_formed_is_refused_in_a_sentence(changes):
    with pytest.raises(GenLabError, match="reload the page"):
        read_choice(message(CHOSEN, **changes), VIEW, 10_000, 7)
