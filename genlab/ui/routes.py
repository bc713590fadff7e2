"""What the browser fetches besides pages: component code, pictures and arrays.

URLs carry a version of what they name, so answers may be kept for ever. All are GET but the
questions for the nearest images, which bring pixels along and change nothing.
"""

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from genlab.data.images import load_split
from genlab.data.sprite import test_sprite
from genlab.errors import GenLabError
from genlab.runs.film import has_film
from genlab.runs.folder import find_run
from genlab.ui.answers import BINARY, NEVER, PACKED, kept
from genlab.ui.arrays import decoder_bytes, latent_means, map_coordinates, version_of
from genlab.ui.components import FOLDER, SUFFIXES, components_version
from genlab.ui.gan_arrays import (
    MOST_ASKED,
    PIXELS,
    film_bytes,
    film_version,
    generator_bytes,
    job_film_bytes,
    nearest_answer,
)
from genlab.ui.live import frame
from genlab.ui.siamese_routes import SIAMESE


def component_file(request: Request) -> tuple[bytes, str]:
    name = request.path_params["file"]
    path = FOLDER / name
    current = request.path_params["version"] == components_version()
    if path.suffix not in SUFFIXES or path.parent != FOLDER or not path.is_file() or not current:
        raise GenLabError("There is no such component file; reload the page.")
    return path.read_bytes(), SUFFIXES[path.suffix]


def sprite(request: Request) -> tuple[bytes, str]:
    return test_sprite(request.path_params["dataset"]), "image/png"


def labels(request: Request) -> tuple[bytes, str]:
    return load_split(request.path_params["dataset"], "test").labels.tobytes(), BINARY


def current_run(request: Request):
    """The run of the URL, if its weights are still those the URL was made for."""
    run = find_run(request.path_params["run"])
    if version_of(run) != request.path_params["version"]:
        raise GenLabError(f'Run "{run.name}" has changed; reload the page.')
    return run


def decoder(request: Request) -> tuple[bytes, str]:
    return decoder_bytes(current_run(request)), BINARY


def latents(request: Request) -> tuple[bytes, str]:
    return latent_means(current_run(request)).astype("<f4").tobytes(), BINARY


def latent_map(request: Request) -> tuple[bytes, str]:
    method, onto = request.path_params["method"], request.query_params.get("onto")
    coordinates = map_coordinates(current_run(request), method, onto)
    return np.ascontiguousarray(coordinates, "<f4").tobytes(), BINARY


async def live_frame(request: Request) -> Response:
    try:
        after = int(request.query_params.get("after", "-1"))
        content = frame(request.path_params["id"], after)
    except (GenLabError, ValueError) as error:
        return PlainTextResponse(str(error), status_code=404, headers=NEVER)
    return Response(content, media_type=BINARY, headers=NEVER)


def generator(request: Request) -> tuple[bytes, str]:
    return generator_bytes(current_run(request)), BINARY


def film(request: Request) -> tuple[bytes, str]:
    run, version = find_run(request.path_params["run"]), request.path_params["version"]
    if not has_film(run) or film_version(run) != version:
        raise GenLabError(f'The film of "{run.name}" has changed; reload the page.')
    return film_bytes(run.name, version), BINARY


async def job_film(request: Request) -> Response:
    """What is new of the film of a job at work."""
    try:
        wanted = [int(request.query_params.get(name, "0")) for name in ("after", "seen")]
        content = await run_in_threadpool(job_film_bytes, request.path_params["id"], *wanted)
    except (GenLabError, ValueError) as error:
        return PlainTextResponse(str(error), status_code=404, headers=NEVER)
    return Response(content, media_type=BINARY, headers=NEVER | PACKED)


async def nearest(request: Request) -> Response:
    """The training images nearest to those that the request holds."""
    try:
        pixels = b""
        async for part in request.stream():
            pixels += part
            if len(pixels) > MOST_ASKED * PIXELS:
                raise GenLabError(f"That is more than {MOST_ASKED} images; ask for fewer.")
        content = await run_in_threadpool(nearest_answer, request.path_params["dataset"], pixels)
    except GenLabError as error:
        return PlainTextResponse(str(error), status_code=404, headers=NEVER)
    return Response(content, media_type="application/json", headers=NEVER)


ROUTES = [
    Route("/genlab/static/{version}/{file}", kept(component_file)),
    Route("/genlab/sprite/{dataset}.png", kept(sprite)),
    Route("/genlab/labels/{dataset}.bin", kept(labels)),
    Route("/genlab/decoder/{run}/{version}.safetensors", kept(decoder)),
    Route("/genlab/latents/{run}/{version}.bin", kept(latents)),
    Route("/genlab/map/{run}/{version}/{method}.bin", kept(latent_map)),
    Route("/genlab/live/{id}.bin", live_frame),
    Route("/genlab/generator/{run}/{version}.safetensors", kept(generator)),
    Route("/genlab/film/job/{id:int}.bin", job_film),
    Route("/genlab/film/{run}/{version}.bin", kept(film, **PACKED)),
    Route("/genlab/nearest/{dataset}", nearest, methods=["POST"]),
    *SIAMESE,
]
