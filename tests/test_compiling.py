"""How inner loops are compiled."""

import numba.core.caching

from genlab.compiling import compile_kernel


def test_kernels_work_where_nothing_can_be_written(monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError

    monkeypatch.setattr(numba.core.caching.tempfile, "TemporaryFile", refuse)

    def double(x):
        return 2 * x

    assert compile_kernel(double)(21) == 42
