import threading

import pytest

from genlab.row_blocks import helpers, in_blocks


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_blocks_cover_every_row_once(threads):
    done = []
    in_blocks(lambda lo, hi: done.extend(range(lo, hi)), 103, threads)
    assert sorted(done) == list(range(103))


def test_blocks_do_not_wait_for_helpers_that_are_busy_elsewhere():
    release = threading.Event()
    busy = [helpers().submit(release.wait, 30) for _ in range(helpers()._max_workers)]
    done = []
    try:
        in_blocks(lambda lo, hi: done.extend(range(lo, hi)), 100, 2)
        assert not any(future.done() for future in busy)
    finally:
        release.set()
    assert sorted(done) == list(range(100))


def test_an_error_in_a_block_reaches_the_caller():
    def work(lo, hi):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_blocks(work, 100, 2)
