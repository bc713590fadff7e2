"""How a route answers: with bytes that may be kept for ever, or with a sentence."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from genlab.errors import GenLabError

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
NEVER = {"Cache-Control": "no-store"}
BINARY = "application/octet-stream"
PACKED = {"Content-Encoding": "gzip"}

Answer = Callable[[Request], tuple[bytes, str]]


def kept(answer: Answer, **headers: str) -> Callable:
    """Serve (content, media type) for ever; a GenLabError becomes 404 with its sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            content, media = await run_in_threadpool(answer, request)
        except GenLabError as error:
            return PlainTextResponse(str(error), status_code=404, headers=NEVER)
        return Response(content, media_type=media, headers=FOREVER | headers)

    return endpoint
