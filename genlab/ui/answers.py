"""How a route answers: with bytes that may be kept for ever, or with a sentence."""

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
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
    return served(answer, FOREVER | headers)


def fresh(answer: Answer, **headers: str) -> Callable:
    """As `kept`, of what is another at every question: nobody keeps it."""
    return served(answer, NEVER | headers)


def served(answer: Answer, headers: Mapping[str, str]) -> Callable:
    async def endpoint(request: Request) -> Response:
        try:
            content, media = await run_in_threadpool(answer, request)
        except GenLabError as error:
            return PlainTextResponse(str(error), status_code=404, headers=NEVER)
        return Response(content, media_type=media, headers=headers)

    return endpoint


def message(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A header and arrays as one body; arrays begin at multiples of 8 bytes."""
    entries, parts, offset = [], [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        content += bytes(-len(content) % 8)
        kind = array.dtype.name
        entries.append({"name": name, "dtype": kind, "shape": array.shape, "offset": offset})
        parts.append(content)
        offset += len(content)
    text = json.dumps({**header, "arrays": entries}).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<II", len(text), 0) + text + b"".join(parts)
