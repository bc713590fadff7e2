"""Where GenLab keeps things: what ships with it, and what this machine adds."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def home() -> Path:
    """The folder that takes new runs and caches: GENLAB_HOME, or the checkout itself."""
    return Path(os.environ.get("GENLAB_HOME") or ROOT).expanduser()


def shipped_runs() -> Path:
    return ROOT / "checkpoints"


def new_runs() -> Path:
    return home() / "checkpoints"


def cache_dir() -> Path:
    """Files that can be computed again at any time; deleting them is safe."""
    return home() / ".genlab-cache"
