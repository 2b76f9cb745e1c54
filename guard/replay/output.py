"""What a replay says: one JSON line a release, and for people its evidence over time as a plot of text."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from guard.replay.player import Decided

_LEVELS = " ▁▂▃▄▅▆▇█"
_WIDTH = 60
_DECADES = 4
"""A plot reaches from 1 to ten thousand; the bar of 1/alpha is named beside it."""


def to_json(decided: Decided) -> dict[str, Any]:
    """The line of one release. The same on every machine: nothing in it depends on the clock, and ratios are rounded."""
    at, opening = decided.decided_at, decided.opening
    diagnosis = decided.assessment.diagnosis
    return {
        "release": opening.release,
        "baseline": opening.baseline,
        "verdict": decided.assessment.verdict.value,
        "reason": decided.assessment.reason or None,
        "decided_at": iso(at) if at is not None else None,
        "seconds_after_publish": _whole(at - opening.published_at) if at is not None else None,
        "samples_used": dict(decided.samples_used),
        "diagnosis": diagnosis.cause.value if diagnosis else None,
        "severity": decided.severity,
        "strategy": decided.strategy,
        "evidence": list(decided.evidence),
    }


def iso(seconds: float) -> str:
    """A time as recordings write it."""
    found = datetime.fromtimestamp(seconds, UTC)
    return f"{found:%Y-%m-%dT%H:%M:%SZ}" if found.microsecond == 0 else f"{found:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _whole(seconds: float) -> int | float:
    found = round(seconds, 3)
    return int(found) if found == int(found) else found


def plot(curve: Sequence[tuple[float, float]], published_at: float, window_seconds: float, needed: float) -> str:
    """Evidence against the release over its window, on a logarithmic scale, with the bar that a breach must reach."""
    columns = [0.0] * _WIDTH
    for at, evidence in curve:
        column = min(int((at - published_at) / window_seconds * _WIDTH), _WIDTH - 1)
        columns[max(column, 0)] = max(columns[max(column, 0)], math.log10(max(evidence, 1.0)))
    seen = max((int((at - published_at) / window_seconds * _WIDTH) for at, _ in curve), default=-1)
    drawn = "".join(
        _LEVELS[max(1, min(round(height / _DECADES * (len(_LEVELS) - 1)), len(_LEVELS) - 1))] if number <= seen else "·"
        for number, height in enumerate(columns)
    )
    highest = max((evidence for _, evidence in curve), default=1.0)
    return f"evidence {drawn} highest E {highest:.3g}, a breach from {needed:g}"
