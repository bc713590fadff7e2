"""In which order images come, so that a batch has pairs of one class. Shapes: N images."""

import torch
from torch import Tensor

GROUP = 4  # images of a class that stay together
FEW = 2  # of them where the loss needs no pairs, and only what is shown of it does


def grouped(labels: Tensor, generator: torch.Generator, group: int = GROUP) -> Tensor:
    """A random order (N,) of images with labels (N,) in which up to `group` images of a class stand
    together; a class has as many groups as it fills. The generator is the CPU's."""
    labels = labels.cpu()
    N = len(labels)
    shuffled = torch.randperm(N, generator=generator)
    rows = shuffled[labels[shuffled].argsort(stable=True)]  # class after class, each in any order
    _, inverse, sizes = labels[rows].unique_consecutive(return_inverse=True, return_counts=True)
    place = torch.arange(N) - (sizes.cumsum(0) - sizes)[inverse]  # of an image in its class
    starts = (place % group == 0).cumsum(0) - 1  # the number of its group
    keys = torch.randperm(int(starts.max()) + 1, generator=generator)[starts]
    return rows[keys.argsort(stable=True)]
