"""What the Siamese page fetches by URL: pairs with their distances, films, maps, and pictures as
sprites.

A message is a JSON header and raw arrays, laid out as in genlab/ui/gan_arrays.py, film_message.
"""

import gzip
from functools import lru_cache
from typing import Any

import numpy as np

from genlab.data.catalogue import find_dataset
from genlab.data.images import ImageSplit, load_split
from genlab.data.sprite import gallery
from genlab.errors import GenLabError
from genlab.explore.evaluate_siamese import PUBLISHED_PAIRS
from genlab.explore.siamese_view import (
    Bench,
    bench,
    film_places,
    map_classes,
    map_of,
    rates_at,
    raw_bench,
    raw_map,
    row_of_pairs,
    shown,
    worst_accepts,
    worst_rejects,
)
from genlab.jobs.queue import Job, find_job
from genlab.runs.film import Film, load_film
from genlab.runs.folder import Run, find_run
from genlab.ui.answers import message
from genlab.ui.job_films import job_stands, newest_film
from genlab.ui.siamese_urls import images_version, stamp_of
from genlab.ui.siamese_view import FAMILY, interval, margin_of

COLUMNS = 100  # of a sprite of single images


# --- pairs ---------------------------------------------------------------------------------------


@lru_cache(maxsize=24)
def bench_of(name: str, stamp: str, split: str, seed: int) -> Bench:
    """stamp: as in the run's URLs, so that a new version is computed anew."""
    return bench(find_run(name), split, seed=seed)


@lru_cache(maxsize=12)
def raw_bench_of(dataset: str, version: str, split: str, seed: int) -> Bench:
    return raw_bench(dataset, split, seed=seed)


def pairs_bytes(run: Run, split: str, seed: int) -> bytes:
    """The message on one run: `distances` (C,) float32 and `same` (C,) uint8, and in the header
    what `pair_header` and `shown_pairs` tell."""
    found = bench_of(run.name, stamp_of(run), split, seed)
    known = {
        "accuracy_interval": accuracy_ends(run, found),
        "auc_interval": interval(run, "pair_auc_test", found.figures.auc),
        "eer_interval": interval(run, "pair_eer_test", found.figures.eer),
    }
    header = pair_header(found, run.dataset) | known | shown_pairs(found, run.dataset, split, seed)
    return message(header, pair_arrays(found))


def raw_bytes(dataset: str, split: str, seed: int) -> bytes:
    found = raw_bench_of(dataset, images_version(dataset), split, seed)
    return message(pair_header(found, dataset), pair_arrays(found))


def accuracy_ends(run: Run, found: Bench) -> list[float] | None:
    """The interval of the accuracy at the training choice, where the run's summary has it."""
    return interval(run, "pair_accuracy_test", rates_at(found, found.threshold).accuracy)


def pair_arrays(found: Bench) -> dict[str, np.ndarray]:
    return {"distances": found.distances.astype("<f4"), "same": found.same.astype(np.uint8)}


def pair_header(found: Bench, dataset: str) -> dict[str, Any]:
    """`independent`: whether the pairs may be counted as such. Faces are few, so that drawn pairs
    of them repeat themselves; the published ones do not."""
    figures = found.figures
    return {
        "name": found.name,
        "independent": not find_dataset(dataset).of_people or dataset in PUBLISHED_PAIRS,
        "threshold": found.threshold,
        "auc": float(figures.auc),
        "eer": float(figures.eer),
        "eer_threshold": float(figures.eer_threshold),
    }


def chosen_pairs(found: Bench, seed: int) -> dict[str, np.ndarray]:
    """Numbers of the pairs that have pictures: a row, and the worst of both kinds."""
    return {
        "row": row_of_pairs(found, seed),
        "accepts": worst_accepts(found),
        "rejects": worst_rejects(found),
    }


def shown_pairs(found: Bench, dataset: str, split: str, seed: int) -> dict[str, Any]:
    """What the browser says of them: their numbers, images and class names, and the size of the
    tiles that tiles_bytes has for them in the same order."""
    some = shown(dataset, split)

    def said(number: int) -> dict[str, Any]:
        pair = found.pairs[number].tolist()
        return {
            "number": int(number),
            "images": pair,
            "names": [some.classes[some.labels[i]] for i in pair],
        }

    chosen = chosen_pairs(found, seed)
    tile = list(some.images.shape[1:])
    return {"tile": tile} | {kind: [said(n) for n in chosen[kind]] for kind in chosen}


