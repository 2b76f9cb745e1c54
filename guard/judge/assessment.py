"""Verdicts taken together: what they say of the release, and the diagnosis of a breach."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from guard.forms import SEPARATOR
from guard.judge import sentences
from guard.judge.diagnosis import Diagnosis, Observation, diagnose
from guard.judge.verdict import Reason, SignalVerdict, Verdict
from guard.model import Signal
from healthchecks.result import CheckReport, CheckStatus


@dataclasses.dataclass(frozen=True)
class Assessment:
    """The verdicts of one release taken together, beside its baseline's."""

    release: Observation
    baseline: Observation | None
    verdict: Verdict
    diagnosis: Diagnosis | None
    """Only for a breach."""
    reason: str = ""
    """Why it is open or without data, as a constant."""
    required: tuple[Signal, ...] = ()
    """The signals that must be proved healthy."""

    @property
    def breaches(self) -> list[SignalVerdict]:
        """The release's signals that are in breach."""
        return [verdict for verdict in self.release.signals.values() if verdict.verdict is Verdict.BREACH]

    @property
    def is_waiting(self) -> bool:
        """Whether a breach waits a few polls because the baseline may be failing as well."""
        return any(verdict.reason == Reason.SHARED for verdict in self.release.signals.values())

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        required = [self.release.signals[signal] for signal in self.required if signal in self.release.signals]
        telling = self.breaches or [found for found in required if found.verdict is self.verdict]
        evidence = SEPARATOR.join(sentences.OF_SIGNAL.say(signal=verdict.signal, rest=verdict.evidence) for verdict in telling)
        form = sentences.HEADLINE_WHY if self.reason else sentences.HEADLINE
        return form.say(verdict=self.verdict.value, reason=self.reason.replace("_", " "), rest=evidence)


def judge_health(report: CheckReport | None) -> SignalVerdict:
    """The verdict of the browser checks. A check that errored or was absent proves nothing."""
    if report is None:
        return SignalVerdict(Signal.HEALTH, Verdict.NO_DATA, sentences.CHECKS_NOT_RUN.say())
    by_status = {status: [result.check.value for result in report.checks if result.status is status] for status in CheckStatus}
    if failed := [result for result in report.checks if result.status is CheckStatus.FAILED]:
        words = SEPARATOR.join(sentences.CHECK_FAILED.say(check=result.check, rest=_first_finding(result.findings)) for result in failed)
        return SignalVerdict(Signal.HEALTH, Verdict.BREACH, words, len(failed), len(report.checks))
    if errored := by_status[CheckStatus.ERROR]:
        words = sentences.NOT_FINISHED.say(checks=", ".join(errored))
        return SignalVerdict(Signal.HEALTH, Verdict.INCONCLUSIVE, words, reason=Reason.NOT_FINISHED)
    if not (passed := by_status[CheckStatus.PASSED]):
        return SignalVerdict(Signal.HEALTH, Verdict.NO_DATA, sentences.NO_CHECK.say())
    words = sentences.CHECKS_PASSED.say(checks=", ".join(passed))
    if absent := by_status[CheckStatus.NOT_CONFIGURED]:
        words += SEPARATOR + sentences.NOT_CONFIGURED.say(checks=", ".join(absent))
    return SignalVerdict(Signal.HEALTH, Verdict.HEALTHY, words, 0, len(passed))


def _first_finding(findings: Collection[object]) -> str:
    messages = [str(getattr(finding, "message", finding)) for finding in findings]
    return messages[0] if messages else sentences.NO_FINDING.say()


def reconcile(verdicts: Mapping[Signal, SignalVerdict]) -> dict[Signal, SignalVerdict]:
    """Take back what another signal of the same version explains.

    A fixed count of crashes per hour ignores size: a large audience always exceeds it (reference/detection.md, 4.4). Where the share of
    users and sessions with a failure is proved to be within its limit, the count alone is not held against the version.
    """
    found = dict(verdicts)
    crashes, errors = found.get(Signal.EXTENSION_CRASHES), found.get(Signal.ERROR_RATE)
    if crashes and errors and crashes.verdict is Verdict.BREACH and errors.verdict is Verdict.HEALTHY:
        words = f"{crashes.evidence}{SEPARATOR}{sentences.CRASHES_EXPLAINED.say()}"
        explained = dataclasses.replace(crashes, verdict=Verdict.INCONCLUSIVE, evidence=words, reason=Reason.EXPLAINED)
        found[Signal.EXTENSION_CRASHES] = explained
    return found


def assess(release: Observation, baseline: Observation | None, required: Collection[Signal], texts: Sequence[str] = ()) -> Assessment:
    """Take the verdicts together. Any breach is a breach; ``required`` signals must be proved healthy for a healthy release.

    Other signals may object by a breach, but their silence holds nothing up: a count per hour cannot be proved low in minutes.
    """
    if any(verdict.verdict is Verdict.BREACH for verdict in release.signals.values()):
        return Assessment(release, baseline, Verdict.BREACH, diagnose(release, baseline, texts))
    missing = SignalVerdict(Signal.HEALTH, Verdict.NO_DATA, sentences.NOT_READ.say())
    worst = max((release.signals.get(signal, missing) for signal in required), key=lambda found: found.verdict, default=missing)
    reason = worst.reason if worst.verdict is not Verdict.HEALTHY else ""
    return Assessment(release, baseline, worst.verdict, None, reason, tuple(required))
