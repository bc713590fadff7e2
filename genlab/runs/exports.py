"""The formats in which a run leaves GenLab, for the page and the command line alike."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from genlab.errors import GenLabError
from genlab.places import ROOT
from genlab.runs.archive import zip_run
from genlab.runs.families import family_of
from genlab.runs.folder import Run, weights_path
from genlab.runs.hub import zip_hub
from genlab.runs.onnx_export import check_onnx, decoder_onnx

PATIENCE = 180.0  # seconds that a file may take to be made in a process apart


@dataclass(frozen=True)
class Format:
    title: str
    words: str  # what is in it
    ending: str  # of the file's name, after that of the run
    make: Callable[[Run], bytes]
    torch: bool = False  # whether that loads torch


FORMATS = {  # of every family
    "zip": Format("Folder", "The whole run as a zip: Import takes it back.", ".zip", zip_run),
    "safetensors": Format(
        "Weights",
        "model.safetensors alone, for PyTorch, NumPy and others.",
        ".safetensors",
        lambda run: weights_path(run).read_bytes(),
    ),
    "hub": Format(
        "Hugging Face layout",
        "config.json, model.safetensors and a card with metadata, as a zip: unpack and upload.",
        "-hub.zip",
        zip_hub,
    ),
}


def formats_of(run: Run) -> dict[str, Format]:
    """The formats that a run can leave in, by their names."""
    graph = family_of(run.family).graph
    if graph is None:
        return FORMATS
    make = graph_of_network if graph.torch else decoder_onnx
    onnx = Format(graph.title, graph.words, graph.ending, make, graph.torch)
    return {"zip": FORMATS["zip"], "safetensors": FORMATS["safetensors"], "onnx": onnx} | FORMATS


def graph_of_network(run: Run) -> bytes:
    from genlab.runs.onnx_networks import network_onnx  # torch loads with this

    return network_onnx(run)


def export_run(run: Run, format_name: str) -> tuple[str, bytes]:
    """The file name and content of a run in one of its formats.

    Raises:
        GenLabError: there is no such format, or the run cannot be written in it.
    """
    formats = formats_of(run)
    if format_name not in formats:
        raise GenLabError(
            f'There is no format "{format_name}" for {run.name}; choose {", ".join(formats)}.'
        )
    chosen = formats[format_name]
    return run.name + chosen.ending, chosen.make(run)


def export_apart(run: Run, format_name: str) -> bytes:
    """The content of `export_run`, made in a process of its own: a server keeps clear of torch.

    Raises:
        GenLabError: as `export_run`, or it takes too long.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export"
        command = ["export", run.name, "--format", format_name, "--to", str(file)]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "genlab", *command],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GenLabError(f"{run.name} took too long to export; try again later.") from error
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            reason = lines[-1].removeprefix("genlab: ") if lines else "The export was killed."
            raise GenLabError(reason[:300])
        return file.read_bytes()


def check_export(run: Run, format_name: str) -> None:
    """Refuse at once what `export_apart` would refuse after seconds."""
    weights_path(run)
    if format_name == "onnx":
        check_onnx()
