"""Files that must not be trusted: each gets one sentence, runs no code and takes no memory."""

import argparse
import collections
import gzip
import io
import json
import os
import pickle
import re
import resource
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from genlab.errors import GenLabError
from genlab.runs import foreign_read
from genlab.runs.folder import list_runs
from genlab.runs.foreign import import_file, infer
from genlab.runs.foreign_read import read_foreign

SHAPES = {"fc1": (784, 8), "fc21": (8, 2), "fc22": (8, 2), "fc3": (2, 8), "fc4": (8, 784)}


class Runs:
    """Unpickled without care, it calls `call(*args)`."""

    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 3)


def state():
    torch.manual_seed(0)
    layers = {name: nn.Linear(*shape) for name, shape in SHAPES.items()}
    return {f"{n}.{k}": v.detach() for n, x in layers.items() for k, v in x.named_parameters()}


def torched(content, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def legacy(content) -> bytes:
    return torched(content, _use_new_zipfile_serialization=False)


def safe(arrays) -> bytes:
    return safetensors.numpy.save({k: np.ascontiguousarray(v) for k, v in arrays.items()})


def numpy_state():
    return {name: tensor.numpy() for name, tensor in state().items()}


def with_number(name, number):
    content = state()
    content[name].view(-1)[3] = number
    return content


def raw_safetensors(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def zipped(files: dict[str, bytes], compression=zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return buffer.getvalue()


def torchscript() -> bytes:
    files = {"archive/constants.pkl": b".", "archive/code/m.py": b"", "archive/data.pkl": b"."}
    return zipped(files)


def encrypted() -> bytes:
    data = bytearray(torched(state()))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            data[found.start() + offset] |= 1
    return bytes(data)


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{"fc1.weight": np.zeros(3)})
    return buffer.getvalue()


def declared_sizes(size: int) -> bytes:
    """A torch archive whose directory declares huge entries."""
    data = bytearray(torched(state()))
    for found in re.finditer(b"PK\x01\x02", bytes(data)):
        struct.pack_into("<I", data, found.start() + 24, size)
    return bytes(data)


def itself():
    content = state()
    content["model"] = content
    return content


def renamed_global(old: bytes, new: bytes) -> bytes:
    """A torch archive with one name in its pickle replaced."""
    with zipfile.ZipFile(io.BytesIO(torched(state()))) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    return zipped({n: c.replace(old, new) if n.endswith(".pkl") else c for n, c in files.items()})


def protocol_4() -> bytes:
    content = collections.OrderedDict(weight=Runs(os.system, "echo no"))
    return torched(content, pickle_protocol=4)


def deflated_bomb() -> bytes:
    return zipped({"archive/data.pkl": bytes(40 << 20)}, zipfile.ZIP_DEFLATED)


def huge_storage(numbers: int) -> bytes:
    """A legacy file with one storage that claims so many numbers, none of which are there."""

    class Claims(pickle.Pickler):
        def persistent_id(self, thing):
            if isinstance(thing, torch.storage.TypedStorage):
                return ("storage", torch.FloatStorage, "0", "cpu", numbers, None)
            return None

    parts = pickle.loads(legacy({})[:16]), 1001, {"little_endian": True}, {"w": torch.ones(4)}, []
    buffer = io.BytesIO()
    for part in parts:
        Claims(buffer, 2).dump(part)
    return buffer.getvalue()


def run_system():
    return Runs(os.system, "echo no")


def sparse():
    return {"fc1.weight": torch.eye(3).to_sparse()}


def quantised():
    return {"fc1.weight": torch.quantize_per_tensor(torch.eye(3), 0.1, 0, torch.qint8)}


BROKEN = "is damaged or cut short"
BAD = {
    # pickles that run code
    "os.system": (lambda: torched({"w": run_system()}), r"asks Python to run posix\.system"),
    "eval": (lambda: torched({"w": Runs(eval, "1")}), r"run (__builtin__|builtins)\.eval"),
    "exec, legacy format": (lambda: legacy(Runs(exec, "1")), r"run (__builtin__|builtins)\.exec"),
    "protocol 4": (protocol_4, r"run posix\.system"),
    "a bare pickle": (lambda: pickle.dumps(run_system()), r"run posix\.system"),
    "a bare pickle, protocol 2": (lambda: pickle.dumps(run_system(), 2), r"run posix\.system"),
    "beside good weights": (
        lambda: torched({"state_dict": state(), "extra": run_system()}),
        r"run posix\.system",
    ),
    "os.system among a model's classes": (
        lambda: torched([nn.Linear(2, 2), run_system()]),
        r"run posix\.system",
    ),
    "bytearray of any size": (
        lambda: torched({"w": Runs(bytearray, 10**12)}),
        r"run (__builtin__|builtins)\.bytearray",
    ),
    "a renamed rebuild": (
        lambda: renamed_global(b"torch._utils\n_rebuild_tensor_v2", b"subprocess\nPopen"),
        r"run subprocess\.Popen",
    ),
    "a name with marks in it": (
        lambda: renamed_global(b"torch._utils\n_rebuild_tensor_v2", b"os\n![x](http://a)<b>"),
        r"run os\.·x·\(http·a\)·b·",
    ),
    # pickles that hold more than weights, or less
    "a whole model": (lambda: torched(Whole()), r"is a whole pickled model \(class .*Whole\)"),
    "a whole legacy model": (lambda: legacy(nn.Linear(2, 2)), r"model \(class torch.nn.modules"),
    "numpy arrays in a pickle": (
        lambda: torched({"w": np.zeros(3)}),
        r"NumPy objects beside its weights \(numpy\._core\.multiarray",
    ),
    "a namespace of arguments": (
        lambda: torched({"state_dict": state(), "args": argparse.Namespace(lr=0.1)}),
        r"run argparse\.Namespace .* its author can save the weights alone",
    ),
    "a pickle without torch": (lambda: pickle.dumps({"a": 1}, 2), "that torch.save did not write"),
    "no tensors": (lambda: torched({"epoch": 3}), "holds no tensors"),
    "an empty dict": (lambda: torched({}), "holds no tensors"),
    "an empty legacy dict": (lambda: legacy({}), "holds no tensors"),
    "empty safetensors": (lambda: safe({}), "holds no tensors"),
    "sparse": (lambda: torched(sparse()), r"sparse tensors; call \.to_dense"),
    "meta": (lambda: torched({"w": torch.ones(3, device="meta")}), "meta tensors"),
    "complex": (lambda: torched({"w": torch.ones(3, dtype=torch.cfloat)}), "w in .* is complex"),
    # truncated and damaged
    "empty": (lambda: b"", "is empty"),
    "one byte": (lambda: b"P", "a text file"),
    "cut archive": (lambda: torched(state())[:9000], BROKEN),
    "cut legacy file": (lambda: legacy(state())[:9000], BROKEN),
    "legacy file without numbers": (lambda: legacy(state())[:900], BROKEN),
    "cut safetensors": (lambda: safe(numpy_state())[:-5], BROKEN),
    "safetensors with a tail": (lambda: safe(numpy_state()) + b"tail", BROKEN),
    "zero bytes": (lambda: bytes(5000), "empty space"),
    "noise": (lambda: bytes(range(1, 256)) * 20, "neither a .safetensors file nor"),
    "an index of ends": (
        lambda: zipped({"archive/data.pkl": b"....", "archive/version": b"3"}),
        BROKEN,
    ),
    "an empty index": (lambda: zipped({"archive/data.pkl": b""}), BROKEN),
    # other kinds of file
    "a web page": (lambda: b"<!DOCTYPE html><html>404</html>", "a web page"),
    "a web page after a newline": (lambda: b"\n\n<html>", "a web page"),
    "text": (lambda: b"epoch,loss\n1,2\n", "a text file"),
    "JSON": (lambda: json.dumps({"weights": [1.0]}).encode(), "a text file"),
    "a Git LFS pointer": (
        lambda: b"version https://git-lfs.github.com/spec/v1\n",
        "Git LFS pointer",
    ),
    "gzip": (lambda: gzip.compress(torched(state())), "compressed with gzip"),
    "tar": (tarred, "a tar archive"),
    "HDF5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(90), "Keras HDF5"),
    "npy": (lambda: b"\x93NUMPY\x01\x00", "a single NumPy array"),
    "npz": (npz, r"NumPy \.npz archive"),
    "TorchScript": (torchscript, "TorchScript archive"),
    "an encrypted archive": (encrypted, "is encrypted"),
    "an empty ZIP": (lambda: zipped({}), "a ZIP archive that torch.save did not write"),
    "a ZIP around a checkpoint": (
        lambda: zipped({"best.pth": torched(state())}),
        "unpack it and choose the file inside",
    ),
    "a ZIP with a path upwards": (lambda: zipped({"../../data.txt": b""}), "did not write"),
    # sizes
    "zip entries that declare 4 GB": (lambda: declared_sizes(2**32 - 2), "declares .* MB"),
    "a compressed index": (deflated_bomb, "the index inside|The index inside"),
    "one number repeated 10^12 times": (
        lambda: torched({"w": torch.ones(1).expand(10**6, 10**6)}),
        "takes or declares",
    ),
    "the same in the legacy format": (
        lambda: legacy({"w": torch.ones(1).expand(10**6, 10**6)}),
        "takes or declares",
    ),
    "a storage of 10^9 numbers": (lambda: huge_storage(10**9), BROKEN),
    "a storage of 10^15 numbers": (lambda: huge_storage(10**15), BROKEN),
    "20,000 tensors": (
        lambda: safe({f"t{i}": np.zeros(1, np.float32) for i in range(20_000)}),
        "holds 20,000 tensors",
    ),
    "a header of 10^18 bytes": (
        lambda: struct.pack("<Q", 10**18) + b'{"a":1}',
        "declares a header of 1,000,000,000,000,000,000 bytes",
    ),
    "a shape of 10^18 numbers": (
        lambda: raw_safetensors(
            {"w": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}, bytes(4)
        ),
        BROKEN,
    ),
    "a negative shape": (
        lambda: raw_safetensors(
            {"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)
        ),
        BROKEN,
    ),
    "overlapping tensors": (
        lambda: raw_safetensors(
            {
                "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            },
            bytes(4),
        ),
        BROKEN,
    ),
    "a deep header": (lambda: raw_safetensors(b'{"a":' + b"[" * 100_000), BROKEN),
    "a header of the wrong kind": (lambda: raw_safetensors({"w": [1, 2, 3]}), BROKEN),
    "8-bit floats": (
        lambda: raw_safetensors(
            {"w": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}, bytes(4)
        ),
        "numbers of type F8_E4M3",
    ),
    # weights that are no numbers
    "NaN": (
        lambda: torched(with_number("fc3.weight", float("nan"))),
        r"1 of the 16 .* fc3\.weight",
    ),
    "infinite": (
        lambda: torched(with_number("fc4.bias", float("-inf"))),
        r"1 of the 784 .* fc4\.b",
    ),
    "too large for float32": (
        lambda: torched({k: v.double() * 1e39 for k, v in state().items()}),
        "too large for float32",
    ),
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize(("make", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_gets_one_sentence_and_leaves_nothing(home, make, sentence):
    with pytest.raises(GenLabError) as caught:
        import_file(make(), "bad", "mnist", filename="their <b>weights</b>.pth")
    message = str(caught.value)
    assert re.search(sentence, message), message
    assert "\n" not in message
    assert "<" not in message
    assert "Traceback" not in message
    assert not home.exists() or list(home.rglob("*")) in ([], [home / "checkpoints"])


@pytest.mark.filterwarnings("ignore:torch.quantize")
@pytest.mark.skipif("qnnpack" not in torch.backends.quantized.supported_engines, reason="no engine")
def test_quantised_weights_are_named_as_such():
    with pytest.raises(GenLabError, match="quantised weights"):
        read_foreign(torched(quantised()))


@pytest.mark.parametrize("write", [torched, legacy, pickle.dumps])
def test_code_in_a_pickle_does_not_run(tmp_path, write):
    mark = tmp_path / "mark"
    data = write({"state_dict": state(), "more": Runs(os.mkdir, str(mark))})
    with pytest.raises(GenLabError, match=r"run posix\.mkdir"):
        import_file(data, "bad", "mnist")
    assert not mark.exists()
    assert not [run for run in list_runs() if run.name == "bad"]


def test_a_pickle_that_holds_itself_is_read_to_the_end():
    assert infer(read_foreign(torched(itself()))).family == "vae"


def test_lists_inside_lists_end_at_a_bound():
    inner = [torch.ones(1)]
    for _ in range(40):
        inner = [inner] * 9
    with pytest.raises(GenLabError, match="holds no tensors"):
        read_foreign(torched({"model": inner}))


def test_paths_that_are_no_files_are_refused(tmp_path):
    (tmp_path / "folder.pth").mkdir()
    os.mkfifo(tmp_path / "pipe.pth")
    for path in (tmp_path / "folder.pth", tmp_path / "pipe.pth", "/dev/zero"):
        with pytest.raises(GenLabError, match="is not a file"):
            read_foreign(path)
    for path in (tmp_path / "none.pth", "\0.pth"):
        with pytest.raises(GenLabError, match="cannot be read"):
            read_foreign(path)


def test_a_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "large.pth"
    with open(path, "wb") as file:
        file.truncate(foreign_read.MAX_BYTES + 1)  # sparse: takes no disk
    with pytest.raises(GenLabError, match="import takes up to 512 MB"):
        read_foreign(path)


def test_huge_claims_take_no_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in BAD:
        if any(word in name for word in ("10^", "GB", "bytearray", "compressed")):
            with pytest.raises(GenLabError):
                read_foreign(BAD[name][0]())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def good_files() -> dict[str, bytes]:
    return {
        "archive": torched({"state_dict": state(), "epoch": 3}),
        "legacy": legacy(state()),
        "safetensors": safe(numpy_state()),
    }


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", ["archive", "legacy", "safetensors"])
def test_changed_bytes_never_raise_anything_but_a_genlab_error(kind):
    good, rng = good_files()[kind], np.random.default_rng(0)
    index = 2500 if kind != "archive" else good.rfind(b"PK\x03\x04")
    refused = 0
    for trial in range(300):
        data = bytearray(good)
        for _ in range(rng.integers(1, 8)):
            # half of them where the structure is: the beginning, and the directory at the end
            near = rng.integers(0, index) if trial % 2 else rng.integers(0, len(good))
            where = int(near if trial % 4 < 2 else len(good) - 1 - near)
            data[where] = rng.integers(0, 256)
        if trial % 10 == 0:
            data = data[: rng.integers(0, len(data))]
        try:
            infer(read_foreign(bytes(data)))
        except GenLabError:
            refused += 1
    assert 30 < refused < 300
