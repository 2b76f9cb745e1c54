"""Reports counted in steps of time, and what is normal at that time by the same hours of earlier weeks. No questions are asked here."""

import bisect
import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from guard.model import Interval

WEEK = timedelta(weeks=1)
AROUND = timedelta(minutes=30)
"""So much before and after a moment says what is normal at it."""


@dataclasses.dataclass(frozen=True)
class Buckets:
    """Counts by the second (since 1970) at which each step begins."""

    step: int
    """Seconds."""
    counts: Mapping[int, float]
    complete_until: float = math.inf
    """The second from which on counts may still grow."""

    @functools.cached_property
    def _added_up(self) -> tuple[Sequence[int], Sequence[float]]:
        """The seconds in their order, and all that was counted before each of them."""
        ordered = sorted(self.counts)
        return ordered, [0.0, *itertools.accumulate(self.counts[begins] for begins in ordered)]

    def between(self, start: float, end: float) -> float:
        """All that lies in steps which begin in a range of seconds."""
        ordered, before = self._added_up
        return max(before[bisect.bisect_left(ordered, end)] - before[bisect.bisect_left(ordered, start)], 0.0)

    def counted(self, start: float, end: float) -> list[float]:
        """The counts of the steps that begin in a range of seconds."""
        ordered, _ = self._added_up
        return [self.counts[begins] for begins in ordered[bisect.bisect_left(ordered, start) : bisect.bisect_left(ordered, end)]]

    def total(self, interval: Interval) -> float:
        """All that lies in whole steps of the interval."""
        start, end = interval.start.timestamp(), interval.end.timestamp()
        return sum(count for begins, count in self.counts.items() if start <= begins and begins + self.step <= end)

    def shifted(self, by: timedelta) -> "Buckets":
        """The same counts at another time."""
        seconds = int(by.total_seconds())
        return Buckets(self.step, {begins + seconds: count for begins, count in self.counts.items()}, self.complete_until + seconds)


def whole_steps(interval: Interval, step: int) -> Interval:
    """The steps (of so many seconds) that lie fully inside; empty when there are none."""
    start = math.ceil(interval.start.timestamp() / step) * step
    end = max(math.floor(interval.end.timestamp() / step) * step, start)
    return Interval(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def expected(weeks: Sequence[Buckets], interval: Interval, step: int) -> float:
    """The mean of earlier weeks, moved to now: for each step the rate in the hour around it, added up. It only grows with the interval."""
    start, end = int(interval.start.timestamp()), int(interval.end.timestamp())
    around = int(AROUND.total_seconds())
    rates = sum(_rate(week, begins - around, begins + around) for begins in range(start, end, step) for week in weeks)
    return step * rates / len(weeks)


def _rate(week: Buckets, start: int, end: int) -> float:
    """Reports a second in a range; a step that nothing is said of held none."""
    first = -(-start // week.step) * week.step
    last = max(end, first + 1)
    return week.between(first, last) / (len(range(first, last, week.step)) * week.step)


def dispersion(weeks: Sequence[Buckets], interval: Interval) -> float:
    """Variance over mean of the steps of all weeks around the interval; at least 1, which is that of independent reports."""
    start, end = (interval.start - AROUND).timestamp(), (interval.end + AROUND).timestamp()
    counts = [count for week in weeks for count in week.counted(start, end)]
    mean = sum(counts) / len(counts) if counts else 0.0
    fewest = 2
    if mean <= 0 or len(counts) < fewest:
        return 1.0
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    return max(1.0, variance / mean)
