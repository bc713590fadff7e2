"""t-SNE while it runs: one thread computes, any number of browsers fetch the newest frame.

The same run with the same settings is one film, however many visitors ask for it. Films are made
one after the other; the most recent are kept.
"""

import hashlib
import struct
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from genlab.errors import GenLabError
from genlab.runs.folder import find_run, load_array, save_array
from genlab.ui.arrays import latent_means, version_of

WAITING, RUNNING, DONE, STOPPED, FAILED = range(5)
FRAME_EVERY = 4  # iterations: smooth enough to watch
KEPT = 24  # films of 10,000 points hold 80 kB each: only the newest frame stays
HEADER = struct.Struct("<IIIf")  # iteration, iterations in all, state, KL in nats


@dataclass
class Film:
    run: str
    perplexity: float
    exaggeration: float
    seed: int
    steps: int
    state: int = WAITING
    iteration: int = 0
    kl: float = float("nan")
    coordinates: np.ndarray | None = None  # (N, 2) float32
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)


_films: OrderedDict[str, Film] = OrderedDict()
_lock = threading.Lock()
_one_at_a_time = ThreadPoolExecutor(1, thread_name_prefix="tsne")


def start(run_name: str, *, perplexity: float, exaggeration: float, seed: int, steps: int) -> str:
    """Begin a film, or find the one that these settings began before; return its id."""
    run = find_run(run_name)
    words = f"{run.name} {version_of(run)} {perplexity:g} {exaggeration:g} {seed} {steps}"
    film_id = hashlib.sha256(words.encode()).hexdigest()[:16]
    with _lock:
        film = _films.get(film_id)
        if film is None or film.state in (STOPPED, FAILED):
            film = _films[film_id] = Film(run.name, perplexity, exaggeration, seed, steps)
            _one_at_a_time.submit(run_film, film)
        _films.move_to_end(film_id)
        finished = [key for key, old in _films.items() if old.state >= DONE and key != film_id]
        for key in finished[: max(0, len(_films) - KEPT)]:
            del _films[key]
    return film_id


def find_film(film_id: str) -> Film:
    film = _films.get(film_id)
    if film is None:
        raise GenLabError("This t-SNE is no longer in memory; start it again.")
    return film


def stop(film_id: str) -> None:
    find_film(film_id).stop.set()


def run_film(film: Film) -> None:
    """Compute one film; what fails is told in one sentence to whoever watches."""
    from genlab.explore.tsne import TSNEConfig, tsne  # numba loads with the first film

    try:
        run = find_run(film.run)
        config = TSNEConfig(
            perplexity=film.perplexity,
            exaggeration=film.exaggeration,
            seed=film.seed,
            steps=film.steps,
        )
        film.state = RUNNING
        for frame_state in tsne(latent_means(run), config, every=FRAME_EVERY):
            film.coordinates, film.kl = frame_state.embedding, frame_state.kl
            film.iteration = frame_state.step
            if film.stop.is_set():
                film.state = STOPPED
                return
        if config == TSNEConfig() and load_array(run, "maps/tsne") is None:
            save_array(run, "maps/tsne", film.coordinates)  # the map that `evaluate --keep` makes
        film.state = DONE
    except (GenLabError, ValueError, OSError) as error:
        film.error, film.state = str(error), FAILED


def frame(film_id: str, after: int) -> bytes:
    """The header, and the newest coordinates if they are later than iteration `after`.

    Raises:
        GenLabError: there is no such film, or it failed.
    """
    film = find_film(film_id)
    if film.state == FAILED:
        raise GenLabError(film.error)
    coordinates, iteration = film.coordinates, film.iteration
    header = HEADER.pack(iteration, film.steps, film.state, film.kl)
    if coordinates is None or iteration <= after:
        return header
    return header + np.ascontiguousarray(coordinates, "<f4").tobytes()
