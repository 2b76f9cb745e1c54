"""The local Sentry over HTTP: takes envelopes from SDKs, and answers the REST endpoints that the guard reads.

What it does not imitate: logs, replays, profiles and attachments (accepted and ignored), grouping by stack trace (errors
are alike by type and text), work on issues (resolving, assigning), sampling and extrapolation (every span counts as one), quotas
beyond the faults that a test sets, the one-minute cache, brotli and zstd bodies, several organizations or projects, approximate
counts of unique users (these are exact), the series "other" beside the top ones, and which errors the filter of browser extensions
finds (while it is on, it drops all of them), and what `guard.localsentry.monitors` says of cron monitors.
"""

import contextlib
import dataclasses
import hmac
import secrets
from collections.abc import Generator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guard.localsentry.envelope import MAX_BODY, EnvelopeError, decode, parse
from guard.localsentry.places import ORGANIZATION, PROJECT
from guard.localsentry.rest import RestApi
from guard.localsentry.sessions import PROJECT_ID
from guard.localsentry.state import LocalSentry
from webstore.simulator.loopback import serve

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "content-type, x-sentry-auth, sentry-trace, baggage",
    "Access-Control-Expose-Headers": "x-sentry-error, x-sentry-rate-limits, retry-after",
}
_CATEGORIES = {"event": "error", "sessions": "session"}


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
    ingestion = _Ingestion(sentry, key)
    envelope = Route("/api/{project:int}/envelope/", ingestion.envelope, methods=["POST", "OPTIONS"])
    return Starlette(routes=[envelope, *RestApi(sentry, token, smallest_step).routes()])


class _Ingestion:
    """Where SDKs send to."""

    def __init__(self, sentry: LocalSentry, key: str) -> None:
        self._sentry = sentry
        self._key = key

    async def envelope(self, request: Request) -> Response:
        """Take an envelope, as Relay does."""
        if request.method == "OPTIONS":
            return Response(status_code=200, headers=_CORS)
        try:
            envelope = parse(decode(await self._body(request), request.headers.get("content-encoding", "")))
            if request.path_params["project"] != PROJECT_ID or not self._is_known_key(request, envelope.headers):
                return self._refused("event submission rejected with_reason: ProjectId", 403)
            fault = self._sentry.faults.instead_of_taking()
            if fault is not None:
                for item in envelope.items:
                    self._sentry.count_outcome(_CATEGORIES.get(item.type, item.type[:40]), "rate_limited", "faults")
                fault.headers.update(_CORS)
                return fault
            event_id = self._sentry.ingest(envelope)
        except EnvelopeError as error:
            return self._refused(str(error), error.code)
        return JSONResponse({"id": event_id} if event_id else {}, headers=_CORS)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise EnvelopeError("the envelope is too large", 413)
        return bytes(body)

    def _is_known_key(self, request: Request, headers: Any) -> bool:
        """By the address, by `X-Sentry-Auth`, or by the DSN in the envelope."""
        given = request.query_params.get("sentry_key", "")
        for part in request.headers.get("x-sentry-auth", "").removeprefix("Sentry ").split(","):
            name, _, value = part.strip().partition("=")
            given = given or (value if name == "sentry_key" else "")
        if not given and isinstance(dsn := headers.get("dsn"), str):
            given = dsn.partition("://")[2].partition("@")[0]
        return hmac.compare_digest(given.encode(errors="replace"), self._key.encode())

    def _refused(self, detail: str, code: int) -> Response:
        return JSONResponse({"detail": detail}, status_code=code, headers={**_CORS, "X-Sentry-Error": detail})
