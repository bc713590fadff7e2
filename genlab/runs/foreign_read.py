"""Read the tensors of a checkpoint that somebody else made, and run none of its code.

The kind of file is told by its content, never by its extension. A `.safetensors` file is read
without torch; what torch.save wrote goes through torch.load(weights_only=True), after its pickle
was found to ask for nothing but tensors (foreign_scan.py) and its sizes were found to be bearable.
"""

import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize

from genlab.errors import GenLabError
from genlab.runs.foreign_scan import (
    SAVE_STATE_DICT,
    check_globals,
    check_legacy,
    check_size,
    globals_in,
    plain,
)
from genlab.runs.foreign_unwrap import choose_weights, strip_prefixes, tensors_in

MAX_BYTES = 512 * 2**20  # of a file, of what it unpacks to, and of its tensors as float32
MAX_TENSORS = 10_000
SAFETENSORS_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",  # the upper half of a float32
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}
OTHER_KINDS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; run git lfs pull"),
    (b"\x89HDF", "a Keras HDF5 file; load it with Keras and save the weights as .safetensors"),
    (b"\x93NUMPY", "a single NumPy array; save all weights in one .safetensors file"),
    (b"GGUF", "a GGUF language model; GenLab takes VAEs of images"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture; choose the checkpoint file"),
    (b"%PDF", "a PDF; choose the checkpoint file"),
)


@dataclass(frozen=True)
class Tensors:
    """The weights of a foreign file, and how they lay in it."""

    source: str  # the file's name, made harmless
    container: str  # what kind of file it was
    arrays: dict[str, np.ndarray]  # C-contiguous float32, under their names without prefixes
    dtypes: dict[str, str]  # of each array, as the file had it
    notes: tuple[str, ...] = ()  # what was left out, stripped or converted, a sentence each


def read_foreign(source: str | os.PathLike | bytes, filename: str = "") -> Tensors:
    """The tensors of a .safetensors, .pt or .pth file, given by path or by its bytes.

    Raises:
        GenLabError: it is no such file, or a broken one, too large, or would run code if opened.
    """
    data = source if isinstance(source, bytes) else read_bytes(Path(source))
    name = filename or ("the file" if isinstance(source, bytes) else os.fspath(source))
    shown = plain(re.split(r"[/\\]", name)[-1]) or "the file"
    if len(data) > MAX_BYTES:
        raise too_large(shown, len(data))
    if not data:
        raise GenLabError(f"{shown} is empty; copy or download it again.")
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        check_archive(data, shown)
        container, found = "torch.save archive", load_with_torch(data, shown)
    elif data[8:9] == b"{":  # before pickles: a header of 640 bytes begins as they do
        container, found = "safetensors", read_safetensors(data, shown)
    elif data[:1] == b"\x80" and data[1:2] <= b"\x05":
        check_legacy(data, shown)
        container, found = "torch.save file from before 1.6", load_with_torch(data, shown)
    else:
        raise GenLabError(f"{shown} is {kind_of(data)}.")
    entries, notes = choose_weights(found)
    if not entries:
        raise GenLabError(f"{shown} holds no tensors; save the weights: {SAVE_STATE_DICT}.")
    names, stripped = strip_prefixes(list(entries))
    notes += stripped
    arrays, dtypes = to_float32(dict(zip(names, entries.values(), strict=True)), shown)
    if changed := sorted({kind for kind in dtypes.values() if kind != "float32"}):
        notes.append(f"Tensors of {' and '.join(changed)} were converted to float32.")
    return Tensors(shown, container, arrays, dtypes, tuple(notes))


