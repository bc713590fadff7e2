"""Who waits for whom where there are fewer cores than work."""

import os


def after_the_pages() -> None:
    """Let this process, a training or a probe, leave the server its turn."""
    if hasattr(os, "nice"):  # Windows has none
        os.nice(5)
