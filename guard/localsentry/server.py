"""The local Sentry over HTTP: takes envelopes from SDKs, and answers the REST endpoints that the guard reads.

What it does not imitate: spans, metrics and logs (accepted and ignored), issues and grouping, quotas and rate limits, sampling,
the delay of ingestion, the one-minute cache, brotli and zstd bodies, several organizations or projects, and approximate counts of
unique users (these are exact).
"""

import contextlib
import dataclasses
import hmac
import secrets
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guard.localsentry import queries
from guard.localsentry.envelope import EnvelopeError, decode, parse
from guard.localsentry.queries import PROJECT_ID, Query, QueryRefused
from guard.localsentry.state import LocalSentry
from webstore.simulator.loopback import serve

ORGANIZATION = "local"
PROJECT = "extension"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "content-type, x-sentry-auth, sentry-trace, baggage",
    "Access-Control-Expose-Headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
}


@dataclasses.dataclass(frozen=True)
class LocalSentryAddress:
    """Where a local Sentry listens, and what opens it."""

    base_url: str
    dsn: str
    token: str = dataclasses.field(repr=False)
    organization: str = ORGANIZATION
    project: str = PROJECT


@contextlib.contextmanager
def local_sentry(sentry: LocalSentry, port: int = 0, *, smallest_step_seconds: int = 10) -> Generator[LocalSentryAddress]:
    """Serve a local Sentry on 127.0.0.1.

    Raises:
        PortTaken: the port is in use.
    """
    key, token = secrets.token_hex(16), secrets.token_hex(16)
    with serve(application(sentry, key, token, smallest_step_seconds), port) as base_url:
        dsn = f"{base_url.replace('http://', f'http://{key}@')}/{PROJECT_ID}"
        yield LocalSentryAddress(base_url, dsn, token)


def application(sentry: LocalSentry, key: str, token: str, smallest_step: int) -> Starlette:
    """The ASGI application."""
    api = _Api(sentry, key, token, smallest_step)
    organization = "/api/0/organizations/{organization}"
    return Starlette(
        routes=[
            Route("/api/{project:int}/envelope/", api.envelope, methods=["POST", "OPTIONS"]),
            Route(f"{organization}/", api.organization, methods=["GET"]),
            Route(f"{organization}/sessions/", api.sessions, methods=["GET"]),
            Route(f"{organization}/events/", api.events, methods=["GET"]),
            Route("/api/0/projects/{organization}/{project}/filters/", api.filters, methods=["GET"]),
        ]
    )


class _Api:
    """The endpoints."""

    def __init__(self, sentry: LocalSentry, key: str, token: str, smallest_step: int) -> None:
        self._sentry = sentry
        self._key = key
        self._token = token
        self._smallest_step = smallest_step

    async def envelope(self, request: Request) -> Response:
        """Take an envelope, as Relay does."""
        if request.method == "OPTIONS":
            return Response(status_code=200, headers=_CORS)
        try:
            envelope = parse(decode(await request.body(), request.headers.get("content-encoding", "")))
            if request.path_params["project"] != PROJECT_ID or not self._is_known_key(request, envelope.headers):
                return self._refused("event submission rejected with_reason: ProjectId", 403)
            event_id = self._sentry.ingest(envelope)
        except EnvelopeError as error:
            return self._refused(str(error), error.code)
        return JSONResponse({"id": event_id} if event_id else {}, headers=_CORS)

    def _is_known_key(self, request: Request, headers: Any) -> bool:
        """By the address, by `X-Sentry-Auth`, or by the DSN in the envelope."""
        given = request.query_params.get("sentry_key", "")
        for part in request.headers.get("x-sentry-auth", "").removeprefix("Sentry ").split(","):
            name, _, value = part.strip().partition("=")
            given = given or (value if name == "sentry_key" else "")
        if not given and isinstance(dsn := headers.get("dsn"), str):
            given = dsn.partition("://")[2].partition("@")[0]
        return hmac.compare_digest(given.encode(), self._key.encode())

    def _refused(self, detail: str, code: int) -> Response:
        return JSONResponse({"detail": detail}, status_code=code, headers={**_CORS, "X-Sentry-Error": detail})

    async def organization(self, request: Request) -> Response:
        """The organization, with the region to use."""
        if refusal := self._unauthorized(request):
            return refusal
        url = str(request.base_url).rstrip("/")
        return JSONResponse({"id": "1", "slug": ORGANIZATION, "name": "Local", "links": {"organizationUrl": url, "regionUrl": url}})

    async def sessions(self, request: Request) -> Response:
        """Sessions by release and status."""
        return self._answer(request, partial(queries.sessions, self._sentry, smallest_step=self._smallest_step))

    async def events(self, request: Request) -> Response:
        """Error events as a table."""
        if request.query_params.get("dataset") != "errors":
            return JSONResponse({"detail": "The local Sentry only has the dataset errors."}, status_code=400)
        return self._answer(request, partial(queries.events, self._sentry))

    async def filters(self, request: Request) -> Response:
        """Inbound filters of the project."""
        if refusal := self._unauthorized(request):
            return refusal
        if request.path_params["project"] != PROJECT:
            return JSONResponse({"detail": "The requested resource does not exist"}, status_code=404)
        return JSONResponse([{"id": "browser-extensions", "active": self._sentry.filters_browser_extensions}])

    def _answer(self, request: Request, ask: Callable[[Query], dict[str, Any]]) -> Response:
        if refusal := self._unauthorized(request):
            return refusal
        values = request.query_params
        if values.getlist("project") and not set(values.getlist("project")) <= {PROJECT, str(PROJECT_ID), "-1"}:
            return JSONResponse({"detail": "Invalid project"}, status_code=400)
        query = Query(
            tuple(values.getlist("field")),
            tuple(values.getlist("groupBy")),
            values.get("query", ""),
            tuple(values.getlist("environment")),
            values.get("interval", "1h"),
            values.get("start"),
            values.get("end"),
            values.get("statsPeriod"),
        )
        try:
            return JSONResponse(ask(query))
        except QueryRefused as error:
            return JSONResponse({"detail": str(error)}, status_code=400)

    def _unauthorized(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return JSONResponse({"detail": "Invalid token"}, status_code=401)
        if request.path_params["organization"] != ORGANIZATION:
            return JSONResponse({"detail": "The requested resource does not exist"}, status_code=404)
        return None
