"""Read what a pickle asks for, without unpickling it.

A pickle is a program for a small stack machine; the dangerous instructions are those that look up
a Python name (a "global") to call it. `pickletools` lists the instructions and runs none, so a
file that asks for more than tensors is known, and refused by name, before anything opens it.
"""

import pickletools
import re
import sys
from io import BytesIO

from genlab.errors import GenLabError

MAX_PICKLE = 16 * 2**20  # bytes; that of a state dict has some hundred bytes per tensor
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # first pickle of a file by torch.save before 1.6
LEGACY_PICKLES = 5  # magic number, protocol, system, object, storage keys; then raw numbers

# What the pickle of a state dict, with plain training counters beside it, may ask for. It is a
# part of what torch.load(weights_only=True) takes: without bytearray, which asks for any size.
ALLOWED = {
    "collections.Counter",  # in the state of MultiStepLR
    "collections.OrderedDict",
    "torch.Size",
    "torch.Tensor",
    "torch.device",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch.nn.parameter.Parameter",
    "torch.storage.TypedStorage",
    "torch.storage.UntypedStorage",
    "builtins.set",
    "__builtin__.set",
}
ALLOWED_PATTERN = re.compile(
    r"torch\.(\w+Storage|storage\._?\w*Storage|u?int\d+|float\d+\w*|bfloat16|half|double|bool)"
)
UNUSABLE = {
    "torch._utils._rebuild_qtensor": "quantised weights; save the model before quantising it",
    "torch._utils._rebuild_sparse_tensor": "sparse tensors; call .to_dense() and save again",
    "torch._utils._rebuild_meta_tensor_no_storage": (
        "meta tensors, shapes without numbers; load the weights into the model and save again"
    ),
}
SYSTEM_MODULES = sys.stdlib_module_names | {"__builtin__", "commands", "copyreg extension"}
TOOLS = {"_codecs", "copyreg", "copy_reg", "torch", "numpy"}  # refused, but not the whole story
SAVE_STATE_DICT = 'torch.save(model.state_dict(), "weights.pt")'
STRINGS = {"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING"}
STRINGS.add("SHORT_BINSTRING")
GETS = {"GET", "BINGET", "LONG_BINGET"}
PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}


def globals_of(stream: BytesIO) -> list[str]:
    """The globals one pickle asks for, "module.name" in order, leaving the stream after it.

    Raises:
        ValueError, IndexError: the stream is not a whole pickle.
    """
    found: list[str] = []
    strings: list[str] = []  # pushed so far: STACK_GLOBAL takes its two names from the stack
    memo: dict[int, str] = {}
    last: str | None = None
    for opcode, argument, _ in pickletools.genops(stream):
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            found.append(".".join(str(argument).split(" ", 1)))
        elif name == "STACK_GLOBAL":
            found.append(".".join(strings[-2:]) or "a name made up on the way")
        elif name in ("EXT1", "EXT2", "EXT4"):
            found.append(f"copyreg extension {argument}")
        elif name == "MEMOIZE":
            memo[len(memo)] = last or ""
        elif name in PUTS and last is not None:
            memo[int(argument)] = last
        elif name in STRINGS or (name in GETS and memo.get(int(argument))):
            last = str(argument) if name in STRINGS else memo[int(argument)]
            strings = [*strings[-1:], last]
            continue
        last = None if name not in PUTS and name != "MEMOIZE" else last
    return found


def check_size(index: int, shown: str) -> None:
    """Refuse a pickle of more bytes than the weights of any model of ours need."""
    if index > MAX_PICKLE:
        raise GenLabError(
            f"The index inside {shown} takes {index >> 20} MB where a state dict takes a few kB; "
            f"save only the weights: {SAVE_STATE_DICT}."
        )


def check_legacy(data: bytes, shown: str) -> None:
    """Refuse a file in torch.save's older format if a pickle in it asks for more than tensors.

    A pickle that torch.save did not write is refused too; if it would run code, by that name.
    """
    stream = BytesIO(data)
    head = data[:64].find(LEGACY_MAGIC.to_bytes(10, "little"))
    if head < 0:
        check_globals(globals_in(stream, shown), shown)
        raise GenLabError(
            f"{shown} is a Python pickle that torch.save did not write; load it where it was made "
            f"and save the weights: {SAVE_STATE_DICT}."
        )
    for _ in range(LEGACY_PICKLES):
        check_globals(globals_in(stream, shown), shown)
        check_size(stream.tell(), shown)


def globals_in(stream: BytesIO, shown: str) -> list[str]:
    """The globals of the stream's next pickle."""
    try:
        return globals_of(stream)
    except (ValueError, IndexError, KeyError, OverflowError, AttributeError) as error:
        raise GenLabError(
            f"{shown} is damaged or cut short: its index cannot be read; copy the file again."
        ) from error


def check_globals(names: list[str], shown: str) -> None:
    """Refuse by name the first global that weights do not need."""
    refused = [n for n in names if n not in ALLOWED and not ALLOWED_PATTERN.fullmatch(n)]
    if not refused:
        return
    for name in refused:
        if name in UNUSABLE:
            raise GenLabError(f"{shown} holds {UNUSABLE[name]}.")
    own = [n for n in refused if n.split(".")[0] not in TOOLS]
    system = [n for n in own if n.split(".")[0] in SYSTEM_MODULES]
    asked = plain((system or own or refused)[0])
    if not system and any(n.startswith("torch.nn.") for n in refused):
        raise GenLabError(
            f"{shown} is a whole pickled model (class {asked}), which cannot be opened without "
            f"running its code; save only its weights: {SAVE_STATE_DICT}."
        )
    if asked.startswith("numpy."):
        raise GenLabError(
            f"{shown} holds NumPy objects beside its weights ({asked}), which are not opened; "
            f"save only the weights: {SAVE_STATE_DICT}."
        )
    raise GenLabError(
        f"{shown} asks Python to run {asked} when it is opened, so it was not opened; "
        f"its author can save the weights alone: {SAVE_STATE_DICT}."
    )


def plain(text: str, limit: int = 80) -> str:
    """Hostile text made harmless in a sentence: letters, digits and a few marks, one line."""
    kept = "".join(c if c.isalnum() or c in " ._-+()," else "·" for c in text[: 4 * limit])
    kept = re.sub(r"·{2,}", "·", " ".join(kept.split()))
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"
