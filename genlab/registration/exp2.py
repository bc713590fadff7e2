"""Powers of two that vectorise, and how this room's kernels are compiled.

numba hands exp() and exp2() to LLVM, which calls the C library for each value unless Intel's SVML
is there. A polynomial and a shift of the exponent's bits stay in the vector registers.
"""

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from genlab.compiling import REORDERED, compile_kernel

NO_NAN = REORDERED | {"nnan"}
ZERO, HALF, LEAST = np.float32(0), np.float32(0.5), np.float32(-126)
# 2^u on [-1/2, 1/2], relative error below 2.3e-7 in float32: a minimax polynomial of degree 5.
P0, P1, P2, P3, P4, P5 = (
    np.float32(p)
    for p in (1.00000007, 0.693146967, 0.240221197, 0.0555071327, 0.00967554133, 0.00132764715)
)


def kernel(function: Callable) -> Callable:
    """Compile for arrays without NaN: the edges have checked."""
    return compile_kernel(function, NO_NAN)


@intrinsic
def whole_part(typing, value):
    """float32 to int32, towards zero; vectorises, where int() goes through 64 bits."""

    def generate(context, builder, signature, arguments):
        return builder.fptosi(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def bits_of(typing, value):
    """The 32 bits of a float32 as an int32."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def from_bits(typing, value):
    """The float32 that an int32's bits spell."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@kernel
def exp2_below_one(t):
    """2^t for t <= 0.5 in float32; 0 below 2^-126."""
    up = max(t, LEAST)
    whole = whole_part(up - HALF)
    u = up - np.float32(whole)
    power = ((((P5 * u + P4) * u + P3) * u + P2) * u + P1) * u + P0
    power = from_bits(bits_of(power) + (whole << np.int32(23)))
    return power if t >= LEAST else ZERO
