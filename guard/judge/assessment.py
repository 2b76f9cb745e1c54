"""Verdicts taken together, and the diagnosis: the release, the world around it, or nobody knows yet."""

import dataclasses
import enum
from collections.abc import Collection, Mapping

from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Signal
from healthchecks.differential import Origin, origin_of
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus
from webstore.versions import Version


class Cause(enum.StrEnum):
    """Why a release does badly: the handbook's causes, and `external` for what a rollback cannot cure."""

    DEPLOYMENT = "deployment"
    EXTERNAL = "external"
    CONFIGURATION = "configuration"
    MEMORY_LEAK = "memory-leak"
    CONNECTION_ISSUE = "connection-issue"
    RESOURCE_EXHAUSTION = "resource-exhaustion"
    CAPACITY = "capacity"
    PERFORMANCE = "performance"
    CODE_BUG = "code-bug"
    LOGIC_ERROR = "logic-error"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """The cause, and what says so."""

    cause: Cause
    reason: str


@dataclasses.dataclass(frozen=True)
class Observation:
    """All that was read of one version: a verdict per signal, and the checks when they ran."""

    version: Version
    signals: Mapping[Signal, SignalVerdict]
    checks: CheckReport | None = None


@dataclasses.dataclass(frozen=True)
class Assessment:
    """The verdicts of one release taken together, beside its baseline's."""

    release: Observation
    baseline: Observation | None
    verdict: Verdict
    diagnosis: Diagnosis | None
    """Only for a breach."""

    @property
    def breaches(self) -> list[SignalVerdict]:
        """The release's signals that are in breach."""
        return [verdict for verdict in self.release.signals.values() if verdict.verdict is Verdict.BREACH]

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        telling = self.breaches or [v for v in self.release.signals.values() if v.verdict is self.verdict and v.is_measured]
        return f"{self.verdict.value}: " + "; ".join(f"{verdict.signal}: {verdict.evidence}" for verdict in telling)


def judge_health(report: CheckReport | None) -> SignalVerdict:
    """The verdict of the browser checks. A check that errored or was absent proves nothing."""
    if report is None:
        return SignalVerdict(Signal.HEALTH, Verdict.NO_DATA, "the browser checks did not run")
    by_status = {status: [result.check.value for result in report.checks if result.status is status] for status in CheckStatus}
    if failed := [result for result in report.checks if result.status is CheckStatus.FAILED]:
        words = "; ".join(f"{result.check} failed: {_first_finding(result.findings)}" for result in failed)
        return SignalVerdict(Signal.HEALTH, Verdict.BREACH, words, len(failed), len(report.checks))
    if errored := by_status[CheckStatus.ERROR]:
        return SignalVerdict(Signal.HEALTH, Verdict.INCONCLUSIVE, f"could not be run to their end: {', '.join(errored)}")
    if not (passed := by_status[CheckStatus.PASSED]):
        return SignalVerdict(Signal.HEALTH, Verdict.NO_DATA, "no check is configured")
    words = f"{', '.join(passed)} passed"
    if absent := by_status[CheckStatus.NOT_CONFIGURED]:
        words += f"; not configured: {', '.join(absent)}"
    return SignalVerdict(Signal.HEALTH, Verdict.HEALTHY, words, 0, len(passed))


def _first_finding(findings: Collection[object]) -> str:
    messages = [str(getattr(finding, "message", finding)) for finding in findings]
    return messages[0] if messages else "no finding was given"


def reconcile(verdicts: Mapping[Signal, SignalVerdict]) -> dict[Signal, SignalVerdict]:
    """Take back what another signal of the same version explains.

    A fixed count of crashes per hour ignores size: a large audience always exceeds it (reference/detection.md, 4.4). Where the share of
    users and sessions with a failure is proved to be within its limit, the count alone is not held against the version.
    """
    found = dict(verdicts)
    crashes, errors = found.get(Signal.EXTENSION_CRASHES), found.get(Signal.ERROR_RATE)
    if crashes and errors and crashes.verdict is Verdict.BREACH and errors.verdict is Verdict.HEALTHY:
        words = f"{crashes.evidence}; not held against the version: its error rate is proved to be within the limit"
        found[Signal.EXTENSION_CRASHES] = dataclasses.replace(crashes, verdict=Verdict.INCONCLUSIVE, evidence=words)
    return found


def assess(release: Observation, baseline: Observation | None, required: Collection[Signal]) -> Assessment:
    """Take the verdicts together. Any breach is a breach; ``required`` signals must be proved healthy for a healthy release.

    Other signals may object by a breach, but their silence holds nothing up: a count per hour cannot be proved low in minutes.
    """
    if any(verdict.verdict is Verdict.BREACH for verdict in release.signals.values()):
        return Assessment(release, baseline, Verdict.BREACH, diagnose(release, baseline))
    missing = SignalVerdict(Signal.HEALTH, Verdict.NO_DATA, "not read")
    worst = max((release.signals.get(signal, missing).verdict for signal in required), default=Verdict.NO_DATA)
    return Assessment(release, baseline, worst, None)


def diagnose(release: Observation, baseline: Observation | None) -> Diagnosis:
    """Why a release is in breach. What the baseline shows as well, a rollback cannot cure."""
    if baseline is None:
        return Diagnosis(Cause.UNKNOWN, "there is no baseline to compare with")
    own, shared, unclear = _sort_breaches(release, baseline)
    if own:
        return Diagnosis(Cause.DEPLOYMENT, f"{baseline.version} does not show it: {', '.join(own)}")
    if unclear:
        return Diagnosis(Cause.UNKNOWN, f"what {baseline.version} does could not be read: {', '.join(unclear)}")
    return Diagnosis(Cause.EXTERNAL, f"{baseline.version} fails in the same way: {', '.join(shared)}")


def _sort_breaches(release: Observation, baseline: Observation) -> tuple[list[str], list[str], list[str]]:
    """Names of what only the release shows, what both show, and what cannot be told."""
    own: list[str] = []
    shared: list[str] = []
    unclear: list[str] = []
    for signal, verdict in release.signals.items():
        if verdict.verdict is not Verdict.BREACH:
            continue
        if signal is Signal.HEALTH:
            for check, result in _failed(release.checks).items():
                place = {Origin.EXTERNAL: shared, Origin.DEPLOYMENT: own}.get(_origin(result, baseline.checks), unclear)
                place.append(f"check {check}")
            continue
        counterpart = baseline.signals.get(signal)
        is_shared = counterpart is not None and counterpart.verdict is Verdict.BREACH
        (shared if is_shared else own).append(signal.value)
    if shared and _failed(baseline.checks):
        # Where the baseline's own checks fail now, a difference in counted errors may only be a difference in who was counted.
        unclear += [name for name in own if not name.startswith("check ")]
        own = [name for name in own if name.startswith("check ")]
    return own, shared, unclear


def _failed(report: CheckReport | None) -> dict[CheckName, CheckResult]:
    return {result.check: result for result in report.checks if result.status is CheckStatus.FAILED} if report else {}


def _origin(failed: CheckResult, baseline: CheckReport | None) -> Origin:
    """What a failed check comes from, by what the baseline does in it; unknown when the baseline was not checked."""
    if baseline is None:
        return Origin.UNKNOWN
    return origin_of(failed, next((result for result in baseline.checks if result.check is failed.check), None))
