"""The routes of the Siamese page. A URL names a version of weights and images; where that is no
longer the one in use, the answer is a sentence."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from genlab.errors import GenLabError
from genlab.runs.film import has_film, load_film
from genlab.runs.folder import Run, find_run
from genlab.ui.answers import BINARY, NEVER, PACKED, fresh, kept
from genlab.ui.gan_arrays import film_version
from genlab.ui.live_decoder import whole
from genlab.ui.siamese_arrays import (
    film_bytes,
    film_tiles,
    groups_bytes,
    job_film_bytes,
    job_film_tiles,
    map_bytes,
    pairs_bytes,
    raw_bytes,
    raw_map_bytes,
    sprite_bytes,
    tiles_bytes,
)
from genlab.ui.siamese_query import LONGEST, query_answer
from genlab.ui.siamese_urls import images_version, stamp_of
from genlab.ui.siamese_view import FAMILY, MOST_SEED, SPLITS

PNG = "image/png"
CHANGED = "Run or images have changed since; reload the page."


def siamese_run(request: Request, *, film: bool = False) -> Run:
    """The Siamese network of the URL, if weights (or film) and images are still those that the
    URL was made for."""
    run = find_run(request.path_params["run"])
    if run.family != FAMILY or (film and not has_film(run)):
        raise GenLabError(f'Run "{run.name}" has no {"film" if film else "pairs"}.')
    now = f"{film_version(run)}-{images_version(run.dataset)}" if film else stamp_of(run)
    if request.path_params["stamp"] != now:
        raise GenLabError(CHANGED)
    return run


def known_images(request: Request) -> str:
    """The dataset of the URL, if its images are still those that the URL was made for."""
    dataset = request.path_params["dataset"]
    if request.path_params["stamp"] != images_version(dataset):
        raise GenLabError(CHANGED)
    return dataset


def draw_of(request: Request) -> tuple[str, int]:
    """Split and seed of a question for pairs."""
    seed = whole(request.query_params.get("seed", "0"), MOST_SEED)
    if seed is None:
        raise GenLabError(f"A seed is a whole number from 0 to {MOST_SEED - 1}.")
    return checked_split(request.query_params.get("split", "test")), seed


def checked_split(split: str) -> str:
    if split not in SPLITS:
        raise GenLabError(f"{split[:20]!r} is no split; choose train or test.")
    return split


def pairs(request: Request) -> tuple[bytes, str]:
    return pairs_bytes(siamese_run(request), *draw_of(request)), BINARY


def raw_pairs(request: Request) -> tuple[bytes, str]:
    return raw_bytes(known_images(request), *draw_of(request)), BINARY


def tiles(request: Request) -> tuple[bytes, str]:
    return tiles_bytes(siamese_run(request), *draw_of(request)), PNG


def film(request: Request) -> tuple[bytes, str]:
    run = siamese_run(request, film=True)
    return film_bytes(run.name, request.path_params["stamp"]), BINARY


def film_pictures(request: Request) -> tuple[bytes, str]:
    run = siamese_run(request, film=True)
    return film_tiles(load_film(run), run.dataset), PNG


def job_film(request: Request) -> tuple[bytes, str]:
    """How a job at work stands, and its film so far."""
    known = request.query_params.get("known", "")
    return job_film_bytes(request.path_params["id"], known), BINARY


def job_film_pictures(request: Request) -> tuple[bytes, str]:
    return job_film_tiles(request.path_params["id"]), PNG


def places(request: Request) -> tuple[bytes, str]:
    run, split = siamese_run(request), checked_split(request.path_params["split"])
    return map_bytes(run.name, request.path_params["stamp"], split), BINARY


def raw_places(request: Request) -> tuple[bytes, str]:
    dataset, split = known_images(request), checked_split(request.path_params["split"])
    return raw_map_bytes(dataset, request.path_params["stamp"], split), BINARY


def pictures(request: Request) -> tuple[bytes, str]:
    dataset, split = known_images(request), checked_split(request.path_params["split"])
    return sprite_bytes(dataset, request.path_params["stamp"], split), PNG


def groups(request: Request) -> tuple[bytes, str]:
    dataset, split = known_images(request), checked_split(request.path_params["split"])
    return groups_bytes(dataset, split), BINARY


async def query(request: Request) -> Response:
    """The images nearest to the picture that the request names or holds."""
    try:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST**2:
                raise GenLabError("That is more than one small picture; reload the page.")
        asked = dict(request.query_params)
        content = await run_in_threadpool(lambda: query_answer(siamese_run(request), asked, body))
    except GenLabError as error:
        return PlainTextResponse(str(error), status_code=404, headers=NEVER)
    return Response(content, media_type="application/json", headers=NEVER)


OF_RUN, OF_IMAGES = "{run}/{stamp}", "{dataset}/{stamp}"
SIAMESE = [
    Route(f"/genlab/siamese/pairs/{OF_RUN}.bin", kept(pairs)),
    Route(f"/genlab/siamese/tiles/{OF_RUN}.png", kept(tiles)),
    Route(f"/genlab/siamese/raw/{OF_IMAGES}.bin", kept(raw_pairs)),
    Route("/genlab/siamese/film/job/{id:int}.bin", fresh(job_film, **PACKED)),
    Route("/genlab/siamese/film/job/{id:int}.png", fresh(job_film_pictures)),
    Route(f"/genlab/siamese/film/{OF_RUN}.bin", kept(film, **PACKED)),
    Route(f"/genlab/siamese/film/{OF_RUN}.png", kept(film_pictures)),
    Route(f"/genlab/siamese/map/{OF_RUN}/{{split}}.bin", kept(places)),
    Route(f"/genlab/siamese/rawmap/{OF_IMAGES}/{{split}}.bin", kept(raw_places)),
    Route(f"/genlab/siamese/images/{OF_IMAGES}/{{split}}.png", kept(pictures)),
    Route(f"/genlab/siamese/images/{OF_IMAGES}/{{split}}.bin", kept(groups)),
    Route(f"/genlab/siamese/query/{OF_RUN}", query, methods=["POST"]),
]
