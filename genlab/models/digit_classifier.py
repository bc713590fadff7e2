"""A small convolutional classifier, and the features by which images are compared.

Six 3 x 3 convolutions with batch normalisation, in three stages that halve the side (after
Simonyan & Zisserman 2015, arXiv:1409.1556, and Ioffe & Szegedy 2015, arXiv:1502.03167), then one
hidden layer whose values are the features. Narrow, so that thousands of images take a moment.
Shapes: B images, P pixels, C channels of the first stage, F features, K classes.
"""

from dataclasses import dataclass, field

from torch import Tensor, nn

SIDE = 28  # of an image


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    pixels: int = field(default=SIDE * SIDE, metadata={"fixed": "by the images"})
    classes: int = field(default=10, metadata={"fixed": "by the images"})
    channels: int = field(
        default=16,
        metadata={
            "label": "Channels",
            "help": "Of the first convolutions; the later stages have two and four times as many.",
            "low": 2,
            "high": 128,
        },
    )
    feature_dim: int = field(
        default=64,
        metadata={
            "label": "Features, F",
            "help": "Values of the last hidden layer, by which images are compared.",
            "low": 2,
            "high": 512,
        },
    )
    dropout: float = field(
        default=0.3,
        metadata={
            "label": "Dropout",
            "help": "Share of the features that are left out at random while training.",
            "low": 0.0,
            "high": 0.9,
            "step": 0.05,
        },
    )

    def __post_init__(self) -> None:
        if self.pixels != SIDE * SIDE:
            raise ValueError(f"pixels is {self.pixels}; this network takes {SIDE * SIDE}.")
        for name in ("channels", "feature_dim"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 1 or more.")
        if self.classes < 2:
            raise ValueError(f"classes is {self.classes}; choose 2 or more.")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout is {self.dropout}; choose from 0 to below 1.")


class DigitClassifier(nn.Module):
    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config, C = config, config.channels
        self.body = nn.Sequential(
            *convolution(1, C, stride=1),
            *(*convolution(C, C, stride=1), nn.MaxPool2d(2)),  # 14 x 14
            *convolution(C, 2 * C, stride=1),
            *(*convolution(2 * C, 2 * C, stride=1), nn.MaxPool2d(2)),  # 7 x 7
            *convolution(2 * C, 4 * C, stride=1),
            *convolution(4 * C, 4 * C, stride=2),  # 4 x 4
            *(nn.Flatten(), nn.Linear(4 * 4 * 4 * C, config.feature_dim), nn.ReLU()),
        )
        self.head = nn.Linear(config.feature_dim, config.classes)

    def features(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to what the last layer sees of them: (B, F), not negative."""
        return self.body(images.view(-1, 1, SIDE, SIDE))

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, P) in [0, 1] to logits (B, K)."""
        return self.head(self.features(images))


def convolution(inside: int, outside: int, *, stride: int) -> list[nn.Module]:
    """3 x 3 with batch normalisation, which has the bias, and ReLU."""
    conv = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
    return [conv, nn.BatchNorm2d(outside), nn.ReLU()]
