"""Which device a training would run on here. Asked once, in a process of its own: the server
itself needs no torch for what most visitors do."""

import subprocess
import sys
import threading

from genlab.places import ROOT

QUESTION = (
    "import os\n"
    "getattr(os, 'nice', int)(19)  # the first page comes first\n"
    "from genlab.training.device import pick_device, device_name, has_fast_bfloat16 as fast\n"
    "d = pick_device()\n"
    "print(device_name(d) + (', bfloat16 in hardware' if fast(d) else ''))"
)
_answer: list[str] = []
_asked = threading.Event()


def ask() -> None:
    """Begin to find out; returns at once, and does nothing the second time."""
    if not _asked.is_set():
        _asked.set()
        threading.Thread(target=_find_out, name="device", daemon=True).start()


def _find_out() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUESTION], cwd=ROOT, capture_output=True, text=True, check=False
    )
    failed = "torch does not start here; run `python -m genlab list` to see why"
    _answer.append(done.stdout.strip() if done.returncode == 0 else failed)


def device() -> str | None:
    """The device in words, or None while it is still being found out."""
    ask()
    return _answer[0] if _answer else None
