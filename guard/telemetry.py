"""The guard's own errors and check-ins to Sentry, when RELEASE_GUARD_SENTRY_DSN is set. Secrets are scrubbed by key and by value."""

import contextlib
import logging
import os
from collections.abc import Generator, Mapping
from typing import Any, cast

import sentry_sdk
from sentry_sdk.crons import capture_checkin
from sentry_sdk.scrubber import DEFAULT_DENYLIST, EventScrubber
from sentry_sdk.transport import Transport
from sentry_sdk.utils import BadDsn

from guard.environment import own_dsn, secret
from guard.errors import ConfigurationError
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)
_SECRET_NAMES = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIALS", "DSN", "DATABASE_URL", "KEY", "WEBHOOK")
_FILE = "_FILE"
_SHORTEST_SECRET = 6
_FLUSH_SECONDS = 5


@contextlib.contextmanager
def reporting(command: str, transport: Transport | None = None) -> Generator[None]:
    """Report what the command raises that nobody foresaw. Errors that we raise on purpose are for the user, not for us.

    It never changes the outcome: a DSN that cannot be used is as none at all.
    """
    secrets = secrets_of(os.environ)

    def before_send(event: Any, _hint: Any) -> Any:
        return redact(event, secrets)

    try:
        sentry_sdk.init(
            dsn=own_dsn(),
            transport=transport,
            include_local_variables=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            max_breadcrumbs=0,
            shutdown_timeout=0,
            event_scrubber=EventScrubber(denylist=[*DEFAULT_DENYLIST, "refresh_token", "client_secret", "webhook"], recursive=True),
            before_send=before_send,
            ignore_errors=[ReleaseGuardError, KeyboardInterrupt, SystemExit],
        )
    except (BadDsn, ValueError):
        yield
        return
    sentry_sdk.set_tag("command", command)
    try:
        yield
    except ReleaseGuardError:
        raise
    except Exception as error:
        sentry_sdk.capture_exception(error)
        raise
    finally:
        flush(_FLUSH_SECONDS)


def check_in(slug: str, status: str, identity: str, seconds: float | None, config: Mapping[str, Any] | None) -> None:
    """Tell a cron monitor how a run stands, inside `reporting`. It is sent beside the run, which never waits for it.

    Args:
        slug: the monitor's.
        status: "in_progress", "ok" or "error".
        identity: of the run, 32 hexadecimal digits: the same at its beginning and at its end.
        seconds: how long the run took; none while it goes on.
        config: what the monitor is made by, or brought up to; none where a person made it.
    """
    try:
        capture_checkin(slug, identity, status, seconds, cast("Any", config))
    except Exception:  # noqa: BLE001 - whatever becomes of it, what comes of the run is its own
        _LOG.warning("the check-in with the monitor %s was not sent", slug, exc_info=True)


def flush(seconds: float) -> None:
    """Wait until what was told is sent, for so many seconds at most."""
    sentry_sdk.flush(seconds)


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """The values of variables that look like secrets, and what the files hold that such variables name; the longest first."""
    names = [name for name in environment if any(word in name.upper() for word in _SECRET_NAMES)]
    values = {environment[name] for name in names} | {_in_file(name, environment) for name in names if name.endswith(_FILE)}
    return sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)


def _in_file(name: str, environment: Mapping[str, str]) -> str:
    """What stands in the file that a variable names; nothing where it cannot be read, for then nobody has read it."""
    with contextlib.suppress(ConfigurationError):
        return secret(name.removesuffix(_FILE), {name: environment[name]}) or ""
    return ""


def redact(value: Any, secrets: list[str]) -> Any:
    """The same structure with every known secret replaced wherever it stands in a text."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[Filtered]")
        return value
    if isinstance(value, dict):
        return {key: redact(item, secrets) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [redact(item, secrets) for item in cast("list[Any]", value)]
    return value
