"""The bytes of a request: within a limit of size, within a limit of time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pipeline.serve.limits import Limits
from pipeline.serve.refused import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

_READ_TO_THE_END = 16  # times the limit: a client that is still sending does not see an answer


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return a request's body.

    Raises
    ------
    Refused
        415 if it is not said to be JSON, 413 if it is too large, 408 if it does not arrive in time.
    starlette.requests.ClientDisconnect
        If the client has gone.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        what = f'content-type is "{kind}"' if kind else "there is no content-type"
        raise Refused(415, "headers", what, "send the header `content-type: application/json`")
    try:
        async with asyncio.timeout(limits.receive_seconds):
            return await _read(request, limits.bytes)
    except TimeoutError:
        what = f"it did not arrive within {limits.receive_seconds} s"
        raise Refused(408, "body", what, "send it again, at once", {"connection": "close"}) from None


async def _read(request: Request, most: int) -> bytes:
    """Return the body; of one that is too large the rest is thrown away first, unless the client waits with it."""
    announced = request.headers.get("content-length", "")
    waits = "expect" in request.headers
    if waits and announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= most:
            parts.append(part)
        elif size > _READ_TO_THE_END * most:
            raise _too_large(most)
    if size > most:
        raise _too_large(most)
    return b"".join(parts)


def _too_large(most: int) -> Refused:
    fix = "send the texts in several requests"
    return Refused(413, "body", f"it has more than {most:,} bytes", fix, {"connection": "close"})
