"""When GitHub starts a workflow by itself: five fields in UTC, as `[canary] schedule` has them, and not too often."""

from pydantic import TypeAdapter, ValidationError

from guard.errors import UsageError
from guard.tables_canary import Crontab

_CRONTAB: TypeAdapter[str] = TypeAdapter(Crontab)
_SHORTEST = 5
"""Minutes: GitHub starts nothing more often."""
_HOUR = 60


class ScheduleRefused(UsageError):
    """A schedule that GitHub would not take."""

    hint = 'give five fields in UTC: minute, hour, day of the month, month, weekday; such as "17 * * * *" for each hour'


def schedule(text: str) -> str:
    """A schedule with one space between its fields.

    Raises:
        ScheduleRefused: GitHub would not take it.
    """
    try:
        found = _CRONTAB.validate_python(text.upper())
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ScheduleRefused(f"the schedule {text[:100]!r} will not do: {why}") from None
    minutes = sorted(_minutes(found))
    gaps = [later - earlier for earlier, later in zip(minutes, [*minutes[1:], minutes[0] + _HOUR], strict=True)]
    if min(gaps) < _SHORTEST:
        raise ScheduleRefused(f"the schedule {found!r} is too often: GitHub starts nothing more often than every {_SHORTEST} minutes")
    return found


def is_crowded(text: str) -> bool:
    """Whether it is at the full hour, when so much is started that GitHub is late, or leaves some out."""
    return 0 in _minutes(text)


def _minutes(text: str) -> set[int]:
    """The minutes of an hour that a schedule's first field stands for."""
    found: set[int] = set()
    for part in text.split(maxsplit=1)[0].split(","):
        numbers, _, step = part.partition("/")
        first, _, last = numbers.partition("-")
        start = 0 if first == "*" else int(first)
        end = int(last) if last else start if numbers.isdecimal() and not step else _HOUR - 1
        found.update(range(start, end + 1, int(step or 1)))
    return found
