"""What the dashboard refuses, and how each error of the program is answered over HTTP: a status, and words with what to do next."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy.exc import DataError, SQLAlchemyError

from guard.dashboard.documents.parts import Trouble
from guard.errors import ActorBusy, GuardError, NotRecorded, RollbackRefused, UsageError
from guard.incident_life import AlreadySo
from guard.incidents.incident import TransitionRefused
from guard.ordering import NotOrdered
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)
_LONGEST = 2000


class Refusal(GuardError):
    """Something that is asked of the dashboard and not done."""

    status: ClassVar[int] = 400
    hint = "see /api/v1/openapi.json for what may be asked"
    retry_after: ClassVar[int | None] = None
    """Seconds after which the same may be asked again."""


class Malformed(Refusal):
    """A request that cannot be read."""

    hint = "send what /api/v1/openapi.json describes"


class NotLoggedIn(Refusal):
    """Nobody is known to ask."""

    status = 401
    hint = "log in with the token, or send it as `Authorization: Bearer TOKEN` with `X-Release-Guard-User: NAME`"


class Forbidden(Refusal):
    """It is known who asks, or not, and it is not allowed."""

    status = 403
    hint = "set the dashboard's token in the environment, and start `release-guard serve` without --no-actions"


class NotForged(Forbidden):
    """A request that another site may have made a browser send."""

    hint = "load the page again; a program sends the token in `Authorization` and needs nothing else"


class NotHere(Refusal):
    """There is nothing under that address."""

    status = 404


class WrongMethod(Refusal):
    """The address is known, and not for this."""

    status = 405


class NotSo(Refusal):
    """It makes no sense as things stand now."""

    status = 409
    hint = "load the page again for how it stands"


class TooLarge(Refusal):
    """A body that is far longer than anything that may be asked."""

    status = 413
    hint = "send at most 64 KB"


class NotJson(Refusal):
    """A body that is no JSON."""

    status = 415
    hint = "send JSON, with `Content-Type: application/json`"


class Unprocessable(Refusal):
    """It can be read, and makes no sense."""

    status = 422


class WrongHost(Refusal):
    """A browser was led here under a name that is not ours."""

    status = 421
    hint = "add the name to `hostnames` under [dashboard] if it is yours"


class TooManyTries(Refusal):
    """Too many wrong tokens."""

    status = 429
    retry_after = 60
    hint = "wait a minute"


class Overloaded(Refusal):
    """More is asked at once than can be answered."""

    status = 503
    retry_after = 2
    hint = "ask again in a moment; the guard itself goes on meanwhile"


class TooSlow(Refusal):
    """The store did not answer in time."""

    status = 503
    retry_after = 10
    hint = "ask again; `release-guard doctor` says whether the store can be reached"


@dataclasses.dataclass(frozen=True)
class Answered:
    """A refusal as it is answered."""

    status: int
    trouble: Trouble
    headers: Mapping[str, str]


_STATUS: tuple[tuple[type[ReleaseGuardError], int], ...] = (
    (NotRecorded, 404),
    (AlreadySo, 409),
    (TransitionRefused, 409),
    (RollbackRefused, 409),
    (NotOrdered, 409),
    (ActorBusy, 409),
    (UsageError, 422),
)
"""The first that fits counts; whatever else keeps the guard from its work is no fault of who asks: 503."""

REFUSED = (400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 429, 500, 503)
"""Every status that a refusal may have."""


def answered(error: Exception) -> Answered:
    """How an error is told to who asks. What nobody foresaw is logged here, and told without its words."""
    if isinstance(error, Refusal):
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        return Answered(error.status, _trouble(str(error), error.advice), headers)
    if isinstance(error, ReleaseGuardError):
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 422 if error.users_mistake else 503)
        headers = {"Retry-After": "10"} if status == Overloaded.status else {}
        return Answered(status, _trouble(str(error), error.advice), headers)
    if isinstance(error, DataError):
        return Answered(422, _trouble("the database takes no such text or number", Malformed.hint), {})
    if isinstance(error, SQLAlchemyError):
        _LOG.warning("the database could not be asked (%s)", type(error).__name__)  # its words can quote the address with its password
        words = "the database cannot be read or written now"
        return Answered(503, _trouble(words, "`release-guard db status` says how it is; ask again in a moment"), {"Retry-After": "5"})
    _LOG.error("a request could not be answered", exc_info=error)
    return Answered(500, _trouble(f"unexpected {type(error).__name__}: a fault of the guard itself", "please report it"), {})


def _trouble(error: str, hint: str) -> Trouble:
    return Trouble(error=error[:_LONGEST], hint=hint[:_LONGEST])
