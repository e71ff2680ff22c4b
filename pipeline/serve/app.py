"""The service: its paths, and what each answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from pipeline.serve.answers import Answer
from pipeline.serve.batching import Answering
from pipeline.serve.bodies import read_body
from pipeline.serve.facts import Facts
from pipeline.serve.kinds import OF_DOCUMENTS, Answers, Kind
from pipeline.serve.limits import OPTION, Limits
from pipeline.serve.measured import KIND, Measured
from pipeline.serve.openapi import describe
from pipeline.serve.pages import Page, draw_page
from pipeline.serve.questions import Asked, read_question
from pipeline.serve.refused import Refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

RETRY = 1  # seconds after which a request that was refused for want of room may come again
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


class Service:
    """What answers the requests for one model.

    Parameters
    ----------
    facts : of the model and the service
    answerer : of the model
    limits : what is taken at most
    kind : what it takes and gives
    """

    def __init__(self, facts: Facts, answerer: Answers, limits: Limits, kind: Kind = OF_DOCUMENTS) -> None:
        self._facts, self._answerer, self._limits, self._kind = facts, answerer, limits, kind
        self.measured = Measured()
        self.answering = Answering[Asked, list[Answer]](
            self._answer, lambda question: len(question.sizes()), limits.together
        )
        self._in_hand = 0
        self._description = describe(kind)
        self._page = draw_page(kind.page, kind.script, facts=asdict(facts))
        self._docs = draw_page(
            "docs.html.j2", kind.script, description=self._description, facts=asdict(facts)
        )

    def app(self) -> ASGIApp:
        """Return the application for a server."""
        routes = [
            Route("/", self.page),
            Route("/docs", self.docs),
            Route("/predict", self.predict, methods=["POST"]),
            Route("/metadata", self.metadata),
            Route("/health", self.health),
            Route("/metrics", self.metrics),
            Route("/openapi.json", self.openapi),
        ]
        handlers = {
            Refused: refuse,
            ClientDisconnect: refuse_gone,
            HTTPException: refuse_path,
            Exception: refuse_fault,
        }
        app = Starlette(routes=routes, exception_handlers=handlers)
        app.router.redirect_slashes = False  # a path is one path
        return Counted(app, self.measured, frozenset(route.path for route in routes))

    async def predict(self, request: Request) -> Response:
        """Answer the texts of a request."""
        with self._room():
            started = time.perf_counter()
            body = await read_body(request, self._limits)
            question = read_question(body, self._limits, self._kind.question, self._kind.example)
            answers = await self._answered(question)
            self.measured.seconds.observe(time.perf_counter() - started)
        return JSONResponse({"model": self._facts.model, "answers": answers}, headers=HEADERS)

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Hold a place for one request while the block runs."""
        if self._in_hand >= self._limits.waiting:
            fix = f"try again after {RETRY} s, or start the service with `{OPTION} waiting=N`"
            raise Refused(503, "service", "too many requests are waiting", fix, {"retry-after": str(RETRY)})
        self._in_hand += 1
        self.measured.waiting.set(self._in_hand)
        try:
            yield
        finally:
            self._in_hand -= 1
            self.measured.waiting.set(self._in_hand)

    async def _answered(self, question: Asked) -> list[Answer]:
        seconds = self._limits.answer_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self.answering.ask(question)
        except TimeoutError:
            what = f"it was not answered within {seconds} s"
            raise Refused(504, "service", what, "send fewer texts in a request, or try again later") from None

    def _answer(self, questions: Sequence[Asked]) -> list[list[Answer]]:
        self.measured.texts.observe(sum(len(question.sizes()) for question in questions))
        return self._answerer(questions)

    async def metadata(self, request: Request) -> Response:
        """Say which model this is."""
        return JSONResponse(asdict(self._facts), headers=HEADERS)

    async def health(self, request: Request) -> Response:
        """Say whether questions are answered."""
        if not self.answering.alive:
            raise Refused(503, "service", "no question is answered any more", "start the service again")
        return JSONResponse({"status": "ok"}, headers=HEADERS)

    async def metrics(self, request: Request) -> Response:
        """Say what was counted."""
        return Response(self.measured.text(), media_type=KIND, headers=HEADERS)

    async def openapi(self, request: Request) -> Response:
        """Describe the service for machines."""
        return JSONResponse(self._description, headers=HEADERS)

    async def page(self, request: Request) -> Response:
        """Show the page on which a text can be typed."""
        return _shown(self._page)

    async def docs(self, request: Request) -> Response:
        """Describe the service for people."""
        return _shown(self._docs)


def _shown(page: Page) -> Response:
    return HTMLResponse(page.html, headers={**HEADERS, "content-security-policy": page.policy})


# --- what is refused


async def refuse(request: Request, refused: Exception) -> Response:
    """Return the response that says why a request was refused."""
    assert isinstance(refused, Refused)
    return JSONResponse(refused.body, refused.status, headers={**HEADERS, **refused.headers})


async def refuse_gone(request: Request, raised: Exception) -> Response:
    """Return the response to a client that went away before all was sent: it is counted, and nobody hears it."""
    return await refuse(request, Refused(400, "body", "it was not sent to its end", "send it again"))


_PATHS: Mapping[int, tuple[str, str]] = {
    404: ("there is nothing at this path", "send texts to /predict; /docs lists all paths"),
    405: ("this path takes another method", "the header `allow` names it; /docs lists all paths"),
}


async def refuse_path(request: Request, raised: Exception) -> Response:
    """Return the response to a path or a method that there is not."""
    assert isinstance(raised, HTTPException)
    what, fix = _PATHS.get(raised.status_code, (raised.detail, "see /docs"))
    where = f"{request.method} {request.url.path}"
    return await refuse(request, Refused(raised.status_code, where, what, fix, raised.headers or {}))


async def refuse_fault(request: Request, error: Exception) -> Response:
    """Return the response to what should not have happened: no more is said than its kind."""
    what = f"a fault of the service, {type(error).__name__}"
    return await refuse(
        request, Refused(500, "service", what, "its console says more; report it with the text")
    )


class Counted:
    """An application whose responses are counted, by path and status."""

    def __init__(self, app: ASGIApp, measured: Measured, paths: frozenset[str]) -> None:
        self._app, self._measured, self._paths = app, measured, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note the status that comes back."""
        path = scope.get("path", "")

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = path if path in self._paths else "other"
                self._measured.responses.labels(known, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counting)
