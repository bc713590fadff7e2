"""A small multi-layer perceptron with its gradients written out, and Adam, in numpy float64.

Two hidden layers of tanh, so that surfaces and curves are smooth; the last layer is linear. All
weights of a network lie in one vector, which makes an Adam step a handful of vector operations.
Rumelhart, Hinton & Williams 1986 (back-propagation); Kingma & Ba 2015, arXiv:1412.6980,
algorithm 1 (Adam).
Shapes: B points, I inputs, H hidden units, O outputs, W weights of a network.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shape:
    """How many inputs, hidden units (of each of two layers) and outputs."""

    inputs: int
    hidden: int
    outputs: int

    @property
    def layers(self) -> tuple[tuple[int, int], ...]:
        I, H, O = self.inputs, self.hidden, self.outputs  # noqa: E741
        return ((I, H), (H, H), (H, O))

    @property
    def weights(self) -> int:
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in self.layers)

    def views(self, vector: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each layer the matrix (in, out) and the bias (out,), as views of (W,)."""
        found, start = [], 0
        for fan_in, fan_out in self.layers:
            middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
            found.append((vector[start:middle].reshape(fan_in, fan_out), vector[middle:end]))
            start = end
        return found

    def initial(self, rng: np.random.Generator) -> np.ndarray:
        """Weights (W,), uniform within +-1 / sqrt(inputs of the layer), as PyTorch begins."""
        vector = np.empty(self.weights)
        for matrix, bias in self.views(vector):
            bound = 1.0 / np.sqrt(len(matrix))
            matrix[:] = rng.uniform(-bound, bound, matrix.shape)
            bias[:] = rng.uniform(-bound, bound, bias.shape)
        return vector


def run_net(shape: Shape, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The outputs (B, O) at x (B, I)."""
    return forward(shape, weights, x)[0]


def forward(
    shape: Shape, weights: np.ndarray, x: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The outputs (B, O) at x (B, I), and what backward needs: each layer's inputs."""
    (W1, b1), (W2, b2), (W3, b3) = shape.views(weights)
    first = np.tanh(x @ W1 + b1)  # (B, H)
    second = np.tanh(first @ W2 + b2)  # (B, H)
    return second @ W3 + b3, (x, first, second)


def backward(
    shape: Shape,
    weights: np.ndarray,
    inputs: tuple[np.ndarray, ...],
    dout: np.ndarray,
    into: np.ndarray | None = None,
) -> np.ndarray:
    """The gradient by x, (B, I); that by the weights is written into `into` (W,) if it is given.

    Args:
        inputs: the second result of forward.
        dout: (B, O) gradient by the outputs.
    """
    layers = shape.views(weights)
    slots = None if into is None else shape.views(into)
    for level in (2, 1, 0):
        matrix, _ = layers[level]
        if slots is not None:
            slots[level][0][:] = inputs[level].T @ dout
            slots[level][1][:] = dout.sum(axis=0)
        dout = dout @ matrix.T
        if level:
            dout = dout * (1.0 - np.square(inputs[level]))  # of tanh
    return dout


class Adam:
    """Adam as PyTorch has it: betas 0.5 and 0.999 are usual for a GAN."""

    def __init__(self, weights: int, rate: float, betas: tuple[float, float] = (0.5, 0.999)):
        self.rate, self.betas, self.steps = rate, betas, 0
        self.mean, self.square = np.zeros(weights), np.zeros(weights)

    def step(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """New weights (W,), one step down the gradient (W,); the old ones are left alone."""
        self.steps += 1
        first, second = self.betas
        self.mean += (1.0 - first) * (gradient - self.mean)
        self.square += (1.0 - second) * (np.square(gradient) - self.square)
        spread = np.sqrt(self.square / (1.0 - second**self.steps)) + 1e-8
        return weights - self.rate / (1.0 - first**self.steps) * self.mean / spread
