"""What the server does once, before the first visitor."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module

from genlab.data.sprite import test_sprite
from genlab.errors import GenLabError
from genlab.jobs.recipe_book import recipe_book
from genlab.jobs.worker import resume_waiting
from genlab.runs.folder import list_runs
from genlab.runs.manage import sweep_trash
from genlab.ui.arrays import version_of
from genlab.ui.machine import ask
from genlab.ui.nodelay import send_at_once


@asynccontextmanager
async def lifespan(app) -> AsyncIterator[None]:
    """Read what the first pages show, then leave it out of every later garbage collection."""
    send_at_once()
    for run in list_runs():
        with suppress(GenLabError):  # a broken run is told of where somebody opens it
            version_of(run)
            test_sprite(run.dataset)
    # Tables need pandas: load it while the first browser still fetches the page
    threading.Thread(target=import_module, args=("pandas",), daemon=True).start()
    threading.Thread(target=open_recipe_book, daemon=True).start()
    ask()
    resume_waiting()
    sweep_trash()
    gc.collect()
    gc.freeze()
    yield


def open_recipe_book() -> None:
    with suppress(GenLabError):  # the Train page says what is wrong
        recipe_book()
