"""One update of a classifier: cross-entropy on images that are shifted a little at random.

Shapes: B images, P pixels, K classes.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

from genlab.errors import GenLabError
from genlab.models.digit_classifier import SIDE, DigitClassifier
from genlab.training.config import TrainConfig
from genlab.training.device import arithmetic, pick_precision
from genlab.training.process_group import ALONE, Shard
from genlab.training.vae_step import learning_rate_at

SHIFT = 2  # pixels that an image is moved by at most, each way


class ClassifierStep:
    """Adam on the cross-entropy, batch mean in nats per image."""

    best_by = "error"
    frames_at = None  # no film

    def __init__(
        self, model: DigitClassifier, config: TrainConfig, steps: int, shard: Shard = ALONE
    ) -> None:
        if shard.world > 1:
            raise GenLabError(
                "A classifier normalises over the whole batch, of which each process sees a part; "
                "train it with one."
            )
        self.model, self.config, self.steps, self.done = model, config, steps, 0
        self.device = next(model.parameters()).device
        self.dtype = pick_precision(config.precision, self.device)
        model.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)

    def __call__(
        self, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Update on images (B, P) uint8 with labels (B,); return batch means as 0-d tensors."""
        moved = shifted(images, generator).float().div_(255.0)
        with arithmetic(self.device, self.dtype):
            features = self.model.features(moved)
            logits = self.model.head(dropped(features, self.model.config.dropout, generator))
        logits = logits.float()
        nll = cross_entropy(logits, labels, reduction="none").mean()
        self.optimiser.zero_grad()
        nll.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_at(self.config, self.done, self.steps)
        self.optimiser.step()
        self.done += 1
        error = (logits.detach().argmax(1) != labels).float().mean()
        return {"nll": nll.detach(), "error": error}

    def state_dict(self) -> dict:
        """All that the next update depends on, weights apart."""
        return {"optimiser": self.optimiser.state_dict(), "done": self.done}

    def load_state_dict(self, state: dict) -> None:
        self.optimiser.load_state_dict(state["optimiser"])
        self.done = state["done"]

    def pictures(self, images: Tensor, labels: Tensor, seed: int) -> Tensor:
        """Images (N, P) uint8 and the same as training sees them, shifted: (2, N, P) uint8."""
        generator = torch.Generator(images.device).manual_seed(seed)
        return torch.stack([images, shifted(images, generator)])

    @torch.no_grad()
    def evaluate(self, images: Tensor, labels: Tensor, seed: int) -> dict[str, float]:
        """Mean nll in nats and share of errors on images (N, P) uint8 with labels (N,)."""
        nll = wrong = 0.0
        for x, c in zip(images.split(1000), labels.split(1000), strict=True):
            logits = self.model(x.float().div_(255.0))
            nll += cross_entropy(logits, c, reduction="sum").item()
            wrong += (logits.argmax(1) != c).sum().item()
        return {"nll": nll / len(images), "error": wrong / len(images)}


def shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images (B, P), each moved by up to SHIFT whole pixels both ways, black coming in."""
    B, device = len(images), images.device
    wide = pad(images.view(B, SIDE, SIDE), (SHIFT,) * 4)
    down, right = torch.randint(2 * SHIFT + 1, (2, B), generator=generator, device=device)
    inside = torch.arange(SIDE, device=device)
    rows, columns = down[:, None, None] + inside[:, None], right[:, None, None] + inside
    return wide[torch.arange(B, device=device)[:, None, None], rows, columns].flatten(1)


def dropped(features: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Features (B, F) with a share of them 0 and the others larger, so that the mean is kept.

    Srivastava et al. 2014, section 10; torch's own takes no generator.
    """
    draws = torch.rand(features.shape, generator=generator, device=features.device)
    return features * (draws >= share) / (1.0 - share)
