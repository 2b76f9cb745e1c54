"""Ninety days of uptime, reckoned from incidents: what each day was, and how much of its known time went well. Days are UTC's. Pure.

An incident lasts from the moment the breach was seen until it is resolved, and again from when it is reopened. It counts as what is held
of it now: whoever changes its severity knows more than before. Open as P0 it is an outage, as P1 a degradation; P2 and P3 are shown, and
what they last counts as available; a false alarm counts as nothing. Time before the first release was seen, and after the guard last
looked, is not known, and what is not known is never counted as good.
"""

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from guard.incidents.analysis import DETECTED, REOPENED, RESOLVED, Case
from guard.incidents.events import Kind
from guard.model import Interval
from guard.severity import Severity

DAYS = 90
"""So many days are shown, today among them."""
_DAY = timedelta(days=1)


class Condition(enum.IntEnum):
    """How an extension does, the worse the greater: `max()` of several is the one to show."""

    UNKNOWN = 0
    """Nobody looked."""
    GOOD = 1
    NOTICEABLE = 2
    """Something is wrong that hardly anybody is kept from their work by: P2, P3."""
    DEGRADED = 3
    """It works for some only: P1."""
    OUTAGE = 4
    """P0."""


CONDITIONS = {
    Severity.P0: Condition.OUTAGE,
    Severity.P1: Condition.DEGRADED,
    Severity.P2: Condition.NOTICEABLE,
    Severity.P3: Condition.NOTICEABLE,
}
"""What an incident of each severity makes of its extension."""


@dataclasses.dataclass(frozen=True)
class Trouble:
    """A stretch of time in which an extension was not well."""

    condition: Condition
    interval: Interval


@dataclasses.dataclass(frozen=True)
class Day:
    """One day: its worst condition, and how long it was in each."""

    date: date
    condition: Condition
    known: timedelta
    """So much of it somebody watched, or knew to be bad."""
    outage: timedelta
    degraded: timedelta
    """Without what was an outage at the same time."""
    noticeable: timedelta
    """Without what was worse at the same time; it counts as available."""


@dataclasses.dataclass(frozen=True)
class Uptime:
    """The days of one extension, the oldest first, and all of them together."""

    days: tuple[Day, ...]

    @property
    def bad_days(self) -> list[Day]:
        """Those on which something was wrong, the newest first."""
        return [day for day in reversed(self.days) if day.condition > Condition.GOOD]

    @property
    def known(self) -> timedelta:
        """How much of it is known."""
        return sum((day.known for day in self.days), timedelta())

    @property
    def outage(self) -> timedelta:
        """How long it was out."""
        return sum((day.outage for day in self.days), timedelta())

    @property
    def degraded(self) -> timedelta:
        """How long it was degraded."""
        return sum((day.degraded for day in self.days), timedelta())

    @property
    def well(self) -> timedelta:
        """How much of the known time was neither."""
        return self.known - self.outage - self.degraded

    @property
    def available(self) -> float | None:
        """Share (0-1) of the known time that went well; none where nothing is known."""
        return self.well / self.known if self.known else None


def stretches_of(case: Case, now: datetime) -> list[Interval]:
    """When an incident was open, by the named events of its timeline; what is still open lasts until now. None of a false alarm.

    A timeline of before events had names is told by the record alone.
    """
    if case.is_false_alarm:
        return []
    began = case.first(DETECTED)
    start: datetime | None = min(began.at, case.incident.opened_at) if began else case.incident.opened_at
    found: list[Interval] = []
    for entry in case.timeline:
        if start is not None and entry.kind in RESOLVED:
            found.append(Interval(start, max(entry.at, start)))
            start = None
        elif start is None and entry.kind in REOPENED:
            start = entry.at
        elif entry.kind == Kind.FALSE_ALARM:  # and reopened since: up to here nothing was wrong
            found, start = [], None
    if start is not None:
        end = now if case.incident.state.is_open else case.incident.resolved_at or start
        found.append(Interval(start, max(end, start)))
    return found


def troubles_of(cases: Iterable[Case], now: datetime) -> list[Trouble]:
    """The stretches of several incidents of one extension; they may overlap."""
    return [
        Trouble(CONDITIONS[case.incident.severity], Interval(stretch.start, min(stretch.end, now)))
        for case in cases
        for stretch in stretches_of(case, now)
        if stretch.start <= now
    ]


def uptime_of(troubles: Sequence[Trouble], known: Interval | None, now: datetime, days: int = DAYS) -> Uptime:
    """The last days, up to now. ``known``: from when the extension was first seen to when the guard last looked; none when it never was.

    What an incident covers is known as well: somebody looked, or said so.
    """
    spans = {
        condition: _union(trouble.interval for trouble in troubles if trouble.condition >= condition)
        for condition in (Condition.OUTAGE, Condition.DEGRADED, Condition.NOTICEABLE)
    }
    spans[Condition.GOOD] = _union([*spans[Condition.NOTICEABLE], *([Interval(known.start, min(known.end, now))] if known else [])])
    touched = [(trouble.condition, trouble.interval) for trouble in troubles]
    last = now.astimezone(UTC).date()
    return Uptime(tuple(_day(last - timedelta(days=back), spans, touched) for back in reversed(range(days))))


def _day(day: date, spans: dict[Condition, list[Interval]], touched: Sequence[tuple[Condition, Interval]]) -> Day:
    midnight = datetime.combine(day, time(), UTC)
    whole = Interval(midnight, midnight + _DAY)
    # Each holds those that are worse, so that what overlaps counts once, as the worst.
    outage, degraded, noticeable, known = (
        sum((span.length for span in _within(spans[condition], whole)), timedelta())
        for condition in (Condition.OUTAGE, Condition.DEGRADED, Condition.NOTICEABLE, Condition.GOOD)
    )
    # One that was over within a moment has no length, and is shown on its day all the same.
    seen = (condition for condition, interval in touched if whole.start <= interval.start < whole.end or any(_within([interval], whole)))
    condition = max(seen, default=Condition.GOOD if known else Condition.UNKNOWN)
    return Day(day, condition, known, outage, degraded - outage, noticeable - degraded)


def _within(intervals: Iterable[Interval], whole: Interval) -> Iterator[Interval]:
    """The parts of intervals that lie in another one."""
    for interval in intervals:
        start, end = max(interval.start, whole.start), min(interval.end, whole.end)
        if start < end:
            yield Interval(start, end)


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as intervals that do not overlap, in order."""
    joined: list[Interval] = []
    for interval in sorted(intervals, key=lambda one: one.start):
        if joined and interval.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, interval.end))
        elif interval.start < interval.end:
            joined.append(interval)
    return joined
