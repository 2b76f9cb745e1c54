"""Failure rates around a release, and an error budget, from the readings that a watch has kept. Pure.

A live reading is a total since the release; what happened between two polls is the difference of theirs.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime

from guard.model import Counted, Sample, Signal
from webstore.versions import Version

_PREFERRED_UNIT = "sessions"
"""Sessions add up from poll to poll; one user may be in many of them."""
_MOST_STRETCHES = 60

Polls = Sequence[tuple[datetime, Sequence[Sample]]]


@dataclasses.dataclass(frozen=True)
class Stretch:
    """What was counted between two moments."""

    start: datetime
    end: datetime
    failures: int
    total: int

    @property
    def rate(self) -> float:
        """Share (0-1) that failed."""
        return self.failures / self.total


@dataclasses.dataclass(frozen=True)
class Line:
    """The failure rate of one version, in the order of time."""

    version: Version
    unit: str
    stretches: tuple[Stretch, ...]

    @property
    def failures(self) -> int:
        """All that failed."""
        return sum(stretch.failures for stretch in self.stretches)

    @property
    def total(self) -> int:
        """All that was counted."""
        return sum(stretch.total for stretch in self.stretches)


def line_of(polls: Polls, version: Version, *, since: datetime, before: bool = False) -> Line | None:
    """The failure rate of a version ``since`` a release, or ``before`` it; none where nothing was counted."""
    read = [sample for _, samples in polls for sample in samples if sample.signal is Signal.ERROR_RATE and sample.version == version]
    wanted = [sample for sample in read if (sample.interval.end <= since) is before]
    counted = [(sample, sample.reading) for sample in wanted if isinstance(sample.reading, Counted) and sample.reading.total]
    units = {reading.unit for _, reading in counted}
    if not units:
        return None
    unit = _PREFERRED_UNIT if _PREFERRED_UNIT in units else min(units)
    totals = sorted(
        (
            Stretch(sample.interval.start, sample.interval.end, found.failures, found.total)
            for sample, found in counted
            if found.unit == unit
        ),
        key=lambda stretch: (stretch.end, stretch.total),
    )
    return Line(version, unit, _thinned(_differences(totals)))


def _differences(totals: Iterable[Stretch]) -> list[Stretch]:
    """What each poll has added. One that was corrected downwards adds nothing until it is above what was known."""
    found: list[Stretch] = []
    at, failures, total = None, 0, 0
    for one in totals:
        at = at or one.start
        if one.total > total and one.failures >= failures and one.end > at:
            found.append(Stretch(at, one.end, one.failures - failures, one.total - total))
            at, failures, total = one.end, one.failures, one.total
    return found


def _thinned(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """At most so many, neighbours put together: an hour's polls are more than an eye can tell apart."""
    size = -(-len(stretches) // _MOST_STRETCHES) or 1
    groups = [stretches[start : start + size] for start in range(0, len(stretches), size)]
    return tuple(Stretch(g[0].start, g[-1].end, sum(s.failures for s in g), sum(s.total for s in g)) for g in groups)


@dataclasses.dataclass(frozen=True)
class Budget:
    """How much of an item's error budget was used: the share of watched sessions that may fail, and those that did."""

    objective: float
    """Share (0-1) that must not fail."""
    failures: int
    total: int
    unit: str

    @property
    def allowed(self) -> float:
        """How many may fail."""
        return (1 - self.objective) * self.total

    @property
    def used(self) -> float:
        """Share of the budget that is used; over 1 when it is overspent, 0 when nothing was counted."""
        return self.failures / self.allowed if self.total else 0.0


def budget_of(lines: Iterable[Line], objective: float) -> Budget | None:
    """The budget over all that was watched; none where nothing was.

    A version that was watched twice at the same time (as the newest, and as the baseline of a newer one) counts once. Where some were
    counted in sessions and some in another unit, only sessions count: two units make no sum.
    """
    found = list(lines)
    units = {line.unit for line in found}
    if not units:
        return None
    unit = _PREFERRED_UNIT if _PREFERRED_UNIT in units else min(units)
    failures = total = 0
    until: dict[Version, datetime] = {}
    stretches = [(stretch.start, line.version, stretch) for line in found if line.unit == unit for stretch in line.stretches]
    for start, version, stretch in sorted(stretches, key=lambda one: one[0]):
        if version not in until or start >= until[version]:
            failures, total = failures + stretch.failures, total + stretch.total
            until[version] = stretch.end
    return Budget(objective, failures, total, unit)
