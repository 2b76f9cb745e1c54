"""Plays a recording through the same detector, diagnosis and decision as a live watch. No clock, no network; constant memory.

How lines are taken ("Replay" in .github/VERDICTS.md): all lines of one time are one poll, judged together. A line that repeats version,
signal, unit and time corrects the earlier one, so an exact repetition changes nothing; one that comes late joins the totals at the next
poll. Counts of the baseline up to the publish say how it was before the release. What comes after the window is not judged. A breach
overrules an earlier proof of health, as it does in a live watch.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from guard.decision.strategies import choose_strategy
from guard.judge import counted
from guard.judge.advisory import judge_advisory
from guard.judge.assessment import Assessment, assess, judge_health, reconcile
from guard.judge.counted import Told
from guard.judge.detector import SHARES, Detector
from guard.judge.diagnosis import Cause, Observation
from guard.judge.impact import facts_of
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Counted, Reading, Signal, Value
from guard.replay.lines import MalformedLine, Opening, Reader
from guard.severity import RULES, SeverityRule, classify
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding
from webstore.versions import Version

_UNITS = {Signal.ERROR_RATE: "sessions", Signal.API_FAILURES: "requests", Signal.RESPONSE_TIME: "operations"}
_SHARE_NAMES = {signal.value: signal for signal in SHARES}


@dataclasses.dataclass(frozen=True)
class Decided:
    """What became of one release."""

    opening: Opening
    assessment: Assessment
    decided_at: float | None
    """Seconds since 1970; none when the window ended without a verdict."""
    severity: str | None
    strategy: str | None
    samples_used: Mapping[str, int]
    evidence: tuple[str, ...]
    curve: tuple[tuple[float, float], ...] = ()
    """Times and the joined E, for a plot."""


class _Watched:
    """One release while its lines come in."""

    def __init__(self, opening: Opening, thresholds: Thresholds, rules: Sequence[SeverityRule], *, plotted: bool) -> None:
        self.opening = opening
        compared = opening.baseline is not None
        self._rules = rules
        self.detector = Detector(thresholds, opening.published_at, opening.window_seconds, opening.signals, has_baseline=compared)
        self._ends_at = opening.published_at + opening.window_seconds
        self._at = opening.published_at
        self._checks: tuple[dict[str, bool], dict[str, bool]] = ({}, {})
        self._values: dict[Signal, list[Reading]] = {}
        self._seen: dict[tuple[str, str, str, float], tuple[float, float]] = {}
        self._used: dict[str, int] = {}
        self._passed: Decided | None = None
        self._breached: Decided | None = None
        self._curve: list[tuple[float, float]] | None = [] if plotted else None

    def take(self, line: Mapping[str, Any]) -> None:
        """One sample."""
        at: float = line["at"]
        if at > self._at:
            self._end_poll()
            self._at = at
        if at > self._ends_at:
            return
        version = line["version"]
        if version == self.opening.release:
            self._count(line, at, of_release=True)
        elif version == self.opening.baseline:
            self._count(line, at, of_release=False)

    def _count(self, line: Mapping[str, Any], at: float, *, of_release: bool) -> None:
        name = line["signal"]
        if self._breached is not None and name != "health":
            return
        signal = _SHARE_NAMES.get(name)
        if signal is not None and "total" in line:
            unit = line.get("unit") or _UNITS[signal]
            bad, total = self._change(line, at, unit, line["failures"], line["total"])
            share = self.detector.share(signal, str(unit)[:30])
            (share.new if of_release else share.before if at <= self.opening.published_at else share.old).add(int(bad), int(total))
            if of_release:
                share.hear()
                self._used[name] = share.new.total
        elif name == "health":
            self._checks[not of_release][line["check"]] = line["passed"]
        elif "events" in line:
            self._count_events(line, at, name, of_release=of_release)
        elif of_release:
            self._advise(line, at, Signal(name))

    def _advise(self, line: Mapping[str, Any], at: float, signal: Signal) -> None:
        """What informs and proves nothing by itself: one number, or reviews."""
        if "value" in line:
            self._values[signal] = [Value(line["value"], str(line.get("unit", ""))[:30])]
            return
        bad, total = self._change(line, at, "reviews", line["failures"], line["total"])
        known = next((reading for reading in self._values.get(signal, []) if isinstance(reading, Counted)), Counted(0, 0, "reviews"))
        self._values[signal] = [Counted(max(known.failures + int(bad), 0), max(known.total + int(total), 0), "reviews")]

    def _count_events(self, line: Mapping[str, Any], at: float, name: str, *, of_release: bool) -> None:
        if name == "extension_crashes":
            events, seconds = self._change(line, at, "", line["events"], line["seconds"])
            if of_release or at > self.opening.published_at:
                self.detector.add_crashes(int(events), seconds, of_release=of_release)
            else:
                earlier, known = self.detector.earlier_crashes, self.detector.earlier_crash_seconds
                self.detector.put_earlier_crashes(earlier.bad + int(events), known + seconds)
        else:
            count, expected = self._change(line, at, "", line["events"], line["expected"])
            self.detector.add_reports(int(count), expected, float(line.get("dispersion", 1.0)))
        if of_release:
            self._used[name] = self._used.get(name, 0) + int(line["events"])

    def _change(self, line: Mapping[str, Any], at: float, unit: str, first: float, second: float) -> tuple[float, float]:
        """What a line adds to what an earlier one of the same version, signal, unit and time has said."""
        key = (line["version"], line["signal"], unit, at)
        known = self._seen.get(key)
        self._seen[key] = (first, second)
        return (first, second) if known is None else (first - known[0], second - known[1])

    def _end_poll(self) -> None:
        if self._breached is not None:
            if self._breached.assessment.diagnosis and self._breached.assessment.diagnosis.cause is Cause.UNKNOWN:
                self._breached = dataclasses.replace(self._decided(self._breached.decided_at), curve=self._breached.curve)
            return
        detector = self.detector
        detector.step(min(self._at, self._ends_at))
        if self._curve is not None:
            self._curve.append((self._at, detector.evidence))
        if detector.is_breach or not all(self._checks[0].values()):
            found = self._decided(self._at)
            if found.assessment.verdict is Verdict.BREACH:
                self._breached = found
                return
        if self._passed is None and self._may_be_healthy():
            found = self._decided(self._at)
            if found.assessment.verdict is Verdict.HEALTHY:
                self._passed = found

    def _may_be_healthy(self) -> bool:
        """Whether it is worth asking: what is counted is proved, and what is checked was checked."""
        required = self._required()
        if Signal.HEALTH in required and not self._checks[0]:
            return False
        return all(counted.is_healthy(self.detector, signal) for signal in required if signal in SHARES)

    def _required(self) -> tuple[Signal, ...]:
        if self.opening.required is not None:
            return self.opening.required
        return (Signal.ERROR_RATE, Signal.HEALTH) if self._checks[0] else (Signal.ERROR_RATE,)

    def finish(self) -> Decided:
        """The end of the release's lines."""
        self._end_poll()
        found = self._breached or self._passed or self._decided(None)
        return dataclasses.replace(found, curve=tuple(self._curve or ()))

    def _decided(self, at: float | None) -> Decided:
        """The verdict as it stands, with what was used for it."""
        assessment = self._assess()
        severity = strategy = None
        if assessment.verdict is Verdict.BREACH and assessment.diagnosis:
            worst = classify(facts_of(assessment), self._rules).severity
            severity, strategy = worst.name, choose_strategy(assessment.diagnosis, worst, inside_window=True).strategy.name
        used = {**self._used, "health": len(self._checks[0])} if self._checks[0] else dict(self._used)
        telling = assessment.breaches or [found for found in assessment.release.signals.values() if found.is_measured]
        evidence = tuple(f"{found.signal}: {found.evidence}" for found in telling)
        return Decided(self.opening, assessment, at, severity, strategy, used, evidence)

    def _assess(self) -> Assessment:
        opening, detector = self.opening, self.detector
        told = Told(opening.release, opening.baseline)
        signals: dict[Signal, SignalVerdict] = {signal: counted.judge_share(detector, signal, told) for signal in SHARES}
        signals[Signal.EXTENSION_CRASHES] = counted.judge_crashes(detector, told)
        signals[Signal.SILENCE] = counted.judge_silence(detector, told)
        for signal, readings in self._values.items():
            signals[signal] = judge_advisory(signal, readings, detector.thresholds, told)
        release = self._observe(opening.release, signals, self._checks[0])
        if opening.baseline is None:
            return assess(release, None, self._required())
        same = counted.judge_baseline(detector, told)
        before = counted.judge_baseline(detector, told, before=True)
        baseline = dataclasses.replace(self._observe(opening.baseline, same, self._checks[1]), before=before)
        return assess(release, baseline, self._required())

    def _observe(self, version: str, signals: Mapping[Signal, SignalVerdict], checks: Mapping[str, bool]) -> Observation:
        report = _report(version, checks) if checks else None
        found = {**signals, Signal.HEALTH: judge_health(report)} if report or Signal.HEALTH in self._required() else signals
        return Observation(Version.parse(version), reconcile(found), report)


