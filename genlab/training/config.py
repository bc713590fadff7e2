"""How a model is trained: the settings every family shares."""

from dataclasses import dataclass

SCHEDULES = ("constant", "cosine")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    epochs: int = 25
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: str = "constant"  # "cosine" brings the rate down to 0 over the run
    validation_share: float = 0.2  # of the training images, held out and never trained on
    seed: int = 0
    precision: str = "auto"  # of matrix products; "auto" is bfloat16 where the hardware has it

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
