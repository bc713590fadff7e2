"""The formats in which a run leaves GenLab, for the page and the command line alike."""

from collections.abc import Callable
from dataclasses import dataclass

from genlab.errors import GenLabError
from genlab.runs.archive import zip_run
from genlab.runs.folder import Run, weights_path
from genlab.runs.hub import zip_hub
from genlab.runs.onnx_export import decoder_onnx


@dataclass(frozen=True)
class Format:
    title: str
    words: str  # what is in it
    ending: str  # of the file's name, after that of the run
    make: Callable[[Run], bytes]


FORMATS = {
    "zip": Format("Folder", "The whole run as a zip: Import takes it back.", ".zip", zip_run),
    "safetensors": Format(
        "Weights",
        "model.safetensors alone, for PyTorch, NumPy and others.",
        ".safetensors",
        lambda run: weights_path(run).read_bytes(),
    ),
    "onnx": Format(
        "Decoder as ONNX",
        "From z, and a one-hot label for a CVAE, to mean pixels; any batch size.",
        "-decoder.onnx",
        decoder_onnx,
    ),
    "hub": Format(
        "Hugging Face layout",
        "config.json, model.safetensors and a card with metadata, as a zip: unpack and upload.",
        "-hub.zip",
        zip_hub,
    ),
}


def export_run(run: Run, format_name: str) -> tuple[str, bytes]:
    """The file name and content of a run in one of FORMATS.

    Raises:
        GenLabError: there is no such format, or the run cannot be written in it.
    """
    if format_name not in FORMATS:
        raise GenLabError(f'There is no format "{format_name}"; choose {", ".join(FORMATS)}.')
    chosen = FORMATS[format_name]
    return run.name + chosen.ending, chosen.make(run)
