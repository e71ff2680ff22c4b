"""A service on a socket of its own, until it is told to stop: then what was accepted is finished."""

from __future__ import annotations

import ipaddress
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.core.errors import PipelineError
from pipeline.serve.limits import Limits
from pipeline.serve.refused import Refused

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp

_BACKLOG = 2048  # connections that the system holds until they are accepted
_LEAST_READ = (
    65_536  # bytes of an answer that a client takes in the time of a kept connection, or the rest of it
)


class Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, but nobody holds a connection without asking or reading; bad requests get JSON."""

    _watched = False  # whether it is looked after how much of an answer is taken

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request no longer than for those that follow."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Take data in; a whole head of a request ends the wait, a part of one does not."""
        self.conn.receive_data(data)
        self.handle_events()

    def pause_writing(self) -> None:
        """Hold what is to be written back, until the client has taken what was."""
        super().pause_writing()
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request; of the answer some may not be taken yet."""
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Look, as long as something is unread, whether it becomes less."""
        unread = self.transport.get_write_buffer_size()
        if unread and not self._watched:
            self._watched = True
            self.loop.call_later(self.timeout_keep_alive, self._give_up, unread)

    def _give_up(self, unread_before: int) -> None:
        """End a connection whose client does not read."""
        self._watched = False
        if 0 < self.transport.get_write_buffer_size() > unread_before - _LEAST_READ:
            self.transport.abort()
        else:
            self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        refused = Refused(400, "request", "this is not HTTP/1.1", "send it with an HTTP client, such as curl")
        body = json.dumps(refused.body).encode()
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket that is bound to a port; 0 is any that is free.

    Raises
    ------
    PipelineError
        If there is no such host or port, or it is taken.
    """
    if not 0 <= port <= 65_535:
        raise PipelineError(
            "number-out-of-range",
            "--port",
            f"{port} is no port",
            "give one from 0 (any that is free) to 65535",
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise PipelineError(
            "address-taken", "--host", f'"{host}" is no address of this machine', "give 127.0.0.1"
        ) from error
    with socket.socket(family, kind, protocol) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
            bound.listen(_BACKLOG)
        except OSError as error:
            what = f"{host}:{port} cannot be listened on ({error.strerror})"
            raise PipelineError(
                "address-taken", "--port", what, "give another one, or 0 for any that is free"
            ) from error
        yield bound


def address_of(bound: socket.socket) -> str:
    """Return the address that a browser is given."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"


def run_until_stopped(
    app: ASGIApp, bound: socket.socket, limits: Limits, ready: Callable[[], object]
) -> None:
    """Serve on a socket until SIGINT or SIGTERM; a second SIGINT does not wait for answers.

    `ready` is called once either signal would end it in order.
    """
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=limits.receive_seconds,
        timeout_graceful_shutdown=limits.receive_seconds + limits.answer_seconds,
    )
    server = uvicorn.Server(config)
    with _signals_end(server):
        ready()
        server.run(sockets=[bound])


@contextmanager
def _signals_end(server: uvicorn.Server) -> Iterator[None]:
    """Have both signals end the server while it starts, and when uvicorn raises them again after it has stopped."""

    def end(*_: object) -> None:
        server.should_exit = True

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
