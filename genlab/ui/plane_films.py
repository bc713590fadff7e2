"""Films of GANs in the plane, made on demand: a niced process each, and the latest are kept.

The same settings are one film, however many visitors ask for it. A training that nobody asks for
any longer is ended: they have stopped it, turned another knob or closed the tab.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, field

from genlab.errors import GenLabError
from genlab.explore.plane_gan import PlaneConfig
from genlab.explore.plane_target import build_target
from genlab.places import ROOT

KEPT = 64  # films, of about half a megabyte each
PATIENCE = 10.0  # seconds after which somebody who has not asked again has gone
LONGEST = 120.0  # seconds after which a training is ended
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
COMMAND = (sys.executable, "-m", "genlab.explore.plane_gan")

Wanted = tuple[PlaneConfig, int | None]  # the update from which on every half step is a frame


@dataclass
class Film:
    """A training and what has come of it; `done` is set at its end, good or bad."""

    wanted: Wanted
    share: float = 0.0  # of the training that is over
    packed: bytes | None = None
    error: str = ""
    asked: dict[str, float] = field(default_factory=dict)  # who -> when last, monotonic seconds
    process: subprocess.Popen | None = None
    done: threading.Event = field(default_factory=threading.Event)


_films: OrderedDict[Wanted, Film] = OrderedDict()
_lock = threading.Lock()
_cores = threading.Semaphore(os.cpu_count() or 1)  # a training at once on each


def ask(who: str, wanted: list[Wanted]) -> list[Film]:
    """The films that a visitor wants, made or in the making; they want no other ones any more.

    Raises:
        GenLabError: the drawing of a drawn target is empty or damaged.
    """
    for config, _ in wanted:
        build_target(config.axes, config.target, config.ink)
    with _lock:
        for film in list(_films.values()):
            if film.wanted not in wanted and film.asked.pop(who, None):
                end_if_unwanted(film)
        films = [find_or_begin(who, key) for key in wanted]
        over = [key for key, film in _films.items() if film.done.is_set() and film not in films]
        for key in over[: max(0, len(_films) - KEPT)]:
            del _films[key]
    return films


def find_or_begin(who: str, wanted: Wanted) -> Film:
    film, new = _films.get(wanted), False
    if film is None:
        film, new = Film(wanted), True
        _films[wanted] = film
    film.asked[who] = time.monotonic()
    _films.move_to_end(wanted)
    if new:
        # a daemon, so that the server can end in the midst of a training, which then ends too
        threading.Thread(target=make, args=(film,), name="plane", daemon=True).start()
    return film


def end_if_unwanted(film: Film) -> bool:
    """End a training for which nobody has asked lately; the lock is held."""
    late = time.monotonic() - PATIENCE
    film.asked = {who: when for who, when in film.asked.items() if when > late}
    if film.asked or film.done.is_set():
        return False
    _films.pop(film.wanted, None)
    film.error = "The training was stopped; turn a knob to begin again."
    film.done.set()
    if film.process is not None:
        film.process.kill()
    return True


def make(film: Film) -> None:
    """Run the training and take its film; in a thread of its own, which only waits."""
    config, close = film.wanted
    settings = json.dumps({**asdict(config), "close": close})
    with _cores, tempfile.TemporaryFile() as output:
        with _lock:
            if film.done.is_set() or end_if_unwanted(film):
                return
            film.process = subprocess.Popen(
                [*COMMAND, settings],
                cwd=ROOT,
                env=os.environ | ONE_THREAD,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            )
        limit = threading.Timer(LONGEST, film.process.kill)
        limit.start()
        last = follow(film)
        limit.cancel()
        code = film.process.wait()
        output.seek(0)
        with _lock:
            if film.done.is_set():
                return
            if code == 0:
                film.packed = output.read()
            else:
                film.error = f"The training ended early ({last or code}); turn a knob."
            film.done.set()


def follow(film: Film) -> str:
    """Read the shares done until the process closes its end; return its last other line."""
    last = ""
    with film.process.stderr as lines:
        for line in lines:
            try:
                film.share = float(line)
            except ValueError:
                last = line.strip()
            with _lock:
                end_if_unwanted(film)
    return last


def packed_film(film: Film) -> bytes:
    """The bytes of a film that is done.

    Raises:
        GenLabError: its training failed or was stopped; who asks again has it tried again.
    """
    if film.packed is None:
        with _lock:  # also the one beside it, which failed alike
            for wanted in [w for w, f in _films.items() if f.done.is_set() and f.packed is None]:
                del _films[wanted]
        raise GenLabError(film.error)
    return film.packed
