"""The end of a command in words that a person woken at 02:00 can read: seen, decided, done, proved."""

from guard.cli.console import Console
from guard.cli.rollbacks import show_rollback
from guard.decision.strategies import RepairPlan
from guard.judge.diagnosis import Diagnosis
from guard.judge.verdict import Verdict
from guard.outcome import GuardResult, Outcome
from healthchecks.result import CheckReport, CheckStatus

_MARKS = {
    Verdict.HEALTHY: "ok",
    Verdict.BREACH: "BREACH",
    Verdict.INCONCLUSIVE: "open",
    Verdict.NO_DATA: "no data",
}
_HEADLINES = {
    Outcome.HEALTHY: "{version} is healthy.",
    Outcome.ROLLED_BACK: "{version} was bad and is rolled back: users get the code of {baseline} again.",
    Outcome.HELD: "{version} is in breach and was NOT rolled back: a person must decide.",
    Outcome.INCONCLUSIVE: "{version}: not enough evidence for a verdict; nothing was done.",
    Outcome.UNPROVED: "{version}: nothing was proved within the window; it passes, as configured. This is not a proof of health.",
    Outcome.FAILED: "{version} is in breach and the rollback FAILED: a person must act now.",
}


def headline(result: GuardResult) -> str:
    """How it ended, in one sentence."""
    return _HEADLINES[result.outcome].format(
        version=result.release.version, baseline=result.baseline.version if result.baseline else "an earlier version"
    )


def show_result(console: Console, result: GuardResult) -> None:
    """What was seen, decided and done."""
    console.print()
    console.print(headline(result))
    if result.assessment:
        _show_signals(console, result)
        for report in result.reports.values():
            show_report(console, report)
        if result.assessment.diagnosis:
            _show_diagnosis(console, result.assessment.diagnosis)
    if result.plan:
        show_plan(console, result.plan)
    for reason in result.reasons:
        console.print(f"Held: {reason}")
    if result.rollback:
        show_rollback(console, result.rollback)
    if result.incident:
        console.print(
            f"Incident {result.incident.id} ({result.incident.severity.name}) is {result.incident.state.value}: {result.incident.title}"
        )
    seconds = result.timings.seconds(result.rollback)
    told = ", ".join(f"{name.replace('_', ' ')} {value:.1f} s" for name, value in seconds.items() if value is not None)
    console.print(f"Time: {told}")


def show_plan(console: Console, plan: RepairPlan) -> None:
    """A repair plan in full."""
    console.print(f"Plan: {plan.strategy.name}: {plan.reason}")
    for line in plan.lines:
        console.print(f"  {line}")


def _show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    console.print(f"Diagnosis: {diagnosis.cause.value}: {diagnosis.reason}")
    if diagnosis.would_change:
        console.print(f"  what would change it: {diagnosis.would_change}")
    for candidate in diagnosis.candidates:
        console.print(f"  error texts speak of {candidate.words}")


def _show_signals(console: Console, result: GuardResult) -> None:
    if result.assessment is None:
        return
    rows = [
        (verdict.signal.value, _MARKS[verdict.verdict], verdict.evidence)
        for verdict in result.assessment.release.signals.values()
        if verdict.is_measured
    ]
    console.table(("signal", "verdict", "evidence"), rows)
    absent = [verdict.signal.value for verdict in result.assessment.release.signals.values() if not verdict.is_measured]
    if absent:
        console.print(f"Not measured: {', '.join(absent)}")


def show_report(console: Console, report: CheckReport) -> None:
    """Each check of a version, its findings and its pictures."""
    words = ", ".join(f"{result.check.value} {result.status.value.replace('_', ' ')}" for result in report.checks)
    console.print(f"Checks of {report.version}: {words}")
    if report.drill:
        console.print(f"Rollback drill of {report.version}: {report.drill.words}")
    for result in report.checks:
        if result.status is CheckStatus.NOT_CONFIGURED:
            console.print(f"  {result.check.value}: {result.note}")
        for finding in result.findings:
            console.print(f"  {result.check.value}: {finding.words}")
            for line in finding.detail.splitlines():
                console.print(f"    | {line}")
            if finding.hint:
                console.print(f"    to fix: {finding.hint}")
        if result.status in {CheckStatus.FAILED, CheckStatus.ERROR}:
            for picture in result.screenshots:
                console.print(f"    screenshot: {picture}")
            if result.trace:
                console.print(f"    trace: playwright show-trace {result.trace}")
