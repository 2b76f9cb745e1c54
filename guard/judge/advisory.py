"""Signals that come a number a day, or a review now and then: they may open an incident, and none rolls back.

None can be compared with the baseline inside the window (reference/detection.md, 4.5 and 4.6).
"""

import math
import statistics

from guard.judge import sentences, words
from guard.judge.counted import Told, without_data
from guard.judge.evidence import log_evidence_above, log_evidence_below
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import Reason, SignalVerdict, Verdict
from guard.model import Counted, Daily, NoData, Reading, Signal, Value

_FEWEST_WEEKS = 3
_CRITICAL = (31.821, 6.965, 4.541, 3.747, 3.365, 3.143, 2.998, 2.896, 2.821, 2.764)
"""Student's t at a one-sided 1 %, for 1 to 10 degrees of freedom (any table of the distribution); more are held to the last."""
_NOT_CONSTANT = 0.02
"""Least spread (of the logarithm) that daily numbers are taken to have: weeks that happen to be equal prove nothing."""


def judge_advisory(signal: Signal, readings: list[Reading], thresholds: Thresholds, told: Told) -> SignalVerdict:
    """The verdict of `active_users` or `rating`, or of a percentile that stands for `response_time`."""
    verdicts = [_judge_one(signal, reading, thresholds) for reading in readings if not isinstance(reading, NoData)]
    found = [verdict for verdict in verdicts if verdict is not None]
    if not found:
        return without_data(signal, told)
    return max(found, key=lambda verdict: verdict.verdict)


def _judge_one(signal: Signal, reading: Reading, thresholds: Thresholds) -> SignalVerdict | None:
    match reading:
        case Daily():
            return judge_daily(signal, reading, thresholds.active_users_drop)
        case Counted():
            return _judge_reviews(signal, reading, thresholds)
        case Value(value, unit):
            text = sentences.ONE_NUMBER.say(value=f"{value:g}", unit=unit)
            return SignalVerdict(signal, Verdict.INCONCLUSIVE, text, reason=Reason.ADVISORY)
        case _:
            return None


def judge_daily(signal: Signal, reading: Daily, drop: float) -> SignalVerdict:
    """Whether a day's number lies more than ``drop`` (a ratio) below the same weekday of earlier weeks, beyond chance.

    A t statistic on logarithms against the limit itself: (mean + ln(1 - drop) - ln today) / (sd * sqrt(1 + 1/M)), M - 1 degrees.
    """
    weeks = [value for value in reading.same_weekday if value > 0]
    if len(weeks) < _FEWEST_WEEKS:
        text = sentences.FEW_WEEKS.say(value=f"{reading.value:g}", unit=reading.unit, day=reading.day, weeks=len(weeks))
        return SignalVerdict(signal, Verdict.INCONCLUSIVE, text, reason=Reason.NO_BASELINE)
    logs = [math.log(value) for value in weeks]
    normal = math.exp(statistics.fmean(logs))
    spread = max(statistics.stdev(logs), _NOT_CONSTANT) * math.sqrt(1 + 1 / len(logs))
    today = math.log(max(reading.value, 0.5))
    statistic = (statistics.fmean(logs) + math.log(1 - drop) - today) / spread
    needed = _CRITICAL[min(len(logs) - 1, len(_CRITICAL)) - 1]
    change = reading.value / normal - 1
    text = sentences.DAILY.say(
        value=f"{reading.value:g}",
        unit=reading.unit,
        day=reading.day,
        change=f"{change * 100:+.0f}",
        normal=f"{normal:.0f}",
        weeks=len(weeks),
        drop=words.limit_percent(drop),
        statistic=f"{statistic:.1f}",
        needed=f"{needed:g}",
    )
    if statistic >= needed:
        return SignalVerdict(signal, Verdict.BREACH, text)
    return SignalVerdict(signal, Verdict.HEALTHY if change > -drop else Verdict.INCONCLUSIVE, text, reason=Reason.NEAR_THRESHOLD)


def _judge_reviews(signal: Signal, counted: Counted, thresholds: Thresholds) -> SignalVerdict | None:
    if not counted.total:
        return None
    bad, total, limit = counted.failures, counted.total, thresholds.rate_limit(signal)
    text = sentences.REVIEWS.say(bad=bad, total=total, unit=counted.unit, rate=words.percent(bad / total), limit=words.limit_percent(limit))
    if log_evidence_above(bad, total, limit) >= math.log(1 / thresholds.alpha):
        return SignalVerdict(signal, Verdict.BREACH, text, bad, total)
    if log_evidence_below(bad, total, limit) >= math.log(1 / thresholds.beta):
        return SignalVerdict(signal, Verdict.HEALTHY, text, bad, total)
    return SignalVerdict(signal, Verdict.INCONCLUSIVE, text, bad, total, reason=Reason.FEW_UNITS)
