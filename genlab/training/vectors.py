"""Instructions on LANES numbers at a time, for loops that numba does not turn into vectors."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from genlab.training.gan_kernels import LANES


@intrinsic
def pointer(context, array, index):
    """To number `index` of a contiguous array, counted through all of it."""

    def emit(target, builder, signature, arguments):
        data = target.make_array(signature.args[0])(target, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.int64), emit


class Vectors:
    """Writes instructions on LANES numbers at a time."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder
        self.type = ir.VectorType(ir.FloatType(), LANES)
        self.zero = ir.Constant(self.type, [0.0] * LANES)
        kind = ir.FunctionType(self.type, [self.type] * 3)
        name = f"llvm.fma.v{LANES}f32"
        self.fma = cgutils.get_or_insert_function(builder.module, kind, name)

    def times(self, value: ir.Value, k: int) -> ir.Value:
        return self.builder.mul(value, ir.Constant(value.type, k))

    def address(self, numbers: ir.Value, index: ir.Value, k: int = 0) -> ir.Value:
        """Of the vector k further on than number `index`."""
        run = self.builder.gep(numbers, [index])
        here = self.builder.gep(run, [ir.Constant(index.type, k * LANES)])
        return self.builder.bitcast(here, self.type.as_pointer())

    def load(self, numbers: ir.Value, index: ir.Value, k: int = 0) -> ir.Value:
        return self.builder.load(self.address(numbers, index, k), align=4)

    def store(self, vector: ir.Value, numbers: ir.Value, index: ir.Value, k: int = 0) -> None:
        self.builder.store(vector, self.address(numbers, index, k), align=4)

    def fused(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """a * b + c"""
        return self.builder.call(self.fma, (a, b, c))

    def place(self, k, slopes, starts, step, row) -> tuple[ir.Value, list[ir.Value]]:
        """Place k: its gradient in every lane, and where its three runs of pixels start."""
        builder, zero = self.builder, ir.Constant(ir.IntType(32), 0)
        index = builder.mul(k, step)
        slope = builder.load(builder.gep(slopes, [index]))
        alone = builder.insert_element(ir.Constant(self.type, ir.Undefined), slope, zero)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        start = builder.sext(builder.load(builder.gep(starts, [index])), row.type)
        runs = [builder.add(start, self.times(row, k)) for k in range(3)]
        return builder.shuffle_vector(alone, alone, lanes), runs

    def add_taps(self, d_x, runs, slope, taps) -> None:
        """d_x += slope * tap at each of 9 pixels: all are read before one is written, as no two
        are the same."""
        places = [(run, k) for run in runs for k in range(3)]
        old = [self.load(d_x, *place) for place in places]
        for place, tap, before in zip(places, taps, old, strict=True):
            self.store(self.fused(slope, tap, before), d_x, *place)
