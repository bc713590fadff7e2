"""How a model is trained: the settings every family shares.

A field's metadata is what a form shows of it: label, help, low and high (the range offered, wider
than sensible), step, unit, scale, choices, group (a heading that it is folded under); or fixed: no
visitor sets it. A field that came later than runs that are kept says "later": they lack it, and its
default is what they did.
"""

from dataclasses import dataclass, field

SCHEDULES = ("constant", "cosine")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    epochs: int = field(
        default=25,
        metadata={
            "label": "Epochs",
            "help": "Passes over all training images.",
            "low": 1,
            "high": 1000,
        },
    )
    batch_size: int = field(
        default=128,
        metadata={
            "label": "Batch",
            "help": "Images an update: more make a step smoother, and the steps fewer.",
            "low": 1,
            "high": 4096,
            "step": 32,
            "unit": "images",
        },
    )
    learning_rate: float = field(
        default=1e-3,
        metadata={
            "label": "Learning rate",
            "help": "Adam's step length: ten times too high and the loss jumps about or ends as "
            "NaN, ten times too low and it crawls.",
            "low": 1e-6,
            "high": 0.5,
            "scale": "log",
        },
    )
    schedule: str = field(
        default="constant",
        metadata={
            "label": "Schedule",
            "help": "Of the learning rate: cosine brings it down to 0 over the run.",
            "choices": SCHEDULES,
        },
    )
    validation_share: float = field(
        default=0.2,
        metadata={
            "label": "Held out",
            "help": "Of the training images: held out, never trained on; the epoch that is best "
            "on them is kept.",
            "low": 0.05,
            "high": 0.9,
            "step": 0.05,
        },
    )
    seed: int = field(
        default=0,
        metadata={
            "label": "Seed",
            "help": "Decides the first weights, the order of the images, the noise and which "
            "images are held out: the same seed gives the same run.",
            "low": 0,
            "high": 1_000_000,
        },
    )
    precision: str = field(
        default="auto",
        metadata={
            "label": "Precision",
            "help": "Of matrix products: auto is bfloat16 where the hardware has it, else float32.",
            "choices": PRECISIONS,
        },
    )

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; choose 1 or more.")
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"learning_rate is {self.learning_rate}; choose above 0, below 1.")
        if not 0 < self.validation_share < 1:
            raise ValueError(
                f"validation_share is {self.validation_share}; choose above 0, below 1."
            )
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule is {self.schedule!r}; choose {' or '.join(SCHEDULES)}.")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}; choose {' or '.join(PRECISIONS)}.")
