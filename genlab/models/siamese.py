"""A Siamese network: one convolutional network for both images of a pair.

Bromley et al., Signature Verification using a Siamese Time Delay Neural Network, 1993; on faces
Chopra, Hadsell & LeCun 2005. The convolutions are those of the digit classifier here: two of 3 x 3
in each stage, with batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167); a stage halves the
sides, and there are as many as it takes to come to about 4 x 4. Of images with more than 32 pixels
a side the first convolution takes every second place. Each image is first brought to mean 0 and
variance 1, so that light and contrast say nothing. The random erasing is after Zhong et al. 2017,
arXiv:1708.04896.
Shapes: B images, P = H W pixels, C channels of the first stage, F features, E embedding, K classes.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from genlab.models.digit_classifier import convolution

LOSSES = ("contrastive", "triplet", "cosine-softmax")
MINING = ("all", "hard")
EITHER = ("no", "yes")
LAST_SIDE = 4  # about that of the last stage
LARGE = 32  # pixels a side: larger images are halved at once


@dataclass(frozen=True, kw_only=True)
class SiameseConfig:
    height: int = field(default=28, metadata={"fixed": "by the images"})
    width: int = field(default=28, metadata={"fixed": "by the images"})
    identities: int = field(default=10, metadata={"fixed": "by the images"})
    embedding_dim: int = field(
        default=2,
        metadata={
            "label": "Embedding, E",
            "help": "Numbers that stand for an image: 2 can be drawn, more tell more apart.",
            "low": 1,
            "high": 512,
        },
    )
    channels: int = field(
        default=16,
        metadata={
            "label": "Channels",
            "help": "Of the first convolutions; each later stage has twice as many.",
            "low": 2,
            "high": 128,
        },
    )
    loss: str = field(
        default="contrastive",
        metadata={
            "label": "Loss",
            "help": "Contrastive: pairs of one class to distance 0, others to the margin. Triplet: "
            "others by the margin further than those of one class. Cosine softmax: a direction "
            "for each class, by a softmax.",
            "choices": LOSSES,
        },
    )
    margin: float = field(
        default=1.0,
        metadata={
            "label": "Margin, m",
            "help": "How far apart is far enough. Of the cosine softmax: by how much the cosine "
            "with the own class is lowered; 0.1 to 0.4 there.",
            "low": 0.0,
            "high": 10.0,
            "step": 0.1,
        },
    )
    mining: str = field(
        default="all",
        metadata={
            "label": "Pairs",
            "help": "All in the batch, or only hard ones: the half of each kind with the highest "
            "losses; of triplets each anchor's hardest.",
            "choices": MINING,
        },
    )
    sphere: str = field(
        default="no",
        metadata={
            "label": "On the sphere",
            "help": "Embeddings of length 1, so that distances are at most 2. With the cosine "
            "softmax they always are.",
            "choices": EITHER,
            "group": "More settings of the network",
            "later": True,
        },
    )
    scale: float = field(
        default=16.0,
        metadata={
            "label": "Scale",
            "help": "Of the cosine softmax: what cosines are multiplied by.",
            "low": 1.0,
            "high": 128.0,
            "step": 1.0,
            "group": "More settings of the network",
        },
    )
    augmentation: float = field(
        default=1.0,
        metadata={
            "label": "Augmentation",
            "help": "While training, images are turned, scaled and moved at random: 1 is up to 10 "
            "degrees, 10 % and a fourteenth of the side; 0 leaves them as they are.",
            "low": 0.0,
            "high": 3.0,
            "step": 0.25,
            "group": "More settings of the network",
        },
    )
    erasing: float = field(
        default=0.0,
        metadata={
            "label": "Erasing",
            "help": "While training, this share of the images has a rectangle of one grey in a "
            "random place, a fifth to half of each side: to look at all parts of an image.",
            "low": 0.0,
            "high": 1.0,
            "step": 0.1,
            "group": "More settings of the network",
            "later": True,
        },
    )
    mirror: str = field(
        default="no",
        metadata={
            "label": "Mirror",
            "help": "For faces: while training, half of the images are mirrored; afterwards an "
            "embedding is the mean of an image's and its mirror image's.",
            "choices": EITHER,
            "group": "More settings of the network",
        },
    )
    dropout: float = field(
        default=0.0,
        metadata={
            "label": "Dropout",
            "help": "Share of the features that are left out at random while training.",
            "low": 0.0,
            "high": 0.9,
            "step": 0.05,
            "group": "More settings of the network",
        },
    )

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if getattr(self, name) < 8:
                raise ValueError(f"{name} is {getattr(self, name)}; the images need 8 or more.")
        for name in ("embedding_dim", "channels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 1 or more.")
        if self.identities < 2:
            raise ValueError(f"identities is {self.identities}; there must be 2 or more.")
        words = {"loss": LOSSES, "mining": MINING, "mirror": EITHER, "sphere": EITHER}
        for name, choices in words.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose {', '.join(choices)}.")
        for name in ("margin", "augmentation"):
            if getattr(self, name) < 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 0 or more.")
        if not self.scale > 0.0:
            raise ValueError(f"scale is {self.scale}; choose above 0.")
        if not 0.0 <= self.erasing <= 1.0:
            raise ValueError(f"erasing is {self.erasing}; choose from 0 to 1.")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout is {self.dropout}; choose from 0 to below 1.")

    @property
    def pixels(self) -> int:
        return self.height * self.width

    @property
    def is_spherical(self) -> bool:
        return self.sphere == "yes" or self.loss == "cosine-softmax"


class SiameseNetwork(nn.Module):
    def __init__(self, config: SiameseConfig) -> None:
        super().__init__()
        self.config, C = config, config.channels
        modules, inside, sides = [nn.InstanceNorm2d(1)], 1, (config.height, config.width)
        first = 2 if max(sides) > LARGE else 1
        sides = tuple((side + first - 1) // first for side in sides)
        stages = stages_of(sides)
        for stage in range(stages):
            outside, last = C * 2**stage, stage == stages - 1
            modules += convolution(inside, outside, stride=1 if stage else first)
            modules += convolution(outside, outside, stride=2 if last else 1)
            modules += [] if last else [nn.MaxPool2d(2)]
            inside, sides = outside, tuple((n + 1) // 2 if last else n // 2 for n in sides)
        self.body = nn.Sequential(*modules, nn.Flatten())
        self.head = nn.Linear(inside * sides[0] * sides[1], config.embedding_dim)
        if config.loss == "cosine-softmax":  # a direction for each class; training alone needs them
            directions = torch.randn(config.identities, config.embedding_dim)
            self.classes = nn.Parameter(normalize(directions))

    def features(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to what the last layer sees of them: (B, F), not negative."""
        return self.body(images.view(-1, 1, self.config.height, self.config.width))

    def project(self, features: Tensor) -> Tensor:
        """Features (B, F) to embeddings (B, E)."""
        return self.scaled(self.head(features))

    def scaled(self, embeddings: Tensor) -> Tensor:
        """Those of a sphere to length 1: then the distance orders as the cosine does."""
        return normalize(embeddings) if self.config.is_spherical else embeddings

    def embed(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to embeddings (B, E); with `mirror` those of an image and of its
        mirror image are the same, but not while training."""
        embeddings = self.project(self.features(images))
        if self.config.mirror == "no" or self.training:
            return embeddings
        mirrored = images.view(-1, self.config.height, self.config.width).flip(2)
        return self.scaled(0.5 * (embeddings + self.project(self.features(mirrored))))

    def forward(self, images: Tensor) -> Tensor:
        return self.embed(images)


def stages_of(sides: tuple[int, int]) -> int:
    """Halvings until the longer side is LAST_SIDE, rounded up: 3 of 28 and of 32."""
    stages, side = 0, max(sides)
    while side > LAST_SIDE:
        stages, side = stages + 1, (side + 1) // 2
    return stages
