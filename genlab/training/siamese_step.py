"""One update of a Siamese network: a batch is embedded once, and all its pairs are compared.

Shapes: B images, P = H W pixels, E embedding, K classes, M images on film.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from genlab.errors import GenLabError
from genlab.models.siamese import SiameseNetwork
from genlab.objectives.contrastive import (
    balanced_mean,
    contrastive,
    cosine_softmax,
    distances_between,
    error_of_pairs,
    pairs_of,
    triplet,
)
from genlab.training.augmentation import augmented
from genlab.training.classifier_step import dropped
from genlab.training.config import TrainConfig
from genlab.training.device import arithmetic, pick_precision
from genlab.training.loop import TrainingData
from genlab.training.process_group import ALONE, Shard
from genlab.training.sampling import FEW, GROUP, grouped
from genlab.training.vae_step import learning_rate_at

EARLY_FRAMES = (10, 25, 50, 100, 250, 500)
FILM_IMAGES, FILM_NUMBERS = 1000, 32_000  # the most images of a frame, and numbers
COMPARED = 1000  # held-out images whose pairs give the error rate
HARDEST = 0.5  # share of the pairs of a kind that are "hard"


class SiameseStep:
    """Adam on the loss of all pairs within a batch; what a call returns are means over it."""

    best_by = "pair_eer"
    frames_at = EARLY_FRAMES

    def __init__(
        self, model: SiameseNetwork, config: TrainConfig, steps: int, shard: Shard = ALONE
    ) -> None:
        if shard.world > 1:
            raise GenLabError(
                "A Siamese network compares all images of a batch, of which each process sees a "
                "part; train it with one."
            )
        self.model, self.config, self.steps, self.done = model, config, steps, 0
        self.device = next(model.parameters()).device
        self.dtype = pick_precision(config.precision, self.device)
        model.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        self.shown_images = torch.empty(0, model.config.pixels, dtype=torch.uint8)
        self.shown = {"index": np.empty(0, np.int64), "labels": np.empty(0, np.int64)}
        self.has_strangers = False  # held-out images of classes that are not trained on

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Update on images (B, P) uint8 with labels (B,).

        Returns 0-d tensors: pair_loss, the loss; pair_eer, the equal error rate of the batch's
        pairs; d_same and d_different, their mean distances.
        """
        model = self.model
        seen = augmented(images, model.config, generator)
        with arithmetic(self.device, self.dtype):
            features = model.features(seen)
        features = features.float()
        if model.config.dropout:
            features = dropped(features, model.config.dropout, generator)
        found, loss = self.figures(model.project(features), labels)
        self.optimiser.zero_grad()
        loss.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_at(self.config, self.done, self.steps)
        self.optimiser.step()
        self.done += 1
        return found

    def figures(self, embeddings: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The figures of a batch of embeddings (B, E), and its loss with a slope."""
        config, distances = self.model.config, distances_between(embeddings)
        pairs, hard = pairs_of(distances, labels), config.mining == "hard"
        if config.loss == "contrastive":
            losses = contrastive(*pairs, config.margin)
            loss = balanced_mean(losses, pairs.same, hardest=HARDEST if hard else 1.0)
        elif config.loss == "triplet":
            loss = triplet(distances, labels, config.margin, hard=hard)
        else:
            loss = cosine_softmax(
                embeddings, self.model.classes, labels, margin=config.margin, scale=config.scale
            ).mean()
        apart, same = pairs.distances.detach(), pairs.same
        found = {
            "pair_loss": loss.detach(),
            "pair_eer": error_of_pairs(apart, same),
            "d_same": apart[same].sum() / same.sum().clamp_min(1),
            "d_different": apart[~same].sum() / (~same).sum().clamp_min(1),
        }
        return found, loss

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """The order of an epoch: any, (N,); or where a batch would hold few pairs of one class,
        with images of a class together, and the last batch filled up with images of the first:
        a few images of one class would throw the batch normalisation off."""
        order = self.arranged(labels, generator)
        missing = -len(order) % self.config.batch_size
        return order if self.is_mixed(labels) else torch.cat([order, order[:missing]])

    def arranged(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        if self.is_mixed(labels):
            return torch.randperm(len(labels), generator=generator)
        # A softmax over the classes learns more from batches of many classes
        softmax = self.model.config.loss == "cosine-softmax"
        return grouped(labels, generator, FEW if softmax else GROUP)

    def is_mixed(self, labels: Tensor) -> bool:
        """Whether a batch in any order has several images of a class."""
        return self.config.batch_size >= GROUP * len(labels.unique())

    def state_dict(self) -> dict:
        """All that the next update depends on, weights apart."""
        return {"optimiser": self.optimiser.state_dict(), "done": self.done}

    def load_state_dict(self, state: dict) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        self.done = state["done"]

    def watch(self, data: TrainingData) -> None:
        """Film some of the images that are held out; see whether their classes are trained on."""
        trained = torch.isin(data.validation_labels, data.labels)
        self.has_strangers = not trained.all()
        count = min(FILM_IMAGES, FILM_NUMBERS // self.model.config.embedding_dim)
        self.shown_images = data.validation_images[:count]
        rows, labels = data.validation_rows[:count], data.validation_labels[:count]
        self.shown = {"index": rows.cpu().numpy(), "labels": labels.cpu().numpy()}

    def fixed(self) -> dict[str, np.ndarray]:
        """index (M,) rows of the training split, and their labels (M,)."""
        return self.shown

    def frame(self) -> dict[str, np.ndarray]:
        """embedding (M, E) float16 of the images on film."""
        return {"embedding": self.embedded(self.shown_images).cpu().numpy().astype(np.float16)}

    @torch.no_grad()
    def embedded(self, images: Tensor) -> Tensor:
        """Images (N, P) uint8 to (N, E)."""
        parts = [self.model.embed(rows.float().div_(255.0)) for rows in images.split(500)]
        return torch.cat(parts) if parts else torch.empty(0, self.model.config.embedding_dim)

    def pictures(self, images: Tensor, labels: Tensor, seed: int) -> Tensor:
        """Images (N, P) uint8 and the same as training sees them: (2, N, S S) uint8, in squares
        of the longer side S."""
        H, W = self.model.config.height, self.model.config.width
        generator = torch.Generator(images.device).manual_seed(seed)
        moved = augmented(images, self.model.config, generator).mul(255.0).round().to(torch.uint8)
        rows = torch.stack([images, moved]).view(2, len(images), H, W)
        wide, high = max(H - W, 0), max(W - H, 0)
        margin = (wide // 2, wide - wide // 2, high // 2, high - high // 2)
        return pad(rows, margin).flatten(2)

    @torch.no_grad()
    def evaluate(self, images: Tensor, labels: Tensor, seed: int) -> dict[str, float]:
        """The figures of images (N, P) uint8 with labels (N,), as they are: of batches as training
        would see them; but the error rate is of all pairs of the first COMPARED images. A softmax
        has no loss for classes that are not trained on: no direction is theirs."""
        embeddings = self.embedded(images)
        order = self.arranged(labels, torch.Generator().manual_seed(seed)).to(labels.device)
        sums: dict[str, float] = {}
        for batch in order.split(self.config.batch_size):
            found, _ = self.figures(embeddings[batch], labels[batch])
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + value.item() * len(batch)
        means = {name: value / len(images) for name, value in sums.items()}
        if self.has_strangers and self.model.config.loss == "cosine-softmax":
            del means["pair_loss"]
        few = slice(COMPARED)
        pairs = pairs_of(distances_between(embeddings[few]), labels[few])
        return means | {"pair_eer": error_of_pairs(*pairs).item()}
