"""What training does to an image before the network sees it, so that it never sees one twice.

Shapes: B images, P = H W pixels.
"""

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

TURN, STRETCH, MOVE = math.radians(10.0), 0.1, 1 / 14  # of an augmentation of 1; MOVE of a side
ERASED = (0.2, 0.5)  # of a side, the least and the most


class Augmentation(Protocol):
    """The fields of a model's config that are read here."""

    height: int
    width: int
    augmentation: float  # 1 is up to TURN, STRETCH and MOVE
    mirror: str  # "yes": half of the images are mirrored
    erasing: float  # share of the images with a rectangle


def augmented(images: Tensor, config: Augmentation, generator: torch.Generator) -> Tensor:
    """Images (B, P) uint8 to the same in [0, 1], each turned, scaled, moved and perhaps mirrored by
    chance, and then perhaps with a rectangle in it, as the model's config says."""
    x = images.float().div_(255.0)
    if config.augmentation or config.mirror == "yes":
        x = moved(x, config, generator)
    return erased(x, config, generator) if config.erasing else x


def moved(x: Tensor, config: Augmentation, generator: torch.Generator) -> Tensor:
    """Images (B, P) turned, scaled, moved and perhaps mirrored; the outermost pixels go on beyond
    the edge."""
    B, H, W, device = len(x), config.height, config.width, x.device
    draws = 2.0 * torch.rand(5, B, generator=generator, device=device) - 1.0
    turn, stretch = TURN * config.augmentation * draws[0], STRETCH * config.augmentation * draws[1]
    across, down = 2.0 * MOVE * config.augmentation * draws[2:4]  # the picture is 2 wide and high
    flip = torch.where(draws[4] < 0.0, -1.0, 1.0) if config.mirror == "yes" else torch.ones(B)
    size, cos, sin = stretch.exp(), turn.cos(), turn.sin()
    rows = (
        torch.stack([flip.to(device) * size * cos, -size * sin * H / W, across], 1),
        torch.stack([flip.to(device) * size * sin * W / H, size * cos, down], 1),
    )
    grid = affine_grid(torch.stack(rows, 1), [B, 1, H, W], align_corners=False)
    seen = grid_sample(x.view(B, 1, H, W), grid, padding_mode="border", align_corners=False)
    return seen.flatten(1)


def erased(x: Tensor, config: Augmentation, generator: torch.Generator) -> Tensor:
    """Images (B, P) in [0, 1] of which the share config.erasing have a rectangle of one grey, a
    fifth to half of each side, in a random place."""
    B, H, W, device = len(x), config.height, config.width, x.device
    draws = torch.rand(6, B, 1, generator=generator, device=device)
    inside = []
    for size, share, place in ((H, draws[0], draws[1]), (W, draws[2], draws[3])):
        side = (ERASED[0] + (ERASED[1] - ERASED[0]) * share) * size
        start = place * (size - side)
        at = torch.arange(size, device=device) + 0.5  # of the pixels' middles
        inside.append((at > start) & (at < start + side))  # (B, size)
    hidden = inside[0][:, :, None] & inside[1][:, None] & (draws[4] < config.erasing)[:, None]
    return torch.where(hidden.flatten(1), draws[5], x)
