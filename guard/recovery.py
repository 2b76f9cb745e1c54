"""After a rollback: the signals of what was put back must be proved healthy before its incident is resolved."""

import dataclasses

from guard.assessor import Assessor
from guard.engine import Engine, Guarded
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState
from guard.judge.verdict import Verdict
from guard.model import Release, ReleaseState, Signal


@dataclasses.dataclass(frozen=True)
class Recovery:
    """How things stand after a rollback."""

    is_proved: bool
    evidence: str
    incident: Incident


def look_at_recovery(engine: Engine, guarded: Guarded, restored: Release, incident: Incident, assessor: Assessor) -> Recovery:
    """Read the signals of the restored release once, with its assessor; resolve the incident when they are proved healthy.

    The browser checks are not repeated: the rollback's own verification ran them on what users get.
    """
    observation = assessor.observe_signals()
    required = [observation.signals[signal] for signal in guarded.required_signals if signal is not Signal.HEALTH]
    evidence = "; ".join(f"{verdict.signal}: {verdict.evidence}" for verdict in required) or "the health checks passed"
    if not all(verdict.verdict is Verdict.HEALTHY for verdict in required):
        return Recovery(is_proved=False, evidence=evidence, incident=incident)
    engine.releases.mark(restored.item, restored.version, ReleaseState.GOOD)
    incident = engine.incidents.get(incident.id)
    if not incident.state.is_open:  # a person was sooner
        return Recovery(is_proved=True, evidence=evidence, incident=incident)
    resolution = f"rolled back to the code of {restored.restores} as {restored.version}; users are well: {evidence}"
    resolved = engine.incidents.move(incident, IncidentState.RESOLVED, said(Kind.RECOVERED), evidence=evidence, resolution=resolution)
    engine.progress.done(f"recovered: {evidence}")
    return Recovery(is_proved=True, evidence=evidence, incident=resolved)
