"""What was counted of a release over its window, as curves: totals since the publish, each with the band that holds the true rate."""

import functools
from collections.abc import Sequence
from datetime import datetime

from guard.dashboard.documents.pages import Series, SeriesPoint, SharePlot
from guard.judge.detector import SHARES
from guard.judge.evidence import confidence_interval
from guard.judge.thresholds import Thresholds
from guard.model import Counted, Release, Sample, Signal
from webstore.versions import Version

_MOST_POINTS = 60
"""So many points a line has: an hour's polls are more than an eye can tell apart."""
_PREFERRED_UNITS = ("operations", "users", "sessions", "requests")

Polls = Sequence[tuple[datetime, Sequence[Sample]]]
_Reading = tuple[datetime, Counted]


def share_plots(release: Release, baseline: Version | None, polls: Polls, thresholds: Thresholds) -> list[SharePlot]:
    """One plot for each share that was counted of the release."""
    plots: list[SharePlot] = []
    for signal in SHARES:
        mine = _readings(polls, signal, release.version, release)
        unit = _unit_of(mine)
        if unit is None:
            continue
        series = [_series(release.version, "release", mine, unit)]
        if baseline and (theirs := _readings(polls, signal, baseline, release)):
            series.append(_series(baseline, "baseline", theirs, unit))
        plots.append(
            SharePlot(signal=signal.value, unit=unit, limit=thresholds.rate_limit(signal), series=[one for one in series if one.points])
        )
    return plots


def _readings(polls: Polls, signal: Signal, version: Version, release: Release) -> list[_Reading]:
    """What each poll has read of a version since the publish; what was read of the time before it is another matter."""
    return [
        (polled_at, sample.reading)
        for polled_at, samples in polls
        for sample in samples
        if sample.signal is signal
        and sample.version == version
        and sample.interval.start == release.published_at
        and isinstance(sample.reading, Counted)
    ]


def _unit_of(readings: Sequence[_Reading]) -> str | None:
    """What to count by, where several things were counted: the one that says most."""
    units = {reading.unit for _, reading in readings if reading.total}
    known = [unit for unit in _PREFERRED_UNITS if unit in units]
    return known[0] if known else min(units, default=None)


def _series(version: Version, role: str, readings: Sequence[_Reading], unit: str) -> Series:
    counted = [(at, found) for at, found in readings if found.unit == unit and 0 <= found.failures <= found.total and found.total]
    changed = [one for place, one in enumerate(counted) if place in {0, len(counted) - 1} or one[1] != counted[place - 1][1]]
    return Series(version=str(version), role=role, points=[_point(at, found) for at, found in _thinned(changed)])


def _thinned(readings: Sequence[_Reading]) -> Sequence[_Reading]:
    """At most so many, evenly chosen, with the first and the last."""
    if len(readings) <= _MOST_POINTS:
        return readings
    step = (len(readings) - 1) / (_MOST_POINTS - 1)
    return [readings[round(place * step)] for place in range(_MOST_POINTS)]


def _point(at: datetime, found: Counted) -> SeriesPoint:
    low, high = _band(found.failures, found.total)
    return SeriesPoint(at=at, failures=found.failures, total=found.total, rate=found.failures / found.total, low=low, high=high)


@functools.lru_cache(maxsize=20_000)
def _band(failures: int, total: int) -> tuple[float, float]:
    """Some hundred steps of bisection each, and the same counts are shown again and again."""
    return confidence_interval(failures, total)
