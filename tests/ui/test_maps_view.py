from dataclasses import replace

import numpy as np
import pytest

from genlab.explore.selection import selection_text
from genlab.runs.folder import list_runs
from genlab.ui.maps_view import LIVE, LiveSettings, MapsView, link_of, read_view

VIEW = MapsView(left="vae-fashion", left_map="pca", right="cvae-fashion", right_map="pca")
CHOSEN = np.arange(10_000) % 97 == 0


@pytest.mark.parametrize(
    "view",
    [
        VIEW,
        replace(VIEW, right="vae-fashion", aligned=False, chosen=selection_text(CHOSEN)),
        replace(VIEW, left_zoom=(0.25, -0.5, 3.375), right_zoom=(0.0, 0.125, 0.5)),
        replace(VIEW, hidden=(0, 9), left_map=LIVE, live=LiveSettings(perplexity=50.0, seed=3)),
    ],
)
def test_link_reads_back_as_the_same_view(view):
    assert read_view(link_of(view), list_runs()) == view
