"""The rooms of the house: which may import which, and what may be imported where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = [
    {"compiling", "errors", "places", "row_blocks"},
    {"data", "models", "objectives", "registration"},
    {"training"},
    {"runs"},
    {"jobs", "explore"},
    {"plots"},
    {"ui", "cli"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted((ROOT / "genlab").rglob("*.py"))
ONLY_IN = {"streamlit": {"ui"}, "plotly": {"plots"}}


def imported(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
    return found


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "genlab").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_go_down(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    for module in imported(path):
        top, _, rest = module.partition(".")
        if top == "genlab":
            other = rest.split(".")[0]
            assert other == room or FLOOR[other] < FLOOR[room], f"{path} imports {module}"
        assert room in ONLY_IN.get(top, {room}), f"{path} imports {module}"


def test_pages_do_not_import_one_another_nor_torch():
    for path in (ROOT / "pages").glob("*.py"):
        tops = {module.split(".")[0] for module in imported(path)}
        assert not tops & {"pages", "torch", "plotly"}, path


def test_the_server_starts_without_torch_or_its_slow_friends():
    script = "import sys, app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for module in ("torch", "torchvision", "umap", "sklearn", "numba"):
        assert module not in loaded
