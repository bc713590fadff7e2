"""The link that somebody opens is shown; an address from before a click does not undo the click."""

import pytest

from genlab.ui import page_link
from genlab.ui.page_link import KEPT, PageLink

SENT, WRITTEN, OTHER = {"run": "a"}, {"run": "a", "z": "1"}, {"run": "b"}


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test moves by hand."""
    now = [100.0]
    monkeypatch.setattr(page_link.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def link(clock):
    opened = PageLink()
    opened.open(SENT)
    opened.write(WRITTEN)
    return opened


def test_the_first_address_is_opened_even_an_empty_one():
    assert PageLink().is_opened({})
    assert PageLink().is_opened(SENT)


def test_what_is_on_show_is_not_opened_again(link):
    assert not link.is_opened(WRITTEN)
    assert not link.is_opened({})  # the menu leads to a page without parameters


def test_a_link_that_was_taken_over_is_not_taken_over_by_a_click_before_the_script_ends():
    link = PageLink()
    link.open(SENT)
    assert not link.is_opened(SENT)


def test_another_link_is_opened_at_once(link):
    assert link.is_opened(OTHER)


def test_an_earlier_address_is_late_at_first_and_a_step_back_afterwards(link, clock):
    assert not link.is_opened(SENT)
    clock[0] += page_link.LATE + 0.1
    assert link.is_opened(SENT)


def test_an_earlier_address_that_comes_with_a_click_is_late_however_old(link, clock):
    clock[0] += 60.0
    assert not link.is_opened(SENT, acted=True)
    assert link.is_opened(OTHER, acted=True)


def test_writing_the_same_again_keeps_the_time_of_the_first(link, clock):
    clock[0] += page_link.LATE + 0.1
    link.write(WRITTEN)
    assert link.is_opened(SENT)


def test_only_the_last_few_addresses_are_remembered(link):
    for number in range(KEPT):
        link.write({"z": str(number)})
    assert not link.is_opened({"z": "0"})
    assert link.is_opened(SENT)
