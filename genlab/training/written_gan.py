"""Generator and discriminator of dcgan-32 with their gradients written out, for `fast_gan_step`.

Each works on the weights of a module, whose parameters become views of one flat vector. Products
and dense convolutions are torch's; between them lie compiled kernels, on memory taken once.

Shapes: N images, C channels, Z latent dimensions, S = 32 the side of an image. All lie channels
last: activations (N, side, side, C), weights (C_out, 3, 3, C_in) of a convolution and
(C_in, 4, 4, C_out) of a transposed one.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu_

from genlab.training import gan_kernels as kernels
from genlab.training.fast_vae_step import pick_linear
from genlab.training.first_block import first_forward, first_images, first_weights
from genlab.training.pooled_gradient import block_backward, block_backward_to_input

S = 32
SLOPE, EVEN = kernels.SLOPE, np.float32(1)  # below 0: of LeakyReLU, and of no activation


class Space(NamedTuple):
    """The same memory twice."""

    tensor: Tensor
    array: np.ndarray  # of bfloat16 the bits, in uint16


class FlatWeights:
    """The parameters of a module as views of one vector, and the dtype of products with them."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        parameters = list(module.parameters())
        self.dtype = dtype
        self.flat = torch.cat([channels_last(p.data).reshape(-1) for p in parameters])
        self.flat.grad = torch.zeros_like(self.flat)
        # Same memory as the weights in float32, a copy refreshed at each update otherwise
        self.products = self.flat if dtype == torch.float32 else self.flat.to(dtype)
        shapes = [channels_last(p.data).shape for p in parameters]
        self.exact, self.rounded, self.grads = (
            [part.view(shape) for part, shape in zip(whole.split(sizes), shapes, strict=True)]
            for sizes in [[shape.numel() for shape in shapes]]
            for whole in (self.flat, self.products, self.flat.grad)
        )
        for parameter, view in zip(parameters, self.exact, strict=True):
            parameter.data = channels_second(view)

    def refresh(self) -> None:
        """Take over what the flat vector now holds."""
        if self.products is not self.flat:
            self.products.copy_(self.flat)