def _report(version: str, checks: Mapping[str, bool]) -> CheckReport:
    """Recorded checks as a report: a recording keeps whether they passed, and not what was found."""
    results = tuple(
        CheckResult(CheckName(name), CheckStatus.PASSED)
        if passed
        else CheckResult(CheckName(name), CheckStatus.FAILED, (Finding("recorded", "it is recorded as failed"),))
        for name, passed in checks.items()
    )
    return CheckReport("replay", version, results)


def play(
    lines: Iterable[str], thresholds: Thresholds, rules: Sequence[SeverityRule] = RULES, *, plotted: bool = False
) -> Iterator[Decided]:
    """Each release's outcome, as soon as its last line is read.

    Raises:
        MalformedLine: a line cannot be used; what came before it was given already.
    """
    reader = Reader()
    watched: _Watched | None = None
    for number, line in enumerate(lines, start=1):
        found = reader.read(number, line)
        if found is None:
            continue
        if isinstance(found, Opening):
            if watched is not None:
                yield watched.finish()
            watched = _Watched(found, thresholds, rules, plotted=plotted)
        elif watched is None:
            raise MalformedLine(number, "release", "the first line must open a release: its version, baseline and time of publish")
        else:
            watched.take(found)
    if watched is not None:
        yield watched.finish()
