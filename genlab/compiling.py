"""How inner loops are compiled by numba."""

from collections.abc import Callable

from numba import njit

# Sums may be reordered, products fused, and divisions become reciprocals, refined; infinities stay
# infinities, NaN stays NaN.
REORDERED = frozenset({"reassoc", "contract", "arcp", "nsz"})


def compile_kernel(function: Callable, fast: frozenset[str] = REORDERED) -> Callable:
    """Compile at the first call and keep the result on disk, where there is a place to keep it.

    Kernels let go of the GIL: a server goes on serving meanwhile.

    Args:
        fast: LLVM's fast-math flags.
    """
    options = {"nogil": True, "fastmath": set(fast), "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return njit(**options)(function)
