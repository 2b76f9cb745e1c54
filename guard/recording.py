"""Writes what a live watch saw as a recording, so that yesterday's release can be replayed under other thresholds."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from guard.model import CheckOutcome, Counted, Daily, Events, Expected, Release, Sample, Value
from guard.replay.output import iso
from webstore.versions import Version


def record(
    release: Release, baseline: Version | None, window_seconds: float, polls: Sequence[tuple[datetime, Sequence[Sample]]]
) -> Iterator[str]:
    """The lines of one release, without line ends. Kept readings are totals; a recording has counts per interval."""
    signals = sorted({sample.signal.value for _, samples in polls for sample in samples if not isinstance(sample.reading, CheckOutcome)})
    opening: dict[str, Any] = {"release": str(release.version), "baseline": str(baseline) if baseline else None}
    opening |= {"published_at": iso(release.published_at.timestamp()), "window_seconds": window_seconds, "signals": signals}
    yield json.dumps(opening)
    known: dict[tuple[str, str, str, bool], tuple[float, float]] = {}
    for polled_at, samples in polls:
        for sample in samples:
            before = sample.interval.end <= release.published_at
            line = _line(sample, known, before=before)
            if line is not None:
                at = release.published_at if before else polled_at
                said = {"at": iso(at.timestamp()), "version": str(sample.version), "signal": sample.signal.value}
                yield json.dumps({**said, **line})


def _line(sample: Sample, known: dict[tuple[str, str, str, bool], tuple[float, float]], *, before: bool) -> dict[str, Any] | None:
    """What a sample adds to the line; none where it adds nothing."""

    def change(unit: str, first: float, second: float) -> tuple[float, float]:
        key = (str(sample.version), sample.signal.value, unit, before)
        earlier = known.get(key, (0.0, 0.0))
        known[key] = (first, second)
        return first - earlier[0], second - earlier[1]

    said: dict[str, Any] | None = None
    match sample.reading:
        case Counted(failures, total, unit):
            bad, units = change(unit, failures, total)
            said = {"failures": int(bad), "total": int(units), "unit": unit} if bad or units else None
        case Events(count):
            events, seconds = change("", count, sample.interval.length.total_seconds())
            said = {"events": int(events), "seconds": round(max(seconds, 0.0), 3)}
        case Expected(count, expected, dispersion):
            events, normal = change("", count, expected)
            said = {"events": int(events), "expected": round(max(normal, 0.0), 6), "dispersion": round(dispersion, 6)}
        case Daily(value=value) | Value(value=value):
            said = {"value": value}
        case CheckOutcome(check, passed):
            said = {"check": check, "passed": passed}
        case _:
            pass  # nothing was read
    return said
