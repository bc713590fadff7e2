"""How busy this machine is: processor, memory and, where there is one, the NVIDIA GPU."""

import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

KEEP_FOR = 0.9  # seconds: all visitors' pages share one look
GPU_EVERY = 3.0  # seconds: nvidia-smi is a process of its own


@dataclass(frozen=True)
class Load:
    """Shares from 0 to 1; None where this system does not tell."""

    cpu: float | None
    memory: float | None
    memory_gb: float | None  # of the machine
    gpu: float | None = None
    gpu_memory: float | None = None


_seen: Load | None = None
_seen_at = 0.0
_ticks: tuple[int, int] | None = None
_gpu: tuple[float, float] | None = None
_gpu_asked = -GPU_EVERY
_looking = threading.Lock()


def load() -> Load:
    """The load now, at most a second old."""
    global _seen, _seen_at
    with _looking:
        if _seen is None or time.monotonic() - _seen_at > KEEP_FOR:
            ask_gpu()
            memory, total = memory_use()
            gpu, gpu_memory = _gpu or (None, None)
            _seen, _seen_at = Load(cpu_use(), memory, total, gpu, gpu_memory), time.monotonic()
        return _seen


def cpu_use() -> float | None:
    """Busy share of all cores since the last look; the first look takes the load average."""
    global _ticks
    try:
        first, _, _ = Path("/proc/stat").read_text().partition("\n")
        fields = [int(word) for word in first.split()[1:]]
    except (OSError, ValueError):
        return average_use()
    idle, total = fields[3] + fields[4], sum(fields[:8])  # fields[8:] are counted in the first two
    before, _ticks = _ticks, (idle, total)
    if before is None or total == before[1]:
        return average_use()
    return min(max(1.0 - (idle - before[0]) / (total - before[1]), 0.0), 1.0)


def average_use() -> float | None:
    try:
        return min(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0)
    except OSError:
        return None


def memory_use() -> tuple[float | None, float | None]:
    """Share in use, and gigabytes in all."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        kilobytes = {name: int(rest.split()[0]) for name, rest in (x.split(":") for x in lines)}
        total, free = kilobytes["MemTotal"], kilobytes["MemAvailable"]
    except (OSError, ValueError, KeyError, IndexError):
        return None, None
    return 1.0 - free / total, total / 1e6


def ask_gpu() -> None:
    """Have nvidia-smi asked beside, if there is one and its last answer is old."""
    global _gpu_asked
    if time.monotonic() - _gpu_asked < GPU_EVERY or shutil.which("nvidia-smi") is None:
        return
    _gpu_asked = time.monotonic()
    threading.Thread(target=read_gpu, name="gpu load", daemon=True).start()


def read_gpu() -> None:
    global _gpu
    fields = "utilization.gpu,memory.used,memory.total"
    try:
        answer = subprocess.run(
            ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
        used, held, total = (float(word) for word in answer.splitlines()[0].split(","))
        _gpu = used / 100, held / total
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        _gpu = None
