import zlib
from base64 import urlsafe_b64encode

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.explore.selection import read_selection, selection_text


@pytest.mark.parametrize("count", [1, 8, 13, 10_000])
def test_text_reads_back_as_the_same_choice(rng, count):
    chosen = rng.random(count) < 0.3
    assert (read_selection(selection_text(chosen), count) == chosen).all()


def test_nothing_chosen_is_the_empty_text():
    assert selection_text(np.zeros(10_000, bool)) == ""
    assert not read_selection("", 10_000).any()


def test_text_of_a_third_of_10_000_images_fits_into_a_link(rng):
    text = selection_text(rng.random(10_000) < 0.3)
    assert len(text) < 2000
    assert text.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("text", ["?", "AAAA", "é", "a" * 4001])
def test_damaged_text_is_told_in_a_sentence(text):
    with pytest.raises(GenLabError, match="copy the link again"):
        read_selection(text, 100)


def test_choice_of_other_images_is_refused():
    with pytest.raises(GenLabError, match="damaged"):
        read_selection(selection_text(np.ones(60, bool)), 100)


def test_text_that_would_unpack_to_very_much_is_refused_early():
    bomb = urlsafe_b64encode(zlib.compress(bytes(50_000_000))).decode()
    with pytest.raises(GenLabError):
        read_selection(bomb, 10_000)