class WrittenDiscriminator(FlatWeights):
    """Four blocks of convolution, max pool and LeakyReLU, then a linear layer.

    Args:
        rows: how many images it sees at most; they are written to `images` (rows, S, S).
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype, rows: int) -> None:
        super().__init__(module, dtype)
        a, b, c, d = (bias.numel() for bias in self.exact[1:9:2])
        shapes = [(rows, 16, 16, a), (rows, 8, 8, b), (rows, 4, 4, c), (rows, 1, 1, d)]
        dtypes = [dtype, dtype, dtype, torch.float32]
        self.seen = space((rows, S + 2, S + 2), torch.float32)  # with a margin of zeros
        self.images = self.seen.tensor[:, 1:-1, 1:-1]
        # What the blocks give, with which places of their windows, and the gradients for it
        self.out = [space(shape, kind) for shape, kind in zip(shapes, dtypes, strict=True)]
        self.places = [space(shape, torch.uint8) for shape in shapes]
        self.d_out = [space(shape, torch.float32) for shape in shapes]
        self.d_seen = space((rows, S + 2, S + 2), torch.float32)
        self.d_first = space((9, a), torch.float32)

    def forward(self, lo: int, hi: int) -> Tensor:
        """Images lo to hi to logits (N,)."""
        self.rows = slice(lo, hi)
        out, places = (arrays(spaces, self.rows) for spaces in (self.out, self.places))
        weight, bias = self.exact[:2]
        first_forward(self.seen.array[lo:hi], by_tap(weight), bias.numpy(), out[0], places[0])
        for k in (1, 2, 3):
            y = convolve(self.out[k - 1].tensor[lo:hi], *self.rounded[2 * k : 2 * k + 2])
            pool = kernels.pool_forward if k < 3 else kernels.last_forward
            pool(array(y), out[k], places[k])
        weight, bias = self.exact[8:]
        return torch.mv(self.out[3].tensor[lo:hi].flatten(1), weight[0]).add_(bias)

    def backward(self, d_logits: Tensor) -> None:
        """The gradient for the weights, into `flat.grad`, after a forward pass."""
        out, places, d_out = self.before_head(d_logits)
        features = self.out[3].tensor[self.rows].flatten(1)
        torch.mv(features.T, d_logits, out=self.grads[8][0])
        self.grads[9].copy_(d_logits.sum())
        for k in (3, 2, 1):
            block_backward(
                *(d_out[k], places[k], out[k - 1], taps(self.exact[2 * k]), d_out[k - 1]),
                *(taps(self.grads[2 * k]), self.grads[2 * k + 1].numpy()),
            )
        seen, d_first = self.seen.array[self.rows], self.d_first
        first_weights(seen, d_out[0], places[0], d_first.array, self.grads[1].numpy())
        self.grads[0].view(-1, 9).copy_(d_first.tensor.T)

    def backward_to_images(self, d_logits: Tensor) -> Tensor:
        """The gradient for the images, (N, S, S), after a forward pass."""
        _, places, d_out = self.before_head(d_logits)
        for k in (3, 2, 1):
            block_backward_to_input(d_out[k], places[k], taps(self.exact[2 * k]), d_out[k - 1])
        d_seen = self.d_seen.array[self.rows]
        first_images(d_out[0], places[0], by_tap(self.exact[0]), d_seen)
        return self.d_seen.tensor[self.rows, 1:-1, 1:-1]

    def before_head(self, d_logits: Tensor) -> list[list[np.ndarray]]:
        """The rows in use of what blocks give, of places and of gradients, that of the last block
        filled."""
        d_features = self.d_out[3].tensor[self.rows].flatten(1)
        torch.outer(d_logits, self.exact[8][0], out=d_features)
        return [arrays(spaces, self.rows) for spaces in (self.out, self.places, self.d_out)]


class WrittenGenerator(FlatWeights):
    """Four transposed convolutions with LeakyReLU between and tanh at the end."""

    def __init__(self, module: nn.Module, dtype: torch.dtype, rows: int) -> None:
        super().__init__(module, dtype)
        self.linear = pick_linear(dtype)
        _, b, c, _ = (bias.numel() for bias in self.exact[1::2])
        self.h2, self.h3 = space((rows, 8, 8, b), dtype), space((rows, 16, 16, c), dtype)
        self.images = space((rows, S, S, 1), torch.float32)
        self.d_columns = [
            space((rows, side, side, 4, 4 * C), dtype) for side, C in ((4, b), (8, c), (16, 1))
        ]

    def forward(self, z: Tensor) -> Tensor:
        """Noise (N, Z) to images (N, S, S) in (-1, 1); they last until the next call."""
        W1, b1, W2, _, W3, _, W4, _ = self.rounded
        b2, b3, b4 = (bias.numpy() for bias in self.exact[3::2])
        N = len(z)
        h2, h3, images = (part(whole, 0, N) for whole in (self.h2, self.h3, self.images))
        if not N:  # oneDNN refuses no rows
            return images.tensor.squeeze(3)
        self.z = z.to(self.dtype)
        y1 = self.linear(self.z, matrix(W1).T).view(N, 4, 4, -1)  # of 1 x 1: one product
        self.h1 = leaky_relu_(y1.add_(b1), float(SLOPE))
        kernels.fold(self.columns(self.h1, W2), b2, SLOPE, h2.array)
        kernels.fold(self.columns(h2.tensor, W3), b3, SLOPE, h3.array)
        kernels.fold(self.columns(h3.tensor, W4), b4, EVEN, images.array)
        return images.tensor.squeeze(3).tanh_()

    def columns(self, h: Tensor, weight: Tensor) -> np.ndarray:
        """What each pixel of h (N, s, s, C_in) gives to 4 x 4 pixels: (N, s, s, 4, 4 * C_out)."""
        given = self.linear(h.view(-1, h.shape[3]), matrix(weight).T)
        return array(given.view(*h.shape[:3], 4, -1))

    def backward(self, d_images: Tensor) -> None:
        """The gradient for the weights, into `flat.grad`, after a forward pass on N noises."""
        N = len(d_images)
        if not N:
            self.flat.grad.zero_()
            return
        h2, h3, images = (part(whole, 0, N) for whole in (self.h2, self.h3, self.images))
        d_W1, d_b1 = self.grads[:2]
        d_y4 = torch.ops.aten.tanh_backward(d_images, images.tensor.squeeze(3)).unsqueeze(3)
        d_h3 = self.backward_through(3, d_y4, array(d_y4), EVEN, h3.tensor)
        d_h2 = self.backward_through(2, d_h3, h3.array, SLOPE, h2.tensor)
        d_h1 = self.backward_through(1, d_h2, h2.array, SLOPE, self.h1)
        d_y1 = torch.ops.aten.leaky_relu_backward(d_h1, self.h1, float(SLOPE), True).view(N, -1)
        matrix(d_W1).copy_(self.linear(self.z.T, d_y1.T))
        torch.sum(d_y1.view(-1, len(d_b1)), dim=0, dtype=torch.float32, out=d_b1)

    def backward_through(
        self, k: int, d_out: Tensor, out: np.ndarray, slope: np.float32, h: Tensor
    ) -> Tensor:
        """From the gradient for what layer k gives to that for what it is given, h."""
        d_columns = part(self.d_columns[k - 1], 0, len(h))
        kernels.unfold(array(d_out), out, slope, d_columns.array, self.grads[2 * k + 1].numpy())
        d_rows = d_columns.tensor.view(-1, d_columns.tensor.shape[3] * d_columns.tensor.shape[4])
        rows = h.view(-1, h.shape[3])
        matrix(self.grads[2 * k]).copy_(self.linear(rows.T, d_rows.T))
        return self.linear(d_rows, matrix(self.rounded[2 * k])).view(h.shape)


def array(tensor: Tensor) -> np.ndarray:
    return (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def space(shape: tuple[int, ...], dtype: torch.dtype) -> Space:
    tensor = torch.zeros(shape, dtype=dtype)
    return Space(tensor, array(tensor))


def arrays(spaces: list[Space], rows: slice) -> list[np.ndarray]:
    return [each.array[rows] for each in spaces]


def part(whole: Space, lo: int, hi: int) -> Space:
    return Space(whole.tensor[lo:hi], whole.array[lo:hi])


def channels_last(weight: Tensor) -> Tensor:
    return weight.permute(0, 2, 3, 1) if weight.dim() == 4 else weight


def channels_second(weight: Tensor) -> Tensor:
    return weight.permute(0, 3, 1, 2) if weight.dim() == 4 else weight


def matrix(weight: Tensor) -> Tensor:
    """A transposed convolution's weight as (C_in, 4 * 4 * C_out)."""
    return weight.view(len(weight), -1)


def by_tap(weight: Tensor) -> np.ndarray:
    """The first convolution's weight as (9, C_out)."""
    return weight.view(-1, 9).T.contiguous().numpy()


def taps(weight: Tensor) -> np.ndarray:
    """A convolution's weight as (C_out, 9, C_in)."""
    return weight.view(len(weight), 9, -1).numpy()


def convolve(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """3 x 3 with a margin of 1: h (N, side, side, C_in) to (N, side, side, C_out)."""
    y = conv2d(channels_second(h), channels_second(weight), bias, padding=1)
    return channels_last(y)
