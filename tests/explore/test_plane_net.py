"""The small networks and Adam against PyTorch, in float64."""

import numpy as np
import pytest
import torch
from torch import nn

from genlab.explore.plane_net import Adam, Shape, backward, forward, run_net

SHAPE = Shape(2, 5, 3)


def same_net(shape: Shape, weights: np.ndarray) -> nn.Sequential:
    """PyTorch's network with these weights."""
    layers = [nn.Linear(*sizes, dtype=torch.float64) for sizes in shape.layers]
    with torch.no_grad():
        for layer, (matrix, bias) in zip(layers, shape.views(weights), strict=True):
            layer.weight.copy_(torch.from_numpy(matrix.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])


def flat(net: nn.Sequential, *, gradient: bool) -> np.ndarray:
    """PyTorch's weights, or their gradients, in the order of Shape.views."""
    parts = []
    for layer in net:
        if isinstance(layer, nn.Linear):
            values = (layer.weight.grad, layer.bias.grad) if gradient else layer.parameters()
            weight, bias = (value.detach() for value in values)
            parts += [weight.T.reshape(-1), bias]
    return torch.cat(parts).numpy()


def test_outputs_agree_with_pytorch(rng):
    weights, x = SHAPE.initial(rng), rng.standard_normal((7, 2))
    expected = same_net(SHAPE, weights)(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(run_net(SHAPE, weights, x), expected, rtol=1e-13, atol=1e-15)


def test_gradients_by_weights_and_by_inputs_agree_with_autograd(rng):
    weights, x = SHAPE.initial(rng), rng.standard_normal((7, 2))
    dout = rng.standard_normal((7, 3))
    _, inputs = forward(SHAPE, weights, x)
    by_weights = np.empty(SHAPE.weights)
    by_x = backward(SHAPE, weights, inputs, dout, into=by_weights)

    net, leaf = same_net(SHAPE, weights), torch.from_numpy(x).requires_grad_()
    (net(leaf) * torch.from_numpy(dout)).sum().backward()
    np.testing.assert_allclose(by_x, leaf.grad.numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(by_weights, flat(net, gradient=True), rtol=1e-12, atol=1e-14)


def test_adam_takes_the_steps_of_pytorch(rng):
    start = rng.standard_normal(6)
    ours, adam = start, Adam(6, 0.03)
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    optimiser = torch.optim.Adam([theirs], lr=0.03, betas=(0.5, 0.999))
    for _ in range(20):
        gradient = rng.standard_normal(6)
        ours = adam.step(ours, gradient)
        theirs.grad = torch.from_numpy(gradient)
        optimiser.step()
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12)


def test_a_step_leaves_the_old_weights_alone(rng):
    weights = rng.standard_normal(4)
    before = weights.copy()
    assert np.any(Adam(4, 0.1).step(weights, np.ones(4)) != before)
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize("fan", [2, 50])
def test_initial_weights_fill_the_bounds_of_pytorch(rng, fan):
    shape = Shape(fan, 400, 1)
    matrix, bias = shape.views(shape.initial(rng))[0]
    bound = 1.0 / np.sqrt(fan)
    for values in (matrix, bias):
        assert np.abs(values).max() <= bound
        assert np.abs(values).max() > 0.97 * bound