def tiles_bytes(run: Run, split: str, seed: int) -> bytes:
    """The pairs of `chosen_pairs` as a PNG of two columns, a pair in each row."""
    found = bench_of(run.name, stamp_of(run), split, seed)
    numbers = np.concatenate(list(chosen_pairs(found, seed).values()))
    images = shown(run.dataset, split).images[found.pairs[numbers].ravel()]
    return gallery(images, 2)


# --- films ---------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def film_bytes(name: str, version: str) -> bytes:
    """The message on the film of a run, in gzip."""
    run = find_run(name)
    return gzip.compress(film_message(load_film(run), run), 6, mtime=0)


def job_film_bytes(job_id: int, known: str) -> bytes:
    """How a job stands and its film so far, in gzip; without the film where that is `known`.

    The header has `job` besides, as `job_stands` gives it, and `version`, to be known by the next
    time: "" before the first frame.

    Raises:
        GenLabError: there is no such job, it trains something else, or its film is broken.
    """
    job = siamese_job(job_id)
    told = {"job": job_stands(job)}  # before its film, which may go on meanwhile
    film, told["version"] = newest_film(job)
    fresh = film is not None and told["version"] != known
    said = film_message(film, job, **told) if fresh else message(told, {})
    return gzip.compress(said, 3)


def siamese_job(job_id: int) -> Job:
    job = find_job(job_id)
    if job.config.get("family") != FAMILY:
        raise GenLabError(f"Job {job_id} trains no Siamese network.")
    return job


def film_message(film: Film, of: Run | Job, **header: Any) -> bytes:
    """A film for the browser: `places` (F, M, 2) float32, `labels` (M,) uint8 and trace.NAME (U,)
    float16.

    Args:
        of: what it is the film of.
        header: more entries of the header.
    """
    train, places = load_split(of.config["dataset"], "train"), film_places(film)
    labels = np.asarray(film.fixed.get("labels", np.empty(0))).astype(np.int64)
    if labels.shape != places.shape[1:2]:
        raise GenLabError("This film does not say what its images are; train the run again.")
    groups, classes = map_classes(labels, train.info.classes)
    told = {
        "updates": film.updates.tolist(),
        "images_seen": film.images_seen.tolist(),
        "margin": margin_of(of),
        "classes": list(classes),
        "images": film_rows(film, train).tolist(),
        "side": max(train.images.shape[1:]),
        **header,
    }
    arrays = {"places": places.astype("<f4"), "labels": groups}
    arrays |= {f"trace.{name}": values.astype("<f2") for name, values in film.trace.items()}
    return message(told, arrays)


def film_rows(film: Film, train: ImageSplit) -> np.ndarray:
    """Rows of the training split on this machine, (M,); -1 for those that are not here."""
    rows = np.asarray(film.fixed.get("index", np.empty(0))).astype(np.int64).ravel()
    return np.where((rows >= 0) & (rows < len(train.labels)), rows, -1)


def job_film_tiles(job_id: int) -> bytes:
    job = siamese_job(job_id)
    film, _ = newest_film(job)
    if film is None:
        raise GenLabError(f"Job {job_id} has no film yet.")
    return film_tiles(film, job.config["dataset"])


def film_tiles(film: Film, dataset: str) -> bytes:
    """The film's images, squares in rows of COLUMNS; black for those that are not here."""
    train = load_split(dataset, "train")
    rows = film_rows(film, train)
    images = train.images[rows] * (rows >= 0)[:, None, None]
    if not len(images):
        raise GenLabError("This film does not say which images it shows.")
    return gallery(squares(images.astype(np.uint8)), COLUMNS)


# --- maps ----------------------------------------------------------------------------------------


@lru_cache(maxsize=12)
def map_bytes(name: str, stamp: str, split: str) -> bytes:
    return map_of(find_run(name), split).astype("<f4").tobytes()


@lru_cache(maxsize=6)
def raw_map_bytes(dataset: str, version: str, split: str) -> bytes:
    return raw_map(dataset, split).astype("<f4").tobytes()


def groups_bytes(dataset: str, split: str) -> bytes:
    some = shown(dataset, split)
    return map_classes(some.labels, some.classes)[0].tobytes()


@lru_cache(maxsize=4)
def sprite_bytes(dataset: str, version: str, split: str) -> bytes:
    return gallery(squares(shown(dataset, split).images), COLUMNS)


def squares(images: np.ndarray) -> np.ndarray:
    """(N, H, W) to (N, S, S), S the longer side, black beside a narrow picture."""
    N, H, W = images.shape
    S = max(H, W)
    result = np.zeros((N, S, S), np.uint8)
    top, left = (S - H) // 2, (S - W) // 2
    result[:, top : top + H, left : left + W] = images
    return result
