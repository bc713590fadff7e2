"""What the server does once, before the first visitor."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from genlab.data.sprite import test_sprite
from genlab.runs.folder import list_runs
from genlab.ui.arrays import version_of
from genlab.ui.machine import ask


@asynccontextmanager
async def lifespan(app) -> AsyncIterator[None]:
    """Read what the first pages show, then leave it out of every later garbage collection."""
    for run in list_runs():
        version_of(run)
    for dataset in {run.dataset for run in list_runs()} & {"mnist", "fashion"}:
        test_sprite(dataset)
    ask()
    gc.collect()
    gc.freeze()
    yield
