"""One thing that was looked at, and how one failing part is kept from hiding the others."""

import dataclasses
import enum
import logging
from collections.abc import Callable, Iterable, Iterator

from guard.errors import ExitCode
from guard.sources.sentry_transport import QuestionRefused
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)


class FindingStatus(enum.StrEnum):
    """How it stands, in rising order of urgency."""

    OK = "ok"
    NOT_CHECKED = "not checked"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was found of one thing."""

    id: str
    """A constant, such as `sentry_filter`."""
    status: FindingStatus
    message: str
    hint: str = ""
    """What to do about it; empty when nothing is to be done."""
    extension: str | None = None
    """Whose it is; none for what all extensions share."""
    is_out_of_reach: bool = False
    """Whether something did not answer or refused us, and the configuration is not what is wrong."""


Look = Callable[[], Iterable[Finding]]


def ok(name: str, message: str) -> Finding:
    """All is well."""
    return Finding(name, FindingStatus.OK, message)


def warning(name: str, message: str, hint: str) -> Finding:
    """The guard works, and less well than it could."""
    return Finding(name, FindingStatus.WARNING, message, hint)


def problem(name: str, message: str, hint: str) -> Finding:
    """The configuration, here or in Sentry, keeps the guard from its work."""
    return Finding(name, FindingStatus.PROBLEM, message, hint)


def not_checked(name: str, message: str, hint: str = "") -> Finding:
    """It could not be looked at."""
    return Finding(name, FindingStatus.NOT_CHECKED, message, hint)


def of_error(name: str, error: ReleaseGuardError) -> Finding:
    """What an error says, with its advice."""
    cause = error.__cause__
    says_more = cause is not None and str(cause) and not getattr(cause, "strerror", None)  # those of files are quoted already
    because = f" ({cause})" if says_more else ""
    found = problem(name, f"{error}{because}", error.advice)
    return dataclasses.replace(found, is_out_of_reach=not (error.users_mistake or isinstance(error, QuestionRefused)))


def looked(name: str, look: Look, extension: str | None = None) -> Iterator[Finding]:
    """What looking at one thing gives; when it fails, that is what was found, and the next thing is looked at all the same."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except ReleaseGuardError as error:
        found.append(of_error(name, error))
    except Exception as error:  # noqa: BLE001 - a fault of ours in one part must not hide what was found of the others
        _LOG.exception("looking at %s failed", name)
        found.append(problem(name, f"unexpected {type(error).__name__}", "this is a fault of release-guard itself: please report it"))
    yield from (dataclasses.replace(one, extension=extension) for one in found)


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """2 when something configured is wrong, 4 when something is out of reach or refuses us, else 0."""
    problems = [one for one in findings if one.status is FindingStatus.PROBLEM]
    if not problems:
        return ExitCode.DONE
    return ExitCode.UNABLE if all(one.is_out_of_reach for one in problems) else ExitCode.USAGE
