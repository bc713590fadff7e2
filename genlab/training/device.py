"""The device and the arithmetic of a training, chosen once."""

from contextlib import AbstractContextManager, nullcontext

import torch


def pick_device() -> torch.device:
    """CUDA before Apple's MPS before the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_name(device: torch.device) -> str:
    """What a person calls it, for pages and cards."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return {"mps": "Apple GPU", "cpu": "CPU"}.get(device.type, device.type)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products run natively; elsewhere they are emulated, and slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return torch.cpu.get_capabilities().get("avx512_bf16", False)
    return False


def pick_precision(asked: str, device: torch.device) -> torch.dtype:
    """The dtype of matrix products for "auto", "float32" or "bfloat16"; the rest stays float32."""
    if asked == "auto":
        return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[asked]


def use_one_thread() -> None:
    """Small networks train best on one thread: a second one waits more than it works."""
    torch.set_num_threads(1)


def arithmetic(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """In it products are made in `dtype`; weights, losses and Adam stay in float32."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype)
