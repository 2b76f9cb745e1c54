"""The table of release-guard.toml that says by which monitors Sentry notices a canary that stops running."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from guard.tables import StrictTable

LONGEST_SLUG = 50
"""Sentry cuts a longer one off."""
MOST_MONITORS = 20
"""So many extensions have a monitor each at most: Sentry takes only so many check-ins at once."""
_LONGEST_MINUTES = 40_320
"""Sentry's own bound: 28 days."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (("minute", 0, 59, ()), ("hour", 0, 23, ()), ("day of the month", 1, 31, ()), ("month", 1, 12, _MONTHS), ("weekday", 0, 6, _DAYS))
"""Those that GitHub's schedules and Sentry's monitors both read: name, least, greatest, and the words for them."""
_PART = re.compile(r"(?:\*|(\w{1,3})(?:-(\w{1,3}))?)(?:/(\d{1,2}))?")


def _is_crontab(value: str) -> str:
    """Five fields that GitHub and Sentry both understand, with one space between them."""
    fields = value.split()
    if len(fields) != len(_FIELDS):
        raise ValueError('must be five fields, such as "17 * * * *": minute, hour, day of the month, month, weekday')
    for text, (name, least, greatest, words) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, least, greatest, words) for part in text.split(",")):
            raise ValueError(f"the {name} is no list of *, numbers from {least} to {greatest}, ranges such as 1-5 and steps such as */15")
    return " ".join(fields)


def _is_part(text: str, least: int, greatest: int, words: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(text)
    if found is None:
        return False
    ends = [_number(end, least, words) for end in found.groups()[:2] if end is not None]
    step = int(found[3]) if found[3] else 1
    return all(least <= end <= greatest for end in ends) and ends == sorted(ends) and 0 < step <= greatest


def _number(text: str, least: int, words: tuple[str, ...]) -> int:
    """What a number or a word of a field stands for; below every bound where it is neither."""
    if text.upper() in words:
        return least + words.index(text.upper())
    return int(text) if text.isascii() and text.isdecimal() else -1


Crontab = Annotated[str, Field(max_length=200), AfterValidator(_is_crontab)]
"""When something runs, in the five fields of cron."""
OF_WATCH = "-watch"
"""Ends the slug of a monitor that `watch --once` has beside the canary's."""
Slug = Annotated[str, Field(max_length=LONGEST_SLUG - len(OF_WATCH), pattern=r"^[a-z0-9_-]*[a-z_-][a-z0-9_-]*$")]
"""A monitor's name in Sentry's addresses: small letters, digits, - and _, and not only digits."""
Minutes = Annotated[int, Field(ge=1, le=_LONGEST_MINUTES)]


class CanaryTable(StrictTable):
    """``[canary]``: Sentry's cron monitors, which the canary checks in with where RELEASE_GUARD_SENTRY_DSN is set."""

    monitor: Slug | None = None
    """One monitor for all extensions together; by default each has its own, whose name is "release-guard-" and the extension's."""
    schedule: Crontab | None = None
    """When the canary runs, in UTC, as its workflow says: by it the monitor is made in Sentry, and kept as it is here. None: a person made
    the monitor in Sentry, or with no `monitor` either, there is none."""
    watch_schedule: Crontab | None = None
    """When `watch --once` runs, likewise: it has monitors of its own, or each would hide that the other has stopped. None: it has none."""
    checkin_margin_minutes: Minutes = 30
    """So late a run may begin before Sentry calls it missed; GitHub begins scheduled runs late when it is busy."""
    max_runtime_minutes: Minutes = 30
    """So long a run may take before Sentry calls it failed; as long as the job's own `timeout-minutes`."""

    @property
    def is_wanted(self) -> bool:
        """Whether there is a monitor at all."""
        return self.monitor is not None or self.schedule is not None or self.watch_schedule is not None
