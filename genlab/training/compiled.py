"""What the compiled inner loops of training share: how they are compiled, and two number formats.

An array of numbers is float32, or bfloat16 as its bits in uint16; a kernel reads both by `wide`
and writes both by `narrow`. bfloat16 is the upper half of a float32.
"""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from genlab.compiling import compile_kernel

HALF = np.uint32(16)  # bits
# The files whose kernels call one another
PARTS = ("compiled.py", "gan_kernels.py", "first_block.py", "vectors.py", "pooled_gradient.py")
VERSION = f"{zlib.crc32(b''.join(Path(__file__).with_name(p).read_bytes() for p in PARTS)):08x}"


def kernel(function: Callable) -> Callable:
    """Compile at the first call and keep the result on disk.

    What is kept has the VERSION in its name: numba itself looks for changes only in the file of a
    kernel, not in those of the kernels it calls.
    """
    function.__qualname__ += f"_{VERSION}"
    return compile_kernel(function)


@intrinsic
def float_of(context, bits):
    """The float32 whose bits these are."""

    def emit(target, builder, signature, arguments):
        return builder.bitcast(arguments[0], target.get_value_type(types.float32))

    return types.float32(types.uint32), emit


@intrinsic
def bits_of(context, value):
    """The bits of a float32."""

    def emit(target, builder, signature, arguments):
        return builder.bitcast(arguments[0], target.get_value_type(types.uint32))

    return types.uint32(types.float32), emit


def wide(value):
    """An element of an array as float32."""


def narrow(value, like):
    """A float32 as an element of the array that `like` is from; the nearest bfloat16, of two as
    near the even one."""


@overload(wide, inline="always")
def wide_of(value):
    if value == types.uint16:
        return lambda value: float_of(np.uint32(value) << HALF)
    return lambda value: value


@overload(narrow, inline="always")
def narrow_of(value, like):
    if like != types.uint16:
        return lambda value, like: value

    def rounded(value, like):
        bits = bits_of(value)
        return np.uint16((bits + np.uint32(0x7FFF) + ((bits >> HALF) & np.uint32(1))) >> HALF)

    return rounded
