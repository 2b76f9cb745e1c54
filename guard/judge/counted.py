"""What a detector's counts say of a release and of its baseline: a verdict for each counted signal, with its evidence."""

import dataclasses
import math
from collections.abc import Mapping

from guard.forms import SEPARATOR
from guard.judge import sentences, words
from guard.judge.detector import SHARES, Detector, Part
from guard.judge.evidence import log_evidence_above, log_evidence_rate_per_hour
from guard.judge.shares import RECENT_POLLS, Share
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import Reason, SignalVerdict, Verdict
from guard.model import NoData, Signal

_WIDE = 2.0
"""A window that could have shown a rate of twice the limit has seen enough: what stays open then lies near the limit."""
NOT_MEASURED = sentences.NOT_MEASURED.say()


@dataclasses.dataclass(frozen=True)
class Told:
    """What a sentence needs besides counts: the names of versions and sources, and what could not be read."""

    release: str
    baseline: str | None = None
    sources: Mapping[tuple[Signal, str], str] = dataclasses.field(default_factory=dict[tuple[Signal, str], str])
    """Who counted a signal in a unit."""
    absent: Mapping[Signal, NoData] = dataclasses.field(default_factory=dict[Signal, NoData])


def judge_share(detector: Detector, signal: Signal, told: Told) -> SignalVerdict:
    """The verdict of a share on the release. Several countings must all show a breach: one user with a thousand errors is one user."""
    measured = detector.measured(signal)
    if not measured:
        return without_data(signal, told)
    weakest = min(measured, key=lambda share: (share.evidence_above(), -share.new.total))
    if not all(share.new.is_consistent for share in measured):
        bad = next(share for share in measured if not share.new.is_consistent)
        text = sentences.INCONSISTENT.say(bad=bad.new.bad, total=bad.new.total, unit=bad.unit)
        return SignalVerdict(signal, Verdict.INCONCLUSIVE, text, bad.new.bad, bad.new.total, reason=Reason.INCONSISTENT)
    verdict, reason = _verdict_of_share(detector, signal, weakest)
    is_breach = verdict is Verdict.BREACH
    return SignalVerdict(
        signal,
        verdict,
        _share_in_words(detector, signal, weakest, told, verdict, reason),
        weakest.new.bad,
        weakest.new.total,
        log_evidence_above(weakest.new.bad, weakest.new.total, weakest.limit),
        min(_proved_above(share, detector.thresholds) for share in measured) if is_breach else 0.0,
        max((share.new.bad for share in measured if share.unit == "users"), default=0),
        reason=reason,
        is_worse=signal is Signal.ERROR_RATE and detector.is_worse(),
    )


def _verdict_of_share(detector: Detector, signal: Signal, weakest: Share) -> tuple[Verdict, str]:
    if signal in detector.blamed:
        return (Verdict.BREACH, "") if detector.is_breach else (Verdict.INCONCLUSIVE, Reason.SHARED)
    if is_healthy(detector, signal):
        return Verdict.HEALTHY, ""
    visible = words.visible_rate(weakest.new.total, weakest.limit, detector.needed(detector.part_of(signal)))
    seen_enough = visible is not None and visible <= _WIDE * weakest.limit
    return Verdict.INCONCLUSIVE, Reason.NEAR_THRESHOLD if seen_enough else Reason.FEW_UNITS


def is_healthy(detector: Detector, signal: Signal) -> bool:
    """Whether every counting of a share is proved to be below its limit, with failures that are still to be reported allowed for."""
    measured = detector.measured(signal)
    late, needed = detector.thresholds.late_seconds, math.log(1 / detector.thresholds.beta)
    return bool(measured) and all(share.log_evidence_healthy(late) >= needed for share in measured)


def judge_baseline(detector: Detector, told: Told, *, before: bool = False) -> dict[Signal, SignalVerdict]:
    """What the counts say of the baseline, in the same minutes or ``before`` the release."""
    found = {signal: _judge_baseline_share(detector, signal, told, before=before) for signal in SHARES}
    return {**found, Signal.EXTENSION_CRASHES: _judge_baseline_crashes(detector, told, before=before)}


def _share_in_words(detector: Detector, signal: Signal, share: Share, told: Told, verdict: Verdict, reason: str) -> str:
    needed = detector.needed(detector.part_of(signal))
    source = told.sources.get((signal, share.unit), "")
    said = [words.of_share(share, told.release, share.limit, needed, source)]
    if told.baseline is not None:
        said.append(words.of_baseline(share, told.baseline))
    if verdict is Verdict.BREACH and signal is Signal.ERROR_RATE and detector.is_worse():
        evidence = detector.values.get(Part.WORSE, 1.0)
        said.append(sentences.PROVED_WORSE.say(version=told.baseline, evidence=words.times(evidence)))
    if reason == Reason.SHARED:
        said.append(sentences.MAY_BE_OUTAGE.say(version=told.baseline, held=detector.held_polls, most=RECENT_POLLS))
    if reason in {Reason.FEW_UNITS, Reason.NEAR_THRESHOLD}:
        said.append(words.of_visibility(share.new.total, share.limit, needed))
    return SEPARATOR.join(said)


def _proved_above(share: Share, thresholds: Thresholds) -> float:
    """The highest severity limit with its own proof, each requiring the one below it, so that alpha is spent once."""
    proved = 0.0
    for limit in thresholds.severity_limits:
        if log_evidence_above(share.new.bad, share.new.total, limit) < math.log(1 / thresholds.alpha):
            break
        proved = limit
    return proved


