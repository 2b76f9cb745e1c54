"""When GitHub starts a workflow by itself: five fields, as POSIX's cron has them, in UTC."""

import re

from guard.errors import UsageError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?:\*|(\w{1,3})(?:-(\w{1,3}))?)(?:/(\d{1,2}))?", re.ASCII)
_SHORTEST = 5
"""Minutes: GitHub starts nothing more often."""
_LONGEST = 200


class ScheduleRefused(UsageError):
    """A schedule that GitHub would not take."""

    hint = 'give five fields in UTC: minute, hour, day of the month, month, day of the week; such as "17 * * * *" for each hour'


def schedule(text: str) -> str:
    """A schedule with one space between its fields.

    Raises:
        ScheduleRefused: GitHub would not take it.
    """
    fields = text.upper().split() if len(text) <= _LONGEST else []
    if len(fields) != len(_FIELDS):
        raise ScheduleRefused(f"the schedule {text[:_LONGEST]!r} has not five fields")
    found = [_field(field, *known) for field, known in zip(fields, _FIELDS, strict=True)]
    minutes = sorted(found[0])
    gaps = [later - earlier for earlier, later in zip(minutes, [*minutes[1:], minutes[0] + 60], strict=True)]
    if min(gaps) < _SHORTEST:
        raise ScheduleRefused(f"the schedule {text!r} is too often: GitHub starts nothing more often than every {_SHORTEST} minutes")
    return " ".join(fields)


def is_crowded(text: str) -> bool:
    """Whether it is at the full hour, when so much is started that GitHub is late, or leaves some out."""
    return 0 in _field(text.split(maxsplit=1)[0], *_FIELDS[0])


def _field(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> set[int]:
    """All that a field stands for."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if not match:
            raise ScheduleRefused(f"{part!r} is no {name}")
        first, last, step = match[1], match[2], int(match[3] or 1)
        start = _number(first, name, low, high, words) if first else low
        is_alone = first is not None and match[3] is None
        end = _number(last, name, low, high, words) if last else (start if is_alone else high)
        if end < start or step < 1:
            raise ScheduleRefused(f"{part!r} is no {name}: it never comes")
        found.update(range(start, end + 1, step))
    return found


def _number(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> int:
    if text in words:
        return words.index(text) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ScheduleRefused(f"{text!r} is no {name}: that is a number from {low} to {high}")
    return int(text)
