"""Acts on an assessment: decides, opens the incident, and rolls back where mode and safeguards allow it. Everything is on the timeline."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable

from guard.beside import Begin, at_once
from guard.casework import acts, gather_case, propose, store_reason, tell_decision, with_pending, would
from guard.config import Mode
from guard.decision.policy import Decision, Wait, decide
from guard.decision.strategies import RepairPlan
from guard.engine import Engine, Guarded
from guard.errors import ActorBusy
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState, Trigger, fingerprint
from guard.judge.assessment import Assessment
from guard.judge.diagnosis import Cause
from guard.judge.impact import Reach, facts_of
from guard.model import Release, ReleaseState, Signal
from guard.reaching import reach_of
from guard.rollback.acting import Acting
from guard.rollback.executor import launched
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, StepName, StepState, plan_rollback
from guard.severity import Classification, Facts, Severity, classify
from healthchecks.result import CheckStatus
from webstore.versions import Version


@dataclasses.dataclass(frozen=True)
class Response:
    """What was decided on an assessment, and what was done."""

    decision: Decision
    classification: Classification | None = None
    incident: Incident | None = None
    rollback: RollbackRecord | None = None
    is_acting: bool = False
    """Whether the plan is being followed meanwhile, and what comes of it is not known yet."""

    @property
    def plan(self) -> RepairPlan | None:
        """The repair plan, followed or not."""
        return None if isinstance(self.decision, Wait) else self.decision.plan


def _as_it_is(incident: Incident) -> Incident:
    """Nobody ordered it."""
    return incident


class Responder:
    """Responds for one engine; rollbacks go through its durable executor."""

    def __init__(self, engine: Engine, begin: Begin = at_once) -> None:
        """``begin``: how a rollback is begun; at once, it is over when `respond` is."""
        self._engine = engine
        self._begin = begin
        launch = functools.partial(launched, engine.database, engine.journal, engine.executors, engine.run_step, _reporter(engine))
        self._acting = Acting(launch)

    def respond(self, guarded: Guarded, assessment: Assessment, release: Release, baseline: Release | None) -> Response:
        """Decide and act.

        Raises:
            ActorBusy: a rollback is due, and another process is acting on this database.
        """
        engine = self._engine
        case = gather_case(engine, assessment, release, baseline)
        reach = reach_of(engine, guarded) if assessment.breaches else None
        facts = facts_of(assessment, reach)
        classification = classify(facts, self._engine.config.severity.rules)
        decision = decide(case, classification.severity, engine.now())
        if isinstance(decision, Wait):
            return Response(decision)
        if guarded.mode is Mode.OBSERVE:
            engine.progress.warn(f"observe mode: would open a {classification.severity.name} incident and {would(decision)}")
            return Response(decision, classification)
        decision = with_pending(engine, guarded, case, decision)
        draft = self._draft(assessment, classification, release, facts)
        if self._is_false_alarm(draft, assessment):
            return Response(decision, classification)
        incident = self._open_incident(draft, assessment, classification, reach)
        tell_decision(engine, incident, decision, guarded.mode)
        incident = self._mark_bad(incident, assessment, release)
        if baseline is None or not acts(decision, guarded.mode, case):
            propose(engine, incident, case, decision)
            return Response(decision, classification, incident)
        plan = plan_rollback(release, baseline, self.known_versions(release), reason=store_reason(incident), automatic=True)
        begun = self._begin(release.item.id, functools.partial(self.roll_back, plan, incident))
        if not begun.done():
            return Response(decision, classification, incident, is_acting=True)
        record, incident = begun.result()
        return Response(decision, classification, incident, record)

    def open_by_canary(self, guarded: Guarded, assessment: Assessment, release: Release) -> Incident | None:
        """The incident of a failed canary, new or known; none in observe mode, which only says so, and for what was a false alarm."""
        reach = reach_of(self._engine, guarded)
        facts = facts_of(assessment, reach)
        classification = classify(facts, self._engine.config.severity.rules)
        if guarded.mode is Mode.OBSERVE:
            self._engine.progress.warn(f"observe mode: would open a {classification.severity.name} incident")
            return None
        draft = dataclasses.replace(self._draft(assessment, classification, release, facts), trigger=Trigger.CANARY)
        return None if self._is_false_alarm(draft, assessment) else self._open_incident(draft, assessment, classification, reach)

    def roll_back(
        self, plan: RollbackPlan, incident: Incident, ordered: Callable[[Incident], Incident] = _as_it_is
    ) -> tuple[RollbackRecord, Incident]:
        """Execute a plan and write on the incident what came of it; ``ordered`` writes a person's order when nobody else can act on it."""
        with self._acting.executor() as executor:
            executor.reserve(plan)
            incident = ordered(incident)
            if ended := self._ended(plan):  # by another process, while this one was getting ready
                return ended, self._engine.incidents.get(incident.id)
            begun = said(Kind.ROLLBACK_BEGUN, **plan.facts)
            incident = self._engine.incidents.move(incident, IncidentState.MITIGATING, begun, evidence=plan.reason)
            record = executor.execute(plan)
            return record, self.conclude(record, incident)

    def _ended(self, plan: RollbackPlan) -> RollbackRecord | None:
        known = self._engine.journal.find(plan.id)
        return known if known and not known.is_unfinished else None

    def resume(self) -> list[RollbackRecord]:
        """Take rollbacks that a killed process left to their end, with their incidents.

        Raises:
            ConfigurationError: one is of an extension that is not configured here; it is left as it stands.
            CredentialsMissing: this process cannot reach the store; likewise.
            ActorBusy: another process is acting on this database.
        """
        left = self.left()
        if not left:
            return []
        for record in left:
            if record.is_unfinished:
                self.must_be_able(record)
        with self._acting.executor():
            ended = [self.finish(record) for record in left]
        return [found for record, found in zip(left, ended, strict=True) if found and record.is_unfinished]

    def left(self) -> list[RollbackRecord]:
        """Rollbacks that are not at their end, and those whose process died before it could say on the incident that they are."""
        engine = self._engine
        mitigating = [incident for incident in engine.incidents.all(only_open=True) if incident.state is IncidentState.MITIGATING]
        records = [record for incident in mitigating for record in engine.journal.all(incident.item) if _is_of(record, incident)]
        return [*engine.journal.unfinished(), *(record for record in records if not record.is_unfinished)]

    def must_be_able(self, record: RollbackRecord) -> None:
        """Find out now whether this process can take a rollback on, and not inside a step, which would end it as failed.

        Raises:
            ConfigurationError: its extension is not configured here.
            CredentialsMissing: the store cannot be changed from here.
        """
        _ = self._engine.guarded(self._engine.config.select(record.plan.item.id)).store

    def finish(self, record: RollbackRecord) -> RollbackRecord | None:
        """Take a rollback that was left to its end, with its incident; none where another living process has it.

        Raises:
            ActorBusy: another process is acting on this file.
        """
        with self._acting.executor() as executor, contextlib.suppress(ActorBusy):
            executor.reserve(record.plan)
            words = "an earlier process ended inside it; going on where it stopped"
            self._engine.progress.warn(f"rollback of {record.plan.from_version}: {words}")
            ended = executor.execute(record.plan) if record.is_unfinished else record
            incident = self._engine.incidents.open_for(record.plan.item, record.plan.from_version)
            if incident and incident.state is IncidentState.MITIGATING:
                self.conclude(ended, incident)
            return ended
        return None

    def conclude(self, record: RollbackRecord, incident: Incident) -> Incident:
        """Move the incident to where the rollback left things. The first failure raises its severity by one level."""
        incidents = self._engine.incidents
        steps = "; ".join(f"{step.name}: {step.evidence}" for step in record.steps if step.evidence)
        if record.state is RollbackState.COMPLETED:
            return incidents.move(incident, IncidentState.MONITORING, said(Kind.ROLLBACK_DONE, **record.plan.facts), evidence=steps)
        if record.state is RollbackState.STOPPED:
            return incidents.move(
                incident, IncidentState.INVESTIGATING, said(Kind.ROLLBACK_STOPPED, failure=record.failure), evidence=steps
            )
        failed = said(Kind.ROLLBACK_FAILED, failure=record.failure)
        if not any(entry.kind in _FAILED for entry in incidents.timeline(incident.id)):
            before = incidents.get(incident.id).severity  # a person may have set another meanwhile
            worse = Severity(min(before.value + 1, max(Severity).value))
            if worse is not before:
                failed = said(Kind.ROLLBACK_FAILED_WORSE, failure=record.failure, before=before.name, after=worse.name)
            return incidents.move(incident, IncidentState.INVESTIGATING, failed, evidence=steps, severity=worse)
        return incidents.move(incident, IncidentState.INVESTIGATING, failed, evidence=steps)

    def known_versions(self, release: Release) -> list[Version]:
        """Every version number that was ever used, as far as the guard knows."""
        return [known.version for known in self._engine.releases.all(release.item)]

    def _draft(self, assessment: Assessment, classification: Classification, release: Release, facts: Facts) -> Incident:
        """The incident as it would be opened."""
        diagnosis = assessment.diagnosis
        return Incident(
            id="",
            fingerprint=fingerprint(release.item, release.version, [verdict.signal for verdict in assessment.breaches]),
            title=title_of(assessment),
            severity=classification.severity,
            state=IncidentState.INVESTIGATING,
            item=release.item,
            version=release.version,
            opened_at=self._engine.now(),
            affected_users=facts.affected_users,
            cause=f"{diagnosis.cause.value}: {diagnosis.reason}" if diagnosis else "",
        )

    def _is_false_alarm(self, draft: Incident, assessment: Assessment) -> bool:
        """Whether a person has said lately that what is seen is nothing: it opens no incident again, and nothing is done about it."""
        incidents = self._engine.incidents
        if incidents.open_for(draft.item, draft.version) or (alarm := incidents.false_alarm_of(draft)) is None:
            return False
        incidents.say_once(alarm.id, said(Kind.SEEN_AGAIN, version=draft.version), assessment.headline)
        self._engine.progress.doing(f"{alarm.id} was a false alarm and is seen again: `release-guard incident reopen` if it was none")
        return True

    def _open_incident(self, draft: Incident, assessment: Assessment, classification: Classification, reach: Reach | None) -> Incident:
        engine, diagnosis = self._engine, assessment.diagnosis
        is_canary = draft.trigger is Trigger.CANARY
        event = said(Kind.OPENED_BY_CANARY, title=draft.title) if is_canary else said(Kind.BREACH_SEEN, version=draft.version)
        entry = engine.incidents.entry(event, assessment.headline)
        known = engine.incidents.open_for(draft.item, draft.version)
        incident, is_new = (known, False) if known else engine.incidents.open(draft, entry)
        if not is_new:
            return engine.incidents.renew(incident, draft, assessment.headline)
        engine.progress.warn(f"incident {incident.id} ({incident.severity.name}): {incident.title}")
        engine.incidents.note(
            incident.id, said(Kind.SEVERITY_GIVEN, severity=classification.severity.name), evidence="; ".join(classification.reasons)
        )
        seen = facts_of(assessment).affected_users
        if seen:
            words = reach.words(seen) if reach else f"{seen} were seen; how many use the extension is not known"
            engine.incidents.note(incident.id, said(Kind.USERS_AFFECTED, count=incident.affected_users), evidence=words)
        if diagnosis:
            evidence = f"{diagnosis.reason}; {diagnosis.would_change}" if diagnosis.would_change else diagnosis.reason
            engine.incidents.note(incident.id, said(Kind.DIAGNOSED, cause=diagnosis.cause.value), evidence=evidence)
            for candidate in diagnosis.candidates:
                engine.incidents.note(incident.id, said(Kind.ERRORS_SPEAK_OF, cause=candidate.cause.value), evidence=candidate.words)
        return incident

    def _mark_bad(self, incident: Incident, assessment: Assessment, release: Release) -> Incident:
        """A version found to be the cause is never again a baseline."""
        if assessment.diagnosis is None or assessment.diagnosis.cause is not Cause.DEPLOYMENT:
            return incident
        if release.state in {ReleaseState.WATCHED, ReleaseState.GOOD}:
            self._engine.releases.mark(release.item, release.version, ReleaseState.BAD)
        if incident.state is not IncidentState.INVESTIGATING:
            return incident
        return self._engine.incidents.move(incident, IncidentState.IDENTIFIED, said(Kind.CAUSE_FOUND, version=release.version))


