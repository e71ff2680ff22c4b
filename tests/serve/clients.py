"""Clients of a service: many at once over kept connections, each sending its next question after an answer."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


def result_of(work: Coroutine[object, object, T]) -> T:
    """Return what a coroutine returns, run in a thread of its own: a browser of the tests keeps a loop in the first."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass
class Heard:
    """What clients heard: statuses, and seconds from each question to its answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def milliseconds(self, share: float) -> float:
        """Return a quantile of the times, in ms.

        >>> Heard(seconds=[0.001, 0.002, 0.003]).milliseconds(0.5)
        2.0
        """
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request_of(content: object) -> bytes:
    """Return the bytes of a question."""
    body = json.dumps(content).encode()
    head = "POST /predict HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length:"
    return f"{head} {len(body)}\r\n\r\n".encode() + body


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return status and body of the next response on a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    size = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(size)


async def _one(port: int, requests: Sequence[bytes], until: float, first: int, heard: Heard) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = first
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(requests[number % len(requests)])
        status, _ = await read_response(reader)
        heard.statuses[status] += 1
        heard.seconds.append(time.perf_counter() - started)
        number += 1
    writer.close()


async def ask_together(port: int, texts: Sequence[str], clients: int, seconds: float) -> Heard:
    """Return what so many clients heard in so many seconds, each asking for one text after another."""
    heard, until = Heard(), time.perf_counter() + seconds
    requests = [request_of({"texts": [text]}) for text in texts]
    await asyncio.gather(*(_one(port, requests, until, client, heard) for client in range(clients)))
    return heard


def main(port: str, clients: str, seconds: str, *texts: str) -> None:
    """Print what was heard: `clients.py PORT CLIENTS SECONDS TEXT...`."""
    heard = asyncio.run(ask_together(int(port), texts, int(clients), float(seconds)))
    times = {f"p{100 * share:g}": round(heard.milliseconds(share), 2) for share in (0.5, 0.99)}
    print(json.dumps({"statuses": heard.statuses, "n": len(heard.seconds), **times}))


if __name__ == "__main__":
    main(*sys.argv[1:])
