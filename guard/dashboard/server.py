"""The dashboard over HTTP: one table of operations, the pages' shells, the stream of changes, and what a monitor asks.

Everything blocking happens in a few threads with a short queue: an overloaded dashboard refuses, and takes nothing from the guard's daemon.
"""

import contextlib
import dataclasses
import functools
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import quote, urlsplit

import sqlalchemy
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from guard.dashboard import openapi
from guard.dashboard.carrying import Carrying
from guard.dashboard.documents.parts import Document
from guard.dashboard.events import Hub
from guard.dashboard.hardening import Hardened
from guard.dashboard.operations import BASE, Answer, Call, Desk, File, Operation, WithCookie
from guard.dashboard.pages import PAGES, Shells, Static, healthz
from guard.dashboard.reading.lists import Reports
from guard.dashboard.reading.release import ReleaseReading
from guard.dashboard.reading.saying import Reader
from guard.dashboard.refusals import NotHere, WrongMethod, answered
from guard.dashboard.sessions import COOKIE, LIFE, Sessions
from guard.dashboard.sharing import Shared, rendered
from guard.dashboard.understanding import asking_of, body_of, plain_text, query_of
from guard.dashboard.workers import Workers
from guard.engine import Engine
from guard.incidents.events import Language
from guard.store.changes import look

_THREADS, _WAITING = 8, 48
_STORE_THREADS, _STORE_WAITING = 2, 6
_DEAR_THREADS, _DEAR_WAITING = 1, 16
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the environment and the command line say besides the configuration."""

    token: str | None = dataclasses.field(default=None, repr=False)
    actions: bool = True
    """Whether people may act here."""
    host: str = ""
    """Where it listens, by a name that browsers may call it by; empty: only by this machine's own."""