_FAILED = {Kind.ROLLBACK_FAILED, Kind.ROLLBACK_FAILED_WORSE}
_TROUBLE = {
    Signal.SILENCE.value: "reports dry up",
    Signal.ACTIVE_USERS.value: "active users fall",
    Signal.RATING.value: "bad reviews",
    Signal.RESPONSE_TIME.value: "too slow",
}
"""What is wrong, for signals that no limit is exceeded by."""


def title_of(assessment: Assessment) -> str:
    """What the incident is called: what is broken, and in which version."""
    parts: list[str] = []
    checks = assessment.release.checks.checks if assessment.release.checks else ()
    if failed := [result.check.value for result in checks if result.status is CheckStatus.FAILED]:
        parts.append(f"{', '.join(failed)} check failed")
    counted = [verdict.signal.value for verdict in assessment.breaches if verdict.signal is not Signal.HEALTH]
    parts += [_TROUBLE.get(name, f"{name.replace('_', ' ')} over its limit") for name in counted]
    return f"{assessment.release.version}: {'; '.join(parts)}"


def _is_of(record: RollbackRecord, incident: Incident) -> bool:
    return record.plan.from_version == incident.version


def _reporter(engine: Engine) -> Callable[[RollbackPlan, StepName, StepState, str], None]:
    def report(_plan: RollbackPlan, step: StepName, state: StepState, evidence: str) -> None:
        name = step.value.replace("_", " ")
        if state is StepState.RUNNING:
            engine.progress.doing(f"rollback: {name}")
        elif state is StepState.DONE:
            engine.progress.done(f"rollback: {name}: {evidence}")
        else:
            engine.progress.warn(f"rollback: {name} failed: {evidence}")

    return report
