"""How a training goes, in a terminal."""

import sys
import time


class ProgressLine:
    """One line that is written over: epoch, steps a second, losses, time left."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.started, self.shown = epochs, time.monotonic(), 0.0
        self.clear = "\r\033[K" if sys.stdout.isatty() else ""

    def __call__(self, record) -> None:
        now = time.monotonic()
        if hasattr(record, "validation"):
            print(
                f"{self.clear}  epoch {record.epoch:>3} of {self.epochs}   "
                f"{epoch_figures(record)}   {record.seconds:.1f} s"
            )
            return
        if now - self.shown < 0.1 or not sys.stdout.isatty():
            return
        self.shown = now
        rate = record.step / max(now - self.started, 1e-9)
        left = (record.steps - record.step) / rate
        losses = "   ".join(f"{name} {value:.3g}" for name, value in record.losses.items())
        print(
            f"{self.clear}  epoch {record.epoch:>3} of {self.epochs}   {rate:.0f} steps/s   "
            f"{losses}   {left:.0f} s left",
            end="",
            flush=True,
        )


def epoch_figures(record) -> str:
    """What the line of an ended epoch shows: the loss of both splits, or all figures of the
    validation images where no one loss says how well it goes."""
    if "neg_elbo" in record.train:
        train, validation = record.train["neg_elbo"], record.validation["neg_elbo"]
        return f"train {train:.2f}   validation {validation:.2f}"
    figures = "   ".join(f"{name} {value:.4f}" for name, value in record.validation.items())
    return f"validation {figures}"