class Dashboard:
    """All parts of the server; `app` is the ASGI application."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Nothing is read yet.

        Raises:
            WeakToken: the token could be guessed.
        """
        table = engine.config.dashboard
        self._engine = engine
        sessions = Sessions(table, settings.token, engine.now, actions=settings.actions)
        self.carrying = Carrying(engine)
        self._desk = Desk(engine, sessions, ReleaseReading(engine), Reports(engine), self.carrying)
        self.sessions = sessions
        self._readers = {language: Reader(engine.config, language) for language in Language}
        self._workers = Workers("dashboard", _THREADS, _WAITING)
        self._store = Workers("dashboard-store", _STORE_THREADS, _STORE_WAITING)
        self._dear = Workers("dashboard-dear", _DEAR_THREADS, _DEAR_WAITING)
        self._shared = Shared()
        self._eyes = Workers("dashboard-events", 1, 1)
        self.hub = Hub(functools.partial(look, engine.database), self._eyes.run)
        self._shells = Shells(engine.config.language)
        names = [*table.hostnames, settings.host, *([urlsplit(table.public_url).hostname or ""] if table.public_url else [])]
        self.app = Starlette(
            routes=self._routes(),
            middleware=[Middleware(Hardened, names=[name for name in names if name], refuse=_refuse)],
            exception_handlers={HTTPException: self._missing, Exception: _failed},
        )

    def close(self, seconds: float) -> frozenset[str]:
        """End all streams, begin nothing more, and wait so long for rollbacks; the incidents whose rollbacks are left to others."""
        self.hub.close()
        for workers in (self._workers, self._store, self._dear, self._eyes):
            workers.close()
        return self.carrying.close(seconds)

    def _routes(self) -> list[BaseRoute]:
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in openapi.OPERATIONS:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        return [
            *(Route(f"{BASE}{path}", self._endpoint(found), methods=list(found)) for path, found in by_path.items()),
            Route(f"{BASE}/openapi.json", _described),
            *(Route(path, functools.partial(self._page, name)) for path, name in PAGES),
            Mount("/static", Static()),
            Route("/healthz", healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]

    def _endpoint(self, operations: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            operation = operations["GET" if request.method == "HEAD" else request.method]
            try:
                return await self._answer(operation, request)
            except ClientDisconnect:
                return Response(status_code=400)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told as a refusal, and logged where nobody foresaw it
                return _refusal(error)

        return answer

    async def _answer(self, operation: Operation, request: Request) -> Response:
        asking = asking_of(request)
        # Who acts is found out first: what a stranger has sent is not even read.
        by = self.sessions.must_act(asking).name if operation.acts else ""
        if operation.asks_who:
            by = self.sessions.must_be_known(asking).name
        query = query_of(operation, request)
        if operation.streams:
            return Response(media_type="text/event-stream") if request.method == "HEAD" else self._stream(request)
        language = Language(query.lang) if query.lang else self._engine.config.language
        address = tuple(request.query_params.multi_items())
        until = math.inf if operation.seconds is None else time.monotonic() + operation.seconds
        path = {name: plain_text(str(value)) for name, value in request.path_params.items()}
        body = await body_of(operation, request)
        call = Call(self._desk, self._readers[language], path, query, body, asking, by, address, until)
        workers = self._store if operation.seconds is not None else self._dear if operation.is_dear else self._workers
        if operation.is_shared:
            key = (operation.name, language, *path.items())
            found = await self._shared.run(key, lambda: workers.run(lambda: rendered(operation.run(call)), operation.seconds))
        else:
            found = await workers.run(lambda: operation.run(call), operation.seconds)
        return self._response(operation, found, https=self.sessions.came_by_https(asking, request.url.scheme))

    def _response(self, operation: Operation, found: Answer, *, https: bool) -> Response:
        if isinstance(found, File):
            name = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"} if found.name else {}
            return Response(found.content, media_type=found.media_type, headers=name)
        if isinstance(found, Document):
            return _json(found, operation.status)
        response = _json(found.document, operation.status)
        return _with_cookie(response, found, https=https)

    def _stream(self, request: Request) -> Response:
        self.hub.must_have_room()
        told = self.hub.listen(request.headers.get("last-event-id"))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_closed(told), media_type="text/event-stream", headers=headers)

    async def _page(self, name: str, _request: Request) -> Response:
        return self._shells.page(name)

    async def _readyz(self, _request: Request) -> Response:
        """Whether the database answers."""

        def ask() -> None:
            with self._engine.database.connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1"))

        try:
            await self._workers.run(ask, 5)
        except Exception as error:  # noqa: BLE001 - whatever it is: not ready
            found = answered(error)
            return Response("not ready\n", 503, media_type="text/plain", headers=dict(found.headers))
        return Response("ok\n", media_type="text/plain")

    async def _metrics(self, _request: Request) -> Response:
        """What Prometheus asks."""
        from guard.dashboard.metrics import render  # noqa: PLC0415 - only a monitor asks

        try:
            text = await self._workers.run(lambda: render(self._engine))
        except Exception as error:  # noqa: BLE001 - told as a refusal
            return _refusal(error)
        return Response(text, media_type=_METRICS)

    async def _missing(self, request: Request, error: Exception) -> Response:
        """What no route answers."""
        assert isinstance(error, HTTPException)  # noqa: S101 - the handler of these alone
        if error.status_code == WrongMethod.status:
            return _refusal(WrongMethod(f"{request.method[:20]} is not understood here"), dict(error.headers or {}))
        if request.url.path.startswith("/api/") or request.method not in {"GET", "HEAD"} or error.status_code != NotHere.status:
            return _refusal(NotHere("there is nothing under this address"))
        return self._shells.page("missing", error.status_code)


def build(engine: Engine, settings: Settings) -> Starlette:
    """The application.

    Raises:
        WeakToken: the token could be guessed.
    """
    return Dashboard(engine, settings).app


def _json(document: Document, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(document.model_dump_json(), status, media_type="application/json", headers=headers)


def _refusal(error: Exception, headers: dict[str, str] | None = None) -> Response:
    found = answered(error)
    return _json(found.trouble, found.status, {**found.headers, **(headers or {})})


def _with_cookie(response: Response, found: WithCookie, *, https: bool) -> Response:
    if found.cookie is None:
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=https)
    else:
        response.set_cookie(COOKIE, found.cookie, max_age=int(LIFE.total_seconds()), httponly=True, samesite="strict", secure=https)
    return response


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    await _refusal(error)(scope, receive, send)


async def _failed(_request: Request, error: Exception) -> Response:
    """What went wrong outside of an operation; it is logged, and told without its words."""
    return _refusal(error)


async def _described(_request: Request) -> Response:
    return JSONResponse(openapi.document())


async def _closed(told: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """The stream, which is over in the moment in which its listener goes."""
    async with contextlib.aclosing(told):
        async for part in told:
            yield part
