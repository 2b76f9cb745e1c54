"""A signal's limit, and how much evidence a verdict needs. Samples in, verdict out."""

import dataclasses
import math
from collections.abc import Sequence
from typing import assert_never

from guard.judge.evidence import (
    confidence_interval,
    failures_needed,
    log_evidence_above,
    log_evidence_below,
    log_evidence_rate_per_hour,
)
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Counted, Events, NoData, Sample, Signal

SEVERITY_LIMITS = (0.05, 0.20, 0.50)
"""The handbook's error rates for P2, P1 and P0."""

SHARE_OF_ALPHA = {
    Signal.ERROR_RATE: 0.5,
    Signal.EXTENSION_CRASHES: 0.2,
    Signal.API_FAILURES: 0.2,
    Signal.RESPONSE_TIME: 0.1,
}
"""How the one promise of at most alpha false breaches a release is shared out; fixed, and summing to 1."""


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """The handbook's breach thresholds, and how sure a verdict must be."""

    error_rate: float = 0.05
    api_failures: float = 0.10
    slow_share: float = 0.05
    """Share of operations that may be slower than the limit of `response_time`."""
    crashes_per_hour: float = 10.0
    alpha: float = 0.01
    """Probability that a release within its limits is ever called a breach, over the whole window and all signals."""
    beta: float = 0.05
    """Probability that a signal at its limit is ever called healthy."""

    def rate_limit(self, signal: Signal) -> float:
        """The limit of a signal that is a share, as a ratio."""
        return {Signal.ERROR_RATE: self.error_rate, Signal.API_FAILURES: self.api_failures, Signal.RESPONSE_TIME: self.slow_share}[signal]

    def evidence_needed(self, signal: Signal) -> float:
        """E at which this signal is a breach."""
        return 1 / (self.alpha * SHARE_OF_ALPHA[signal])


def judge(signal: Signal, samples: Sequence[Sample], thresholds: Thresholds) -> SignalVerdict:
    """The verdict of one signal on one version, from all its samples of one reading.

    Several countings of the same signal (users and sessions) must all show a breach: one user with a thousand errors is one user.
    """
    if not samples:
        return SignalVerdict(signal, Verdict.NO_DATA, "not measured: no source is configured for it", is_measured=False)
    verdicts = [_judge_one(sample, thresholds) for sample in samples]
    known = [verdict for verdict in verdicts if verdict.verdict is not Verdict.NO_DATA]
    if not known:
        return verdicts[0]
    weakest = min(known, key=lambda verdict: (verdict.verdict, verdict.log_evidence))
    return dataclasses.replace(
        weakest,
        proved_above=min(verdict.proved_above for verdict in known),
        affected_users=max(verdict.affected_users for verdict in known),
    )


def _judge_one(sample: Sample, thresholds: Thresholds) -> SignalVerdict:
    match sample.reading:
        case NoData(reason):
            return SignalVerdict(sample.signal, Verdict.NO_DATA, reason)
        case Counted() as counted:
            return _judge_share(sample, counted, thresholds)
        case Events(count):
            return _judge_count(sample, count, thresholds)
        case _:
            assert_never(sample.reading)


def _judge_share(sample: Sample, counted: Counted, thresholds: Thresholds) -> SignalVerdict:
    limit, needed = thresholds.rate_limit(sample.signal), thresholds.evidence_needed(sample.signal)
    failures, total = counted.failures, counted.total
    if total == 0:
        return SignalVerdict(sample.signal, Verdict.NO_DATA, f"0 {counted.unit} of {sample.version} so far: silence is not health")
    if failures > total:
        return SignalVerdict(sample.signal, Verdict.INCONCLUSIVE, f"inconsistent: {failures} failures of {total} {counted.unit}")
    evidence = log_evidence_above(failures, total, limit)
    if evidence >= math.log(needed):
        verdict = Verdict.BREACH
    elif log_evidence_below(failures, total, limit) >= math.log(1 / thresholds.beta):
        verdict = Verdict.HEALTHY
    else:
        verdict = Verdict.INCONCLUSIVE
    return SignalVerdict(
        sample.signal,
        verdict,
        _in_words(sample, counted, limit, needed),
        failures,
        total,
        evidence,
        _proved_above(failures, total, thresholds.alpha) if verdict is Verdict.BREACH else 0.0,
        failures if counted.unit == "users" else 0,
    )


def _in_words(sample: Sample, counted: Counted, limit: float, evidence_needed: float) -> str:
    low, high = confidence_interval(counted.failures, counted.total)
    needed = failures_needed(counted.total, limit, evidence_needed)
    enough = f"{needed} would be a breach" if needed is not None else "too few for any breach"
    return (
        f"{counted.failures} of {counted.total} {counted.unit} ({counted.failures / counted.total * 100:.1f} %, 99 % sure "
        f"{low * 100:.1f}-{high * 100:.1f} %) failed; the limit is {limit * 100:g} %, {enough} [{sample.source}]"
    )


def _proved_above(failures: int, total: int, alpha: float) -> float:
    """The highest severity limit with its own proof, each requiring the one below it, so that alpha is spent once."""
    proved = 0.0
    for limit in SEVERITY_LIMITS:
        if log_evidence_above(failures, total, limit) < math.log(1 / alpha):
            break
        proved = limit
    return proved


def _judge_count(sample: Sample, count: int, thresholds: Thresholds) -> SignalVerdict:
    hours = sample.interval.length.total_seconds() / 3600
    limit = thresholds.crashes_per_hour
    evidence = log_evidence_rate_per_hour(count, hours, limit)
    is_breach = evidence >= math.log(thresholds.evidence_needed(sample.signal))
    is_quiet = count <= limit * hours
    words = f"{count} in {_duration(hours)}; the limit is {limit:g} an hour [{sample.source}]"
    # A count is never proved healthy inside the hour (reference/detection.md, 4.4): below the limit it only does not object.
    verdict = Verdict.BREACH if is_breach else Verdict.HEALTHY if is_quiet and hours >= 1 else Verdict.INCONCLUSIVE
    return SignalVerdict(sample.signal, verdict, words, count, 0, evidence)


def _duration(hours: float) -> str:
    seconds = hours * 3600
    if seconds < 120:  # noqa: PLR2004 - two minutes, the longest that reads well in seconds
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