def _judge_baseline_share(detector: Detector, signal: Signal, told: Told, *, before: bool) -> SignalVerdict:
    """The verdict of a share on the baseline, in the same minutes or before the release."""
    counted = [share for share in detector.shares[signal].values() if (share.before if before else share.old).total]
    when = sentences.BEFORE if before else sentences.MEANWHILE
    if not counted:
        return SignalVerdict(signal, Verdict.NO_DATA, sentences.NOTHING_COUNTED.say(when=when))
    evidence, weakest = min(
        ((share.log_evidence_before() if before else share.log_evidence_baseline(), share) for share in counted), key=lambda pair: pair[0]
    )
    tally = weakest.before if before else weakest.old
    text = sentences.BASELINE_SHARE.say(
        bad=words.count(tally.bad),
        total=words.count(tally.total),
        unit=weakest.unit,
        version=told.baseline,
        when=when,
        rate=words.percent(tally.bad / tally.total),
        limit=words.limit_percent(weakest.limit),
    )
    verdict = Verdict.BREACH if evidence >= math.log(1 / detector.thresholds.alpha) else Verdict.INCONCLUSIVE
    return SignalVerdict(signal, verdict, text, tally.bad, tally.total, evidence)


def _judge_baseline_crashes(detector: Detector, told: Told, *, before: bool) -> SignalVerdict:
    """The verdict of a count per hour on the baseline, in the same minutes or before the release."""
    tally = detector.earlier_crashes if before else detector.crashes_before
    seconds = detector.earlier_crash_seconds if before else detector.crashes_before_seconds
    when = sentences.BEFORE if before else sentences.MEANWHILE
    if not seconds:
        return SignalVerdict(Signal.EXTENSION_CRASHES, Verdict.NO_DATA, sentences.NOTHING_COUNTED.say(when=when))
    evidence = log_evidence_rate_per_hour(tally.bad, seconds / 3600, detector.thresholds.crashes_per_hour)
    text = sentences.BASELINE_CRASHES.say(events=words.count(tally.bad), length=words.duration(seconds), version=told.baseline, when=when)
    verdict = Verdict.BREACH if evidence >= math.log(1 / detector.thresholds.alpha) else Verdict.INCONCLUSIVE
    return SignalVerdict(Signal.EXTENSION_CRASHES, verdict, text, tally.bad, 0, evidence)


def judge_crashes(detector: Detector, told: Told) -> SignalVerdict:
    """The verdict of a count per hour. It can object within minutes, and be proved low only after an hour."""
    if not detector.crash_seconds:
        return without_data(Signal.EXTENSION_CRASHES, told)
    events, hours, limit = detector.crashes.bad, detector.crash_seconds / 3600, detector.thresholds.crashes_per_hour
    source = told.sources.get((Signal.EXTENSION_CRASHES, ""), "")
    length = words.duration(detector.crash_seconds)
    form = sentences.CRASHES_BY if source else sentences.CRASHES
    said = [form.say(events=words.count(events), length=length, version=told.release, limit=f"{limit:g}", source=source)]
    if told.baseline is not None and detector.crashes_before_seconds:
        said.append(sentences.CRASHES_BESIDE.say(version=told.baseline, events=words.count(detector.crashes_before.bad)))
    if Signal.EXTENSION_CRASHES in detector.blamed:
        verdict, reason = Verdict.BREACH, ""
    elif hours >= 1 and events <= limit * hours:
        verdict, reason = Verdict.HEALTHY, ""
    else:
        verdict, reason = Verdict.INCONCLUSIVE, Reason.FEW_UNITS
    evidence = log_evidence_rate_per_hour(events, hours, limit)
    return SignalVerdict(Signal.EXTENSION_CRASHES, verdict, SEPARATOR.join(said), events, 0, evidence, reason=reason)


def judge_silence(detector: Detector, told: Told) -> SignalVerdict:
    """The verdict on all versions together: whether far fewer reports come than at this time of other weeks."""
    if not detector.reports_expected:
        return without_data(Signal.SILENCE, told)
    share = detector.reports / detector.reports_expected
    least = detector.thresholds.least_reports
    text = sentences.REPORTS.say(
        count=words.count(detector.reports),
        normal=words.count(round(detector.reports_expected)),
        share=f"{share * 100:.0f}",
        least=f"{least * 100:.0f}",
    )
    alone = detector.is_release_silent()
    if alone:
        text += SEPARATOR + sentences.SILENT_ALONE.say(version=told.release, baseline=told.baseline)
    if Signal.SILENCE in detector.blamed:
        return SignalVerdict(Signal.SILENCE, Verdict.BREACH, text, log_evidence=math.log(detector.quiet.value), is_worse=alone)
    verdict, reason = (Verdict.HEALTHY, "") if share >= least else (Verdict.INCONCLUSIVE, Reason.FEW_UNITS)
    return SignalVerdict(Signal.SILENCE, verdict, text, reason=reason)


def without_data(signal: Signal, told: Told) -> SignalVerdict:
    """The verdict where nothing could be counted: silence is never health."""
    found = told.absent.get(signal)
    if found is None:
        return SignalVerdict(signal, Verdict.NO_DATA, NOT_MEASURED, is_measured=False)
    return SignalVerdict(signal, Verdict.NO_DATA, found.reason, reason=found.kind.value)
