"""The processes that train one model together, each with its rows of every batch.

`torchrun` starts the same program N times. Each process draws the same batches and the same noise
from the same seeds, and computes the gradient of its own rows. Summed over the processes that is
the gradient of the whole batch: all make the same update and hold the same weights, those that one
process alone would have, up to the rounding of the sum. Alone, all of this is nothing.

Source: Li et al., PyTorch Distributed, 2020, arXiv:2006.15704, section 3.1.
Shapes: B rows of the whole batch.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from genlab.errors import GenLabError

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """One process among those that train together: which rows are its own, and sums over all.

    Every process must ask for the same sums in the same order.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0  # among the processes on this machine

    def take(self, rows: Tensor) -> Tensor:
        """This process's part of rows (B, ...): B / world of them, give or take one, maybe none."""
        if self.world == 1:
            return rows
        B = len(rows)
        return rows[B * self.rank // self.world : B * (self.rank + 1) // self.world]

    def mean(self, values: Tensor, count: int) -> Tensor:
        """What this process's values add to the mean over `count` of them in all processes."""
        return values.mean() if self.world == 1 else values.sum() / count

    def sum_(self, *tensors: Tensor) -> None:
        """Replace each tensor by its sum over the processes; the same bits everywhere."""
        if self.world == 1:
            return
        with lost_ones_named():
            for work in [dist.all_reduce(tensor, async_op=True) for tensor in tensors]:
                work.wait()

    def gather(self, value: T) -> list[T]:
        """The value of every process, in order of rank; small plain values."""
        if self.world == 1:
            return [value]
        values: list[Any] = [None] * self.world
        with lost_ones_named():
            dist.all_gather_object(values, value)
        return values


ALONE = Shard()


@contextmanager
def process_group() -> Iterator[Shard]:
    """Join the processes that torchrun started with this one; ALONE where it started none.

    Raises:
        GenLabError: fewer GPUs than processes here, or the others cannot be reached.
    """
    world, local_rank = number("WORLD_SIZE", 1), number("LOCAL_RANK", 0)
    if world == 1:
        yield ALONE
        return
    # Imported later, as the first step of Adam does, this module would keep the group it finds as
    # the default of its functions, and the group's threads would outlive the interpreter.
    import_module("torch.distributed.nn")
    device = None
    if torch.cuda.is_available():
        here, gpus = number("LOCAL_WORLD_SIZE", 1), torch.cuda.device_count()
        if here > gpus:
            raise GenLabError(
                f"There are {here} processes for {gpus} GPU here; start torchrun with "
                f"--nproc-per-node={gpus}, or with CUDA_VISIBLE_DEVICES= to train on the CPU."
            )
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    try:
        dist.init_process_group("nccl" if device else "gloo", device_id=device)
    except (RuntimeError, ValueError) as error:
        raise GenLabError(
            f"The {world} processes do not reach one another "
            f"({str(error).splitlines()[0]}); start them with torchrun, and name the network "
            "interface in GLOO_SOCKET_IFNAME or NCCL_SOCKET_IFNAME where there are several."
        ) from error
    try:
        shard = Shard(dist.get_rank(), world, local_rank)
        yield shard
        shard.gather(None)  # nobody leaves while another still waits for a sum
    finally:
        dist.destroy_process_group()


def number(name: str, default: int) -> int:
    return int(os.environ.get(name, default))


@contextmanager
def lost_ones_named() -> Iterator[None]:
    """Only calls that wait for the other processes belong inside: what they raise is a loss."""
    try:
        yield
    except RuntimeError as error:
        raise GenLabError(
            "Another process of this training ended, and the training with it; "
            "what torchrun prints says which and why."
        ) from error


def together(shard: Shard, make: Callable[[], T]) -> T:
    """What `make` returns, once it has worked in every process.

    Raises:
        GenLabError: of the first process where it did not, in all of them.
    """
    made, sentence = None, ""
    try:
        made = make()
    except GenLabError as error:
        sentence = str(error)
    for told in shard.gather(sentence):
        if told:
            raise GenLabError(told)
    return made


def until_interrupted(shard: Shard, records: Iterator[T]) -> Iterator[T]:
    """The records, up to the first before which Ctrl-C reached any process.

    All processes stop at the same one. The first then raises KeyboardInterrupt, as a process
    alone does, and the others just end.
    """
    if shard.world == 1:
        yield from records
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    stopped = False
    try:
        for record in records:
            yield record
            if stopped := any(shard.gather(bool(pressed))):
                break
    finally:
        signal.signal(signal.SIGINT, before)
    if stopped and shard.rank == 0:
        raise KeyboardInterrupt
