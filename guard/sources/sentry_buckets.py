"""Reports counted in steps of time, and what is normal at that time by the same hours of earlier weeks. No questions are asked here."""

import dataclasses
import math
import statistics
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
    return step * sum(
        statistics.fmean(_rate(week, begins - around, begins + around) for week in weeks) for begins in range(start, end, step)
    )


def _rate(week: Buckets, start: int, end: int) -> float:
    """Reports a second in a range; a step that nothing is said of held none."""
    first = -(-start // week.step) * week.step
    return statistics.fmean(week.counts.get(begins, 0.0) for begins in range(first, max(end, first + 1), week.step)) / week.step


def dispersion(weeks: Sequence[Buckets], interval: Interval) -> float:
    """Variance over mean of the steps of all weeks around the interval; at least 1, which is that of independent reports."""
    start, end = (interval.start - AROUND).timestamp(), (interval.end + AROUND).timestamp()
    counts = [count for week in weeks for begins, count in week.counts.items() if start <= begins < end]
    mean = statistics.fmean(counts) if counts else 0.0
    fewest = 2
    return max(1.0, statistics.variance(counts) / mean) if mean > 0 and len(counts) >= fewest else 1.0
