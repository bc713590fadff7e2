import numpy as np
import pytest

from genlab.explore.film_view import frame_at, lockstep, stops, times
from tests.gan_runs import some_film

SLOW = some_film(updates=(0, 10, 100), batch=64, noises=2)
FAST = some_film(updates=(0, 40, 80), batch=128, noises=2)


def test_the_newest_frame_at_or_before_the_moment_is_shown():
    shown = [frame_at(SLOW, when) for when in (-5, 0, 9, 10, 99, 100, 10**6)]
    assert shown == [0, 0, 0, 1, 1, 2, 2]


def test_every_new_frame_of_any_film_is_a_stop():
    np.testing.assert_array_equal(stops([SLOW, FAST]), [0, 10, 40, 80, 100])


def test_in_lockstep_no_film_runs_ahead_of_the_moment():
    for clock in ("updates", "images"):
        moments, shown = lockstep([SLOW, FAST], clock)
        for film, frames in zip((SLOW, FAST), shown, strict=True):
            taken = times(film, clock)
            assert (taken[frames] <= moments).all()
            later = frames < len(film) - 1
            assert (taken[np.minimum(frames + 1, len(film) - 1)][later] > moments[later]).all()


def test_by_images_seen_the_larger_batch_comes_first():
    assert frame_at(FAST, 5120, "images") == 1
    assert frame_at(SLOW, 5120, "images") == 1
    assert frame_at(FAST, 6400, "images") < frame_at(SLOW, 6400, "images")


def test_another_clock_is_refused():
    with pytest.raises(ValueError, match="choose updates or images"):
        stops([SLOW], "hours")
