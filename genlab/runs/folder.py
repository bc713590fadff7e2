"""A run on disk: one folder, read without torch.

    config.json         what was trained, enough to train it again
    model.safetensors   the weights
    metrics.jsonl       one line for each epoch
    summary.json        figures of the finished run, computed by explore/
    README.md           its card
    latents/, maps/     arrays computed from it, made again when missing

A folder appears whole or not at all: it is written under a temporary name, then renamed.
"""

import hashlib
import io
import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from genlab.errors import GenLabError
from genlab.places import new_runs, shipped_runs

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ARRAY_KEY = re.compile(r"[a-z]+/[a-z0-9_-]+")


@dataclass(frozen=True)
class Run:
    name: str
    path: Path
    config: dict[str, Any]

    @property
    def family(self) -> str:
        return self.config["family"]

    @property
    def dataset(self) -> str:
        return self.config["dataset"]

    @property
    def latent_dim(self) -> int:
        """Z; 0 of a family without a latent."""
        return self.config["model"].get("latent_dim", 0)

    @property
    def conditional(self) -> bool:
        """Whether its decoder is given the label."""
        return self.family == "cvae"

    @property
    def owner(self) -> str:
        """The visitor who made or brought it; "" where nobody is named."""
        for block in ("made", "imported", "unpacked"):
            about = self.config.get(block)
            if isinstance(about, dict) and isinstance(about.get("owner"), str):
                return about["owner"]
        return ""


def is_shipped(run: Run) -> bool:
    """Whether the run came with GenLab: nobody renames or deletes those."""
    if run.path.parent != shipped_runs():
        return False
    listed = shipped_runs() / "shipped.json"
    return listed.exists() and run.name in json.loads(listed.read_text("utf-8"))


def check_name(name: str) -> str:
    """The name itself, if it can name a run."""
    if not NAME.fullmatch(name):
        raise GenLabError(
            f"{name[:80]!r} cannot name a run; use up to 64 lower-case letters, digits, "
            "dots, hyphens and underscores, beginning with a letter or a digit."
        )
    return name


def check_free(name: str) -> str:
    """The name itself, if it can name a new run."""
    check_name(name)
    if any((root / name).exists() for root in (shipped_runs(), new_runs())):
        raise GenLabError(f'There is a run "{name}" already; choose another name.')
    return name


def list_runs(family: str | None = None) -> list[Run]:
    """All readable runs, shipped ones first, each kind in order of name."""
    runs: dict[str, Run] = {}
    for root in (shipped_runs(), new_runs()):
        for path in sorted(root.glob("*/config.json")) if root.is_dir() else []:
            name = path.parent.name
            if name in runs or not NAME.fullmatch(name):
                continue
            config = read_config(path)
            if config is not None and family in (None, config["family"]):
                runs[name] = Run(name, path.parent, config)
    return list(runs.values())


def read_config(path: Path) -> dict[str, Any] | None:
    """The config of one run, or None where the file is not one."""
    try:
        config = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    wanted = {"family": str, "dataset": str, "model": dict, "training": dict}
    if not isinstance(config, dict):
        return None
    return config if all(isinstance(config.get(k), t) for k, t in wanted.items()) else None


def find_run(name: str) -> Run:
    check_name(name)
    for root in (shipped_runs(), new_runs()):
        config = read_config(root / name / "config.json")
        if config is not None:
            return Run(name, root / name, config)
    names = ", ".join(run.name for run in list_runs()) or "none yet"
    raise GenLabError(f'There is no run "{name}" here; the runs on this machine: {names}.')


def read_metrics(run: Run) -> list[dict[str, Any]]:
    """One dict for each epoch, in order; none for an imported run."""
    path = run.path / "metrics.jsonl"
    return (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


def read_summary(run: Run) -> dict[str, Any]:
    """Figures stored when the run was described; empty where it was not, or they are broken."""
    try:
        figures = json.loads((run.path / "summary.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return figures if isinstance(figures, dict) else {}


def write_summary(run: Run, summary: dict[str, Any]) -> None:
    write_whole(run.path / "summary.json", json.dumps(summary, indent=1).encode())


def read_card(run: Run) -> str:
    path = run.path / "README.md"
    return path.read_text("utf-8", errors="replace") if path.exists() else ""


def write_card(run: Run, text: str) -> None:
    write_whole(run.path / "README.md", text.encode())


def weights_path(run: Run) -> Path:
    path = run.path / "model.safetensors"
    if not path.exists():
        raise GenLabError(
            f'Run "{run.name}" has no model.safetensors; it may still be training, or was copied '
            "in part. Train it again or copy the whole folder."
        )
    return path


def weights_version(run: Run) -> str:
    """12 hex digits of the weights' SHA-256: part of every URL made from them."""
    return hashlib.sha256(weights_path(run).read_bytes()).hexdigest()[:12]


def load_tensors(run: Run) -> dict[str, np.ndarray]:
    """The weights as float32 numpy arrays; on disk they may be float16 (genlab.runs.halve)."""
    try:
        arrays = load_file(weights_path(run))
    except Exception as error:  # safetensors raises its own kinds, all meaning a broken file
        raise GenLabError(
            f'The weights of "{run.name}" cannot be read ({error}); import the file again.'
        ) from error
    halves = {name: a.astype(np.float32) for name, a in arrays.items() if a.dtype == np.float16}
    return arrays | halves


def array_path(run: Run, key: str) -> Path:
    if not ARRAY_KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not an array key such as 'maps/tsne'.")
    return run.path / f"{key}.npy"


def load_array(run: Run, key: str) -> np.ndarray | None:
    """An array computed from the run before, or None. It may be smaller than float32 on disk."""
    path = array_path(run, key)
    if not path.exists():
        return None
    try:
        return np.load(path, allow_pickle=False).astype(np.float32)
    except (ValueError, OSError, EOFError) as error:
        raise GenLabError(
            f'{key}.npy of "{run.name}" cannot be read ({error}); delete it to have it made again.'
        ) from error


def save_array(run: Run, key: str, array: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    path = array_path(run, key)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, buffer.getvalue())


def saved_arrays(run: Run, kind: str) -> list[str]:
    """The names saved under one kind, such as "maps"."""
    return sorted(path.stem for path in (run.path / kind).glob("*.npy"))


def write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    beside.write_bytes(content)
    beside.replace(path)


@contextmanager
def new_run_folder(name: str) -> Iterator[Path]:
    """A temporary folder that becomes the run `name` when the block ends well, and vanishes
    when it does not. The name must be free."""
    check_free(name)
    new_runs().mkdir(parents=True, exist_ok=True)
    folder = new_runs() / f".{name}.{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        yield folder
        folder.rename(new_runs() / name)
    except OSError as error:
        raise GenLabError(f'Run "{name}" could not be written: {error.strerror}.') from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
