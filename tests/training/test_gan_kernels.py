"""The compiled loops under the written gradients, each against torch in float64."""

import numpy as np
import pytest
import torch
from torch.nn.functional import (
    conv2d,
    conv_transpose2d,
    leaky_relu,
    max_pool2d,
)

from genlab.training import gan_kernels as kernels
from genlab.training.compiled import kernel, narrow, wide
from genlab.training.first_block import first_forward, first_images, first_weights
from genlab.training.pooled_gradient import block_backward, block_backward_to_input


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def nchw(array) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, np.float64)).permute(0, 3, 1, 2).requires_grad_()


def nhwc(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().permute(0, 2, 3, 1).numpy()


@kernel
def rounded(values, out):
    for k in range(values.size):
        out[k] = narrow(values[k], out[k])


@kernel
def widened(values, out):
    for k in range(values.size):
        out[k] = wide(values[k])


def test_numbers_are_rounded_to_bfloat16_as_torch_rounds_them():
    special = [0.0, -0.0, np.inf, -np.inf, 1e-40, 3.39e38, 1.00390625, 1.01171875, -1.00390625]
    values = np.concatenate([np.float32(special), numbers(1000) * 1e-3])
    bits = np.empty(len(values), np.uint16)
    rounded(values, bits)
    expected = torch.from_numpy(values).bfloat16()
    assert (bits == expected.view(torch.uint16).numpy()).all()
    back = np.empty_like(values)
    widened(bits, back)
    assert (back == expected.float().numpy()).all()


def test_a_number_that_is_none_stays_none_in_bfloat16():
    bits = np.zeros(1, np.uint16)
    rounded(np.float32([np.nan]), bits)
    back = np.zeros(1, np.float32)
    widened(bits, back)
    assert np.isnan(back).all()


def test_the_place_of_the_largest_is_torchs_also_among_equals():
    y = np.random.default_rng(0).integers(-2, 3, (3, 8, 8, 5)).astype(np.float32)
    out, places = np.empty((3, 4, 4, 5), np.float32), np.empty((3, 4, 4, 5), np.uint8)
    kernels.pool_forward(y, out, places)
    pooled, index = max_pool2d(nchw(y), 2, return_indices=True)
    assert (out == nhwc(leaky_relu(pooled, 0.2)).astype(np.float32)).all()
    rows, columns = np.divmod(nhwc(index), 8)
    assert (places % kernels.BELOW == rows % 2 * 2 + columns % 2).all()
    assert ((places >= kernels.BELOW) == (nhwc(pooled) <= 0)).all()
    whole, place = np.empty((3, 1, 1, 5), np.float32), np.empty((3, 1, 1, 5), np.uint8)
    kernels.last_forward(y, whole, place)
    pooled, index = max_pool2d(nchw(y), 8, return_indices=True)
    assert (whole == nhwc(leaky_relu(pooled, 0.2)).astype(np.float32)).all()
    assert (place == nhwc(index)).all()


def test_the_first_block_and_its_gradients_are_torchs():
    images, weight, bias = numbers(3, 8, 8), numbers(9, 16, seed=1), numbers(16, seed=2)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    out, places = np.empty((3, 4, 4, 16), np.float32), np.empty((3, 4, 4, 16), np.uint8)
    first_forward(padded, weight, bias, out, places)
    x = torch.from_numpy(images).double().unsqueeze(1).requires_grad_()
    w = torch.from_numpy(weight.T.copy()).double().view(16, 1, 3, 3).requires_grad_()
    b = torch.from_numpy(bias).double().requires_grad_()
    expected = leaky_relu(max_pool2d(conv2d(x, w, b, padding=1), 2), 0.2)
    np.testing.assert_allclose(out, nhwc(expected), atol=1e-5)
    d_out = numbers(*out.shape, seed=3)
    expected.backward(nchw(d_out))
    d_weight, d_bias = np.ones_like(weight), np.ones_like(bias)
    first_weights(padded, d_out, places, d_weight, d_bias)
    np.testing.assert_allclose(d_weight, w.grad.view(16, 9).T, atol=1e-4)
    np.testing.assert_allclose(d_bias, b.grad, atol=1e-4)
    d_images = np.ones_like(padded)
    first_images(d_out, places, weight, d_images)
    np.testing.assert_allclose(d_images[:, 1:-1, 1:-1], x.grad.squeeze(1), atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 8, 4, 16, 3), (11, 4, 1, 32, 5), (2, 6, 3, 16, 4)])
def test_the_gradient_of_a_block_is_torchs_where_the_pool_let_it_through(shape):
    N, S, s, C_in, C_out = shape
    x, weight = numbers(N, S, S, C_in), numbers(C_out, 9, C_in, seed=1)
    d_out = numbers(N, s, s, C_out, seed=2)
    h, w = nchw(x), nchw(weight.reshape(C_out, 3, 3, C_in))
    b = torch.zeros(C_out, dtype=torch.float64, requires_grad=True)
    y = conv2d(h, w, b, padding=1)
    pooled, index = max_pool2d(y, S // s, return_indices=True)
    leaky_relu(pooled, 0.2).backward(nchw(d_out))
    rows, columns = (part % (S // s) for part in np.divmod(nhwc(index), S))
    below = kernels.BELOW * (nhwc(pooled) <= 0)
    places = (rows * (S // s) + columns + below).astype(np.uint8)
    d_x, d_weight, d_bias = np.ones_like(x), np.ones_like(weight), np.ones(C_out, np.float32)
    block_backward(d_out, places, x, weight, d_x, d_weight, d_bias)
    np.testing.assert_allclose(d_x, nhwc(h.grad), atol=1e-4)
    np.testing.assert_allclose(d_weight, nhwc(w.grad).reshape(weight.shape), atol=1e-4)
    np.testing.assert_allclose(d_bias, b.grad, atol=1e-4)
    alone = np.ones_like(x)
    block_backward_to_input(d_out, places, weight, alone)
    assert (alone == d_x).all()


def test_folding_is_a_transposed_convolution_and_unfolding_its_gradient():
    h, weight, bias = numbers(2, 3, 3, 5), numbers(5, 4, 4, 6, seed=1), numbers(6, seed=2)
    columns = (h.reshape(-1, 5) @ weight.reshape(5, -1)).reshape(2, 3, 3, 4, 4 * 6)
    out = np.empty((2, 6, 6, 6), np.float32)
    kernels.fold(columns, bias, kernels.SLOPE, out)
    x, b = nchw(h), torch.from_numpy(bias).double().requires_grad_()
    w = torch.from_numpy(weight).double().permute(0, 3, 1, 2).requires_grad_()
    expected = leaky_relu(conv_transpose2d(x, w, b, stride=2, padding=1), 0.2)
    np.testing.assert_allclose(out, nhwc(expected), atol=1e-5)
    d_out = numbers(*out.shape, seed=3)
    expected.backward(nchw(d_out))
    d_columns, d_bias = np.ones_like(columns), np.ones_like(bias)
    kernels.unfold(d_out, out, kernels.SLOPE, d_columns, d_bias)
    d_h = d_columns.reshape(-1, 4 * 4 * 6) @ weight.reshape(5, -1).T
    np.testing.assert_allclose(d_h.reshape(h.shape), nhwc(x.grad), atol=1e-4)
    d_weight = h.reshape(-1, 5).T @ d_columns.reshape(-1, 4 * 4 * 6)
    np.testing.assert_allclose(d_weight.reshape(weight.shape), nhwc(w.grad), atol=1e-4)
    np.testing.assert_allclose(d_bias, b.grad, atol=1e-4)
