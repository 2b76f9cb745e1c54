"""What a test can make go wrong with the local Sentry, and how it shows over HTTP."""

import dataclasses
import math
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from starlette.responses import JSONResponse, Response, StreamingResponse

RETRY_SECONDS = 60
_REQUESTS_A_SECOND = 40
_CONCURRENT = 25


@dataclasses.dataclass
class Faults:
    """Set on `LocalSentry.faults`; all of them may be changed while it runs."""

    delay: timedelta = timedelta(0)
    """How long what was sent is held back from every answer."""
    down: bool = False
    """Every answer is 503."""
    rate_limited: int = 0
    """So many of the next questions are answered 429."""
    lost_answers: int = 0
    """So many of the next answers break off in the middle."""
    limits_ingestion: bool = False
    """Envelopes are answered 429, with the headers that SDKs keep to."""
    bare_limits: bool = False
    """Those answers come without any header that says how long to wait."""
    four_statuses: bool = False
    """An older server, which knows no status `unhandled` and counts it as errored. To be set before sessions are sent."""
    only_errors: bool = False
    """A server without the datasets spans and tracemetrics."""
    smallest_step_seconds: int = 0
    """The smallest interval of sessions, where it is larger than the server's own: 3600 is the documented one."""

    def instead_of_answer(self, now: datetime, *, self_hosted: bool) -> Response | None:
        """The fault's own answer to a question, when one is due."""
        if self.down:
            return JSONResponse({"detail": "The service is temporarily unavailable"}, status_code=503)
        if self.rate_limited > 0:
            self.rate_limited -= 1
            # The service builds this body without a JSON content type, and without Retry-After.
            words = "You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds"
            headers: Mapping[str, str] = {} if self.bare_limits or self_hosted else limit_headers(now, remaining=0)
            return Response(f'{{"detail": "{words}"}}', 429, headers, media_type="text/html")
        if self.lost_answers > 0:
            self.lost_answers -= 1
            return StreamingResponse(_half(), headers={"Content-Length": "1000"}, media_type="application/json")
        return None

    def instead_of_taking(self) -> Response | None:
        """The fault's own answer to an envelope, when one is due."""
        if self.down:
            return JSONResponse({"detail": "The service is temporarily unavailable", "causes": []}, status_code=503)
        if not self.limits_ingestion:
            return None
        told = {"Retry-After": str(RETRY_SECONDS), "X-Sentry-Rate-Limits": f"{RETRY_SECONDS}::organization"}
        return JSONResponse({"detail": "rate limit exceeded", "causes": []}, 429, {} if self.bare_limits else told)


def limit_headers(now: datetime, *, remaining: int = _REQUESTS_A_SECOND - 1) -> Mapping[str, str]:
    """The limiter's headers, which stand on every answer of the service; the limit itself is never reached here."""
    return {
        "X-Sentry-Rate-Limit-Limit": str(_REQUESTS_A_SECOND),
        "X-Sentry-Rate-Limit-Remaining": str(remaining),
        "X-Sentry-Rate-Limit-Reset": str(math.ceil(now.timestamp()) + 1),
        "X-Sentry-Rate-Limit-ConcurrentLimit": str(_CONCURRENT),
        "X-Sentry-Rate-Limit-ConcurrentRemaining": str(_CONCURRENT - 1),
    }


async def _half() -> AsyncIterator[bytes]:
    """The beginning of an answer that promised more: the server then closes the connection."""
    yield b'{"data": ['
