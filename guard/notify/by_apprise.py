"""E-mail, text messages and whatever else apprise speaks. It is loaded when something is sent, and only then."""

import functools
import logging
import re
import warnings
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from guard.notify.message import Attempt, Outcome, Parcel, TargetKind
from guard.notify.settings import TargetTable
from guard.notify.wording import as_html

SECONDS = 20.0
"""How long a service is waited for; well under the minute after which a sender counts as dead."""
_LATER = 120.0
_NEVER_ARRIVED = re.compile(r"Connection refused|NewConnectionError|ConnectTimeout|NameResolutionError|Name or service not known")
"""What says, among apprise's own words, that nothing was sent."""
_REFUSED = re.compile(r"error=(\d{3,5})\b|\(([45]\d\d), b")
"""A refusal: an HTTP status or a service's own code; or what an SMTP server says."""
_SENDING: ContextVar[bool] = ContextVar("sending", default=False)
_CAUSE = "Socket Exception: "
_SENT = "Sent "


def by_apprise(target: TargetTable, address: str, parcel: Parcel) -> Attempt:
    """Send to an address of apprise. Nothing of its own words is passed on: they may quote the address."""
    import apprise  # noqa: PLC0415 - heavy

    service = instantiated(address)
    if service is None:
        return Attempt(Outcome.PASSING, "its variable holds no address that apprise understands", wait_seconds=_LATER)
    if isinstance(getattr(service, "headers", None), dict):  # e-mail and the plain HTTP services take headers of ours
        service.headers |= _headers(target, parcel)
    sender = apprise.Apprise()
    sender.add(service)
    is_mail = target.kind is TargetKind.EMAIL
    body = as_html(parcel.body, parcel.language) if is_mail else parcel.body
    shape = apprise.NotifyFormat.HTML if is_mail else apprise.NotifyFormat.TEXT
    title = "" if target.kind is TargetKind.SMS else parcel.subject
    sending = _SENDING.set(True)
    try:
        result: Any = sender.notify(body=body, title=title, body_format=shape, timeout=SECONDS, log_level=logging.DEBUG)
    finally:
        _SENDING.reset(sending)
    if result:
        return Attempt(Outcome.SENT, "taken by the service")
    return _trouble([(str(entry.level), str(entry.message)) for entry in result.logs()])


def instantiated(address: str) -> Any:
    """The service of an address; none when apprise does not understand it."""
    import apprise  # noqa: PLC0415 - as above

    _load()
    return apprise.Apprise.instantiate(address, suppress_exceptions=True)


@functools.cache
def _load() -> None:
    """Have apprise load its services once; on some Pythons that warns of modules that are about to go."""
    import apprise  # noqa: PLC0415 - as above

    # All that it has to say is looked at here. It may quote addresses and tokens, so none of it goes to any log.
    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(logging.NullHandler())
    # urllib3 would write the paths of addresses. apprise's own threads have the context of whoever called it.
    logging.getLogger("urllib3.connectionpool").addFilter(lambda _record: not _SENDING.get())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")


def _headers(target: TargetTable, parcel: Parcel) -> dict[str, str]:
    """One thread for each incident in mail programs; a key for services that know such keys."""
    if target.kind is not TargetKind.EMAIL:
        return {"Idempotency-Key": parcel.key}
    headers = {"X-Release-Guard-Message": parcel.key}
    if parcel.incident_id:
        root = f"<{parcel.incident_id.lower()}.{target.name.lower()}@release-guard.invalid>"
        # apprise gives each mail an id of its own; mail programs make a thread of all that name the same first one.
        headers |= {"In-Reply-To": root, "References": root}
    return headers | ({"Importance": "high", "X-Priority": "1"} if parcel.is_urgent else {})


def _trouble(logged: Sequence[tuple[str, str]]) -> Attempt:
    """What came of it, as far as apprise's own log tells. Lines that repeat the message are not looked at."""
    if any(level == "INFO" and line.startswith(_SENT) for level, line in logged):
        return Attempt(Outcome.UNSURE, "some of its recipients have it, and not all")
    causes = "\n".join(line for level, line in logged if level != "DEBUG" or line.startswith(_CAUSE))
    if refused := _REFUSED.search(causes):
        return Attempt(Outcome.PASSING, f"refused by the service ({refused[1] or refused[2]})")
    if _NEVER_ARRIVED.search(causes):
        return Attempt(Outcome.PASSING, "the service cannot be reached")
    return Attempt(Outcome.UNSURE, "the answer of the service was lost")
