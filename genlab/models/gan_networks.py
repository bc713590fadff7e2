"""The networks of the four GAN architectures: a generator and a discriminator each.

A generator takes noise (B, Z) to images (B, 1, S, S) in (-1, 1). A discriminator is its features,
images (B, 1, S, S) to (B, F), and one linear layer to a logit. S is 28, and 32 in dcgan-32.

`mlp`, `dcgan-course`: the vanilla GAN and the DCGAN of many courses. `dcgan-32`, `dcgan-28`: after
Radford, Metz & Chintala, Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks, 2016, arXiv:1511.06434, section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Architecture:
    title: str
    side: int  # S of the networks' images
    generator: Callable[[int], nn.Module]  # of the latent dimensions
    features: Callable[[], tuple[nn.Module, int]]  # the discriminator without its end, and F
    batch_norm: bool  # whether an image depends on the others of its batch while training


def mlp_generator(Z: int) -> nn.Module:
    layers = [nn.Linear(Z, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))


def mlp_features() -> tuple[nn.Module, int]:
    layers = [nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.01)]
    return nn.Sequential(*layers, nn.Linear(256, 256), nn.LeakyReLU(0.01)), 256


def course_generator(Z: int) -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(Z, 1024), nn.ReLU(), nn.BatchNorm1d(1024)),
        *(nn.Linear(1024, 7 * 7 * 128), nn.ReLU(), nn.BatchNorm1d(7 * 7 * 128)),
        nn.Unflatten(1, (128, 7, 7)),
        *(nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(), nn.BatchNorm2d(64)),  # 14 x 14
        *(nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh()),  # 28 x 28
    )


def course_features() -> tuple[nn.Module, int]:
    layers = [
        *(nn.Conv2d(1, 32, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2)),  # 12 x 12
        *(nn.Conv2d(32, 64, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2)),  # 4 x 4
        *(nn.Flatten(), nn.Linear(4 * 4 * 64, 1024), nn.LeakyReLU(0.01)),
    ]
    return nn.Sequential(*layers), 1024


def dcgan32_generator(Z: int) -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (Z, 1, 1)),
        *(nn.ConvTranspose2d(Z, 64, 4, 1, 0), nn.LeakyReLU(0.2)),  # 4 x 4
        *(nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.LeakyReLU(0.2)),  # 8 x 8
        *(nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.LeakyReLU(0.2)),  # 16 x 16
        *(nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh()),  # 32 x 32
    )


def dcgan32_features() -> tuple[nn.Module, int]:
    layers = [
        *(nn.Conv2d(1, 16, 3, 1, 1), nn.LeakyReLU(0.2), nn.MaxPool2d(2)),  # 16 x 16
        *(nn.Conv2d(16, 32, 3, 1, 1), nn.LeakyReLU(0.2), nn.MaxPool2d(2)),  # 8 x 8
        *(nn.Conv2d(32, 64, 3, 1, 1), nn.LeakyReLU(0.2), nn.MaxPool2d(2)),  # 4 x 4
        *(nn.Conv2d(64, 128, 3, 1, 1), nn.LeakyReLU(0.2), nn.MaxPool2d(4)),  # 1 x 1
    ]
    return nn.Sequential(*layers, nn.Flatten()), 128


def dcgan28_generator(Z: int) -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(Z, 7 * 7 * 256), nn.Unflatten(1, (256, 7, 7))),
        *(nn.BatchNorm2d(256), nn.LeakyReLU(0.2)),
        *(nn.ConvTranspose2d(256, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2)),  # 14
        *(nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.2)),  # 28
        *(nn.Conv2d(64, 32, 3, 1, 1), nn.BatchNorm2d(32), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(32, 1, 3, 1, 1), nn.Tanh()),
    )


def dcgan28_features() -> tuple[nn.Module, int]:
    layers = [
        *(nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2)),  # 14 x 14
        *(nn.Conv2d(64, 128, 4, 2, 1), nn.LeakyReLU(0.2)),  # 7 x 7
        *(nn.Conv2d(128, 256, 3, 2, 1), nn.LeakyReLU(0.2)),  # 4 x 4
        *(nn.Conv2d(256, 512, 3, 1, 1), nn.LeakyReLU(0.2)),  # 4 x 4
    ]
    return nn.Sequential(*layers, nn.Flatten()), 4 * 4 * 512


class Discriminator(nn.Module):
    def __init__(self, features: nn.Module, size: int) -> None:
        super().__init__()
        self.features, self.head = features, nn.Linear(size, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 1, S, S) in (-1, 1) to logits (B,)."""
        return self.head(self.features(images)).squeeze(1)


ARCHITECTURES: dict[str, Architecture] = {
    "mlp": Architecture("Multilayer perceptron", 28, mlp_generator, mlp_features, False),
    "dcgan-course": Architecture("DCGAN, course", 28, course_generator, course_features, True),
    "dcgan-32": Architecture("DCGAN, 32 x 32", 32, dcgan32_generator, dcgan32_features, False),
    "dcgan-28": Architecture("DCGAN, 28 x 28", 28, dcgan28_generator, dcgan28_features, True),
}