def read_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise GenLabError(f"{plain(path.name)} is not a file; give the path of a checkpoint.")
        if status.st_size > MAX_BYTES:
            raise too_large(plain(path.name), status.st_size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not a valid one"
        raise GenLabError(f"{plain(path.name)} cannot be read: {reason}.") from error


def too_large(shown: str, size: int) -> GenLabError:
    return GenLabError(
        f"{shown} takes or declares {size / 2**20:,.0f} MB; import takes up to "
        f"{MAX_BYTES >> 20} MB. Save the weights alone, without the optimiser."
    )


def kind_of(data: bytes) -> str:
    """What a file that is no checkpoint seems to be, and the mend."""
    for magic, what in OTHER_KINDS:
        if data.startswith(magic):
            return what
    if data[257:262] == b"ustar":
        return "a tar archive; unpack it first, or save it again with a newer torch.save"
    head = data[:256].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page, not a checkpoint; download the file itself"
    if not data[:512].strip(b"\0"):
        return "empty space (zero bytes); copy or download it again"
    if not any(byte < 9 or 13 < byte < 32 for byte in data[:512]):
        return "a text file, not a checkpoint; choose the .safetensors, .pt or .pth file"
    return (
        "neither a .safetensors file nor one that torch.save wrote, or its beginning is damaged; "
        f"save the weights again: {SAVE_STATE_DICT}"
    )


def check_archive(data: bytes, shown: str) -> None:
    """A zip archive may go to torch if it holds a state dict's pickle and bearable sizes."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if (declared := sum(entry.file_size for entry in entries)) > MAX_BYTES:
                raise too_large(shown, declared)
            if any(entry.flag_bits & 1 for entry in entries):
                raise GenLabError(f"{shown} is encrypted; save it without a password.")
            if any(name.split("/")[-1] == "constants.pkl" for name in names):
                raise GenLabError(
                    f"{shown} is a TorchScript archive, which carries code; save its weights: "
                    'torch.save(torch.jit.load(path).state_dict(), "weights.pt").'
                )
            indices = [e for e in entries if re.fullmatch(r"([^/]*/)?data\.pkl", e.filename)]
            if len(indices) != 1:
                raise GenLabError(f"{shown} is {kind_of_archive(names)}.")
            check_size(indices[0].file_size, shown)
            check_globals(globals_in(BytesIO(archive.read(indices[0])), shown), shown)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise damaged(shown) from error
    except (NotImplementedError, RuntimeError, KeyError) as error:  # odd compression or records
        raise damaged(shown) from error


def kind_of_archive(names: list[str]) -> str:
    if names and all(name.endswith(".npy") for name in names):
        return "a NumPy .npz archive; save its arrays as .safetensors"
    if any(name.endswith((".pt", ".pth", ".safetensors")) for name in names):
        return "a ZIP archive around a checkpoint; unpack it and choose the file inside"
    return f"a ZIP archive that torch.save did not write; save the weights: {SAVE_STATE_DICT}"


def damaged(shown: str) -> GenLabError:
    return GenLabError(f"{shown} is damaged or cut short; copy or download it again.")


def load_with_torch(data: bytes, shown: str) -> Any:
    """What torch.load(weights_only=True) makes of a file whose pickle was checked before."""
    import torch  # here, for a server that never sees such a file does without it

    try:
        found = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except MemoryError as error:
        raise too_large(shown, len(data)) from error
    # A damaged file may fail anywhere in the reader, with any kind of error; all mean the same.
    except Exception as error:
        raise damaged(shown) from error
    if not data.startswith(b"PK"):  # the older format may claim numbers that are not in the file
        storages = [tensor.untyped_storage() for _, tensor in tensors_in(found)]
        if sum({s.data_ptr(): s.nbytes() for s in storages}.values()) > len(data):
            raise damaged(shown)
    return found


def read_safetensors(data: bytes, shown: str) -> dict[str, np.ndarray]:
    header = int.from_bytes(data[:8], "little")
    if header > len(data) - 8:
        raise GenLabError(
            f"{shown} declares a header of {header:,} bytes but has {len(data):,} in all; "
            "it is damaged or cut short. Copy or download it again."
        )
    try:
        found = deserialize(data)
    except (SafetensorError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise damaged(shown) from error
    arrays = {}
    for name, tensor in sorted(found, key=lambda pair: natural(pair[0])):  # the file has no order
        kind = tensor["dtype"]
        if kind not in SAFETENSORS_TYPES:
            raise GenLabError(
                f"{plain(name)} in {shown} has numbers of type {plain(kind)}; "
                "save the weights as float32."
            )
        array = np.frombuffer(tensor["data"], SAFETENSORS_TYPES[kind]).reshape(tensor["shape"])
        if kind == "BF16":
            array = BFloat16(array)
        arrays[name] = array
    return arrays


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts names with the numbers in them as numbers."""
    parts = re.split(r"([0-9]{1,9})", name)
    return [(int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts)]


@dataclass(frozen=True)
class BFloat16:
    """bfloat16 numbers, which numpy does not have, as their 16 bits."""

    bits: np.ndarray  # uint16

    @property
    def shape(self) -> tuple[int, ...]:
        return self.bits.shape

    dtype = "bfloat16"


def to_float32(entries: dict[str, Any], shown: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """All tensors as contiguous float32 arrays, and the number types they had."""
    if len(entries) > MAX_TENSORS:
        raise GenLabError(f"{shown} holds {len(entries):,} tensors; a VAE has about ten.")
    sizes = [int(np.prod([int(n) for n in v.shape], dtype=object)) for v in entries.values()]
    if (size := 4 * sum(sizes)) > MAX_BYTES:  # a tensor may repeat one number without end
        raise too_large(shown, size)
    arrays, dtypes = {}, {}
    for name, value in entries.items():
        dtypes[name] = str(value.dtype).removeprefix("torch.")
        if dtypes[name].startswith("complex"):
            raise GenLabError(f"{plain(name)} in {shown} is complex; GenLab takes real weights.")
        arrays[name] = as_float32(value)
    return arrays, dtypes


def as_float32(value: Any) -> np.ndarray:
    if isinstance(value, BFloat16):
        return (value.bits.astype(np.uint32) << 16).view(np.float32)
    if isinstance(value, np.ndarray):
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(value, dtype=np.float32)
    return value.detach().float().contiguous().numpy()
