"""The scheduled canary: the checks on what users have, once. It opens an incident or resolves its own; it never acts.

What fails is run a second time before anybody is called: a site that stumbled for a moment wakes nobody.
"""

import dataclasses

from guard.assessor import Assessor
from guard.engine import Engine, Guarded
from guard.errors import ExitCode
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState, Trigger
from guard.judge.assessment import Assessment
from guard.judge.verdict import Verdict
from guard.model import Release
from guard.observing import observe_release
from guard.outcome import Outcome
from guard.responder import Responder
from guard.showing import Looking, looking

_EXITS = {
    Verdict.HEALTHY: ExitCode.DONE,
    Verdict.BREACH: ExitCode.BREACH,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Verdict.NO_DATA: ExitCode.INCONCLUSIVE,
}
_OUTCOMES = {
    Verdict.HEALTHY: Outcome.HEALTHY,
    Verdict.BREACH: Outcome.HELD,
    Verdict.INCONCLUSIVE: Outcome.INCONCLUSIVE,
    Verdict.NO_DATA: Outcome.INCONCLUSIVE,
}


@dataclasses.dataclass(frozen=True)
class CanaryResult:
    """What one look came to."""

    release: Release
    assessment: Assessment
    opened: Incident | None = None
    """The incident that the failure was written on, new or known; none in observe mode."""
    resolved: tuple[Incident, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What it earns."""
        return _EXITS[self.assessment.verdict]


def run_canary(engine: Engine, guarded: Guarded) -> CanaryResult:
    """Look once at what users have.

    Raises:
        StoreError: the store or the update service cannot be read.
        HealthCheckError: the browser cannot be used.
    """
    with looking(engine, guarded.extension.item) as look:
        result = _run(engine, guarded, look)
        look.version, look.sentence = str(result.release.version), result.assessment.headline
        look.outcome = _OUTCOMES[result.assessment.verdict]
    return result


def _run(engine: Engine, guarded: Guarded, look: Looking) -> CanaryResult:
    release = observe_release(engine, guarded).release
    assessment = _assess(engine, guarded, release, look)
    if assessment.verdict is Verdict.BREACH:
        engine.progress.doing("something failed; looking a second time")
        again = _assess(engine, guarded, release, look)
        if again.verdict is not Verdict.BREACH:
            engine.progress.warn(f"what failed at first did not fail again: {assessment.headline}")
        assessment = again
    if assessment.verdict is Verdict.BREACH:
        return CanaryResult(release, assessment, Responder(engine).open_by_canary(guarded, assessment, release))
    resolved = _resolve(engine, release, assessment) if assessment.verdict is Verdict.HEALTHY else ()
    return CanaryResult(release, assessment, resolved=resolved)


def _assess(engine: Engine, guarded: Guarded, release: Release, look: Looking) -> Assessment:
    baseline = engine.releases.baseline_of(release.item, release.version)
    assessor = Assessor(engine, guarded, release, baseline)
    look.verdicts = assessor.verdicts
    return assessor.assess_checks()


def _resolve(engine: Engine, release: Release, assessment: Assessment) -> tuple[Incident, ...]:
    """End what a canary opened for this extension, and nobody is working on."""
    ended: list[Incident] = []
    for incident in engine.incidents.all(only_open=True):
        if incident.item == release.item and incident.trigger is Trigger.CANARY and incident.state is not IncidentState.MITIGATING:
            words = f"the canary passes again on {release.version}: {assessment.headline}"
            ended.append(engine.incidents.move(incident, IncidentState.RESOLVED, said(Kind.RECOVERED), evidence=words, resolution=words))
    return tuple(ended)
