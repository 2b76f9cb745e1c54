"""The post-release gate: waits for the release to be live, judges it until the verdict is in, acts, and proves that users are well."""

import contextlib
import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

from guard.assessor import Assessor
from guard.engine import Engine, Guarded
from guard.errors import ActorBusy, GuardError, SourceError, SourceRefused
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState
from guard.judge.assessment import Assessment
from guard.judge.verdict import Verdict
from guard.model import Provenance, Release, ReleaseState, Signal
from guard.observing import EVERYBODY, observe_release
from guard.outcome import GuardResult, Outcome, Timings, outcome_of
from guard.recovery import look_at_recovery
from guard.responder import Responder, Response
from guard.rollback.plan import RollbackRecord, RollbackState
from guard.showing import held_because, looking
from guard.tables import Inconclusive
from healthchecks.result import CheckReport
from webstore.store_errors import StoreError
from webstore.versions import Version

Sleep = Callable[[float], None]


class NeverLive(GuardError):
    """The version that was to be guarded did not go live in time."""

    hint = "look at the review in the developer dashboard; run the gate again when the version is published"


class Gate:
    """Guards one release of one extension, once."""

    def __init__(self, engine: Engine, guarded: Guarded, sleep: Sleep) -> None:
        self._engine = engine
        self._guarded = guarded
        self._sleep = sleep
        self._responder = Responder(engine)
        self._said: tuple[Verdict, str, tuple[Signal, ...]] | None = None

    def run(self, version: Version | None = None) -> GuardResult:
        """Guard the release of ``version``, or the one that is published now.

        Raises:
            NeverLive: it did not go live in time.
            SourceRefused: a source of samples refused us.
            StoreError: the store cannot be read.
            HealthCheckError: the browser cannot be used.
        """
        started = self._engine.now()
        if pause := self._engine.orders.pause_of(self._guarded.extension.item):
            self._engine.progress.warn(f"{pause.words}; the release is judged, and nothing is done about it")
        with contextlib.suppress(ActorBusy):  # another process acts; if on this release, it is waited for
            self._responder.resume()
        if version and (done := self._rolled_back_before(version)):
            return self._after_rollback(self._wait_for_end(done), started)
        self._probe_sources()
        release = self._wait_until_live(version)
        if release.provenance is Provenance.ROLLBACK and release.rollback_of:
            done = self._rolled_back_before(release.rollback_of)
            if done:
                self._engine.progress.warn(f"{release.version} is itself a rollback, of {release.rollback_of}: nothing new to guard")
                return self._after_rollback(done, started)
        return self._guard(release)

    def _wait_for_end(self, record: RollbackRecord) -> RollbackRecord:
        """Until a rollback that another process carries out has ended, or that process is known to be dead and this one has ended it."""
        engine = self._engine
        deadline = engine.now() + timedelta(seconds=engine.config.watch.live_timeout_seconds)
        while record.is_unfinished and engine.now() < deadline:
            engine.progress.doing(f"waiting for the process that rolls {record.plan.from_version} back")
            self._sleep(self._poll_seconds)
            with contextlib.suppress(ActorBusy):  # it is alive
                engine.executors.must_be_free(record.plan.id)
                self._responder.resume()
            record = engine.journal.get(record.plan.id)
        return record

    def _rolled_back_before(self, version: Version) -> RollbackRecord | None:
        records = self._engine.journal.all(self._guarded.extension.item)
        return next((record for record in records if record.plan.from_version == version), None)

    def _wait_until_live(self, version: Version | None) -> Release:
        """Until the store and its update service both show the version."""
        engine = self._engine
        deadline = engine.now() + timedelta(seconds=engine.config.watch.live_timeout_seconds)
        engine.progress.doing(f"waiting for {version or 'the published version'} to be live")
        while True:
            try:
                published, given, percentage = self._shown_and_offered()
            except StoreError as error:
                if not error.retry or engine.now() >= deadline:
                    raise
                engine.progress.warn(f"{error}; asking again")
                published, given, percentage = None, None, EVERYBODY
            wanted = version or published
            # A rollout in parts may never be offered to us: then what the store shows is all there is to know.
            if wanted and published == wanted and (given == wanted or percentage < EVERYBODY):
                release = observe_release(engine, self._guarded).release
                engine.progress.done(f"{release.version} is live at {release.deploy_percentage} %")
                return release
            if engine.now() >= deadline:
                seen = f"the store shows {published or 'nothing'}, users are offered {given or 'nothing'}"
                raise NeverLive(f"{wanted or 'no version'} is not live: {seen}")
            self._sleep(self._poll_seconds)

    def _shown_and_offered(self) -> tuple[Version | None, Version | None, int]:
        """What the store shows as published, what browsers are offered, and the deploy percentage."""
        item = self._guarded.extension.item
        shown, offered = self._guarded.store_reader.status(item).published, self._guarded.updates.offered(item.id)
        percentage = shown.deploy_percentage if shown else EVERYBODY
        return shown.version if shown else None, offered.version if offered else None, percentage

    def _probe_sources(self) -> None:
        """A source that refuses us is said now, not found out at the end of the window; one that is down may come back."""
        for source in self._guarded.sources:
            try:
                warnings = source.probe()
            except SourceRefused:
                raise
            except SourceError as error:
                warnings = [f"{error}; the checks still decide, and {source.name} is asked again at each poll"]
            for warning in warnings:
                self._engine.progress.warn(warning)

    def _guard(self, release: Release) -> GuardResult:
        engine = self._engine
        baseline = engine.releases.baseline_of(release.item, release.version)
        if baseline is None:
            engine.progress.warn("no earlier version is recorded as good: run `release-guard release snapshot` before a publish")
        assessor = Assessor(engine, self._guarded, release, baseline)
        assessment, response = self._watch(assessor, release, baseline)
        if response.rollback and response.rollback.state is RollbackState.COMPLETED and response.incident:
            response = dataclasses.replace(response, incident=self._watch_recovery(response.rollback, response.incident))
        return self._result(release, baseline, assessment, response, _detected_at(engine, response))

    def _watch(self, assessor: Assessor, release: Release, baseline: Release | None) -> tuple[Assessment, Response]:
        """Poll until the verdict is healthy or a breach, or the window is over (by the policy, the longer one)."""
        engine = self._engine
        ends_at = release.published_at + engine.config.rollback_window
        if engine.config.watch.inconclusive is Inconclusive.EXTEND:
            ends_at += timedelta(seconds=engine.config.watch.extend_seconds)
        while True:
            with looking(engine, release.item) as look:
                look.verdicts = assessor.verdicts
                assessment = assessor.assess()
                self._tell(assessment)
                response = self._respond(assessment, release, baseline)
                look.found(assessment, response, self._guarded.mode)
            if assessment.verdict is Verdict.HEALTHY and release.state is ReleaseState.WATCHED:
                engine.releases.mark(release.item, release.version, ReleaseState.GOOD)
            if assessment.verdict in {Verdict.HEALTHY, Verdict.BREACH} or (engine.now() >= ends_at and not assessment.is_waiting):
                return assessment, response
            self._sleep(self._poll_seconds)

    def _respond(self, assessment: Assessment, release: Release, baseline: Release | None) -> Response:
        """Act; where another process is acting on the same file, when it is done.

        Raises:
            ActorBusy: it is not done in time.
        """
        deadline = self._engine.now() + timedelta(seconds=self._engine.config.watch.live_timeout_seconds)
        while True:
            try:
                return self._responder.respond(self._guarded, assessment, release, baseline)
            except ActorBusy as busy:
                if self._engine.now() >= deadline:
                    raise
                self._engine.progress.doing(f"waiting: {busy}")
                self._sleep(self._poll_seconds)

    def _tell(self, assessment: Assessment) -> None:
        """What changed is told; what stays as it was is only shown while it is so."""
        said = (assessment.verdict, assessment.reason, tuple(verdict.signal for verdict in assessment.breaches))
        if said == self._said:
            self._engine.progress.doing(f"watching: {assessment.headline}")
        else:
            self._engine.progress.done(assessment.headline)
        self._said = said

    def _watch_recovery(self, rollback: RollbackRecord, incident: Incident) -> Incident:
        """Until the signals of what was put back are proved healthy; the incident is then resolved."""
        engine = self._engine
        release = engine.releases.find(rollback.plan.item, rollback.plan.new_version)
        if release is None or not incident.state.is_open:
            return incident
        deadline = engine.now() + timedelta(seconds=engine.config.watch.recovery_timeout_seconds)
        engine.progress.doing(f"watching the signals of {release.version} recover")
        assessor = Assessor(engine, self._guarded, release, None)
        while engine.now() < deadline:
            with looking(engine, release.item) as look:
                look.verdicts, look.version = assessor.verdicts, str(release.version)
                recovery = look_at_recovery(engine, self._guarded, release, incident, assessor)
                look.outcome, look.sentence = Outcome.HEALTHY if recovery.is_proved else Outcome.ROLLED_BACK, recovery.evidence
            if recovery.is_proved:
                return recovery.incident
            self._sleep(self._poll_seconds)
        engine.incidents.note(incident.id, said(Kind.RECOVERY_AWAITED))
        return incident

    def _after_rollback(self, record: RollbackRecord, started: datetime) -> GuardResult:
        """The result when the release was rolled back by an earlier run."""
        engine, item = self._engine, record.plan.item
        incident = engine.incidents.newest_for(item, record.plan.from_version)
        if incident and incident.state is IncidentState.MONITORING:
            incident = self._watch_recovery(record, incident)
        release = engine.releases.find(item, record.plan.from_version) or Release(item, record.plan.from_version, started)
        baseline = engine.releases.find(item, record.plan.target)
        timings = Timings(started, engine.now())
        timeline = engine.incidents.timeline(incident.id) if incident else ()
        return GuardResult(outcome_of(record), release, baseline, None, None, record, incident, timeline, timings)

    def _result(
        self, release: Release, baseline: Release | None, assessment: Assessment, response: Response, detected_at: datetime | None
    ) -> GuardResult:
        engine = self._engine
        match assessment.verdict:
            case Verdict.HEALTHY:
                outcome = Outcome.HEALTHY
            case Verdict.BREACH:
                outcome = outcome_of(response.rollback)
            case Verdict.NO_DATA | Verdict.INCONCLUSIVE:
                passes = engine.config.watch.inconclusive is Inconclusive.PASS
                outcome = Outcome.UNPROVED if passes else Outcome.INCONCLUSIVE
        return GuardResult(
            outcome,
            release,
            baseline,
            assessment,
            response.plan,
            response.rollback,
            response.incident,
            engine.incidents.timeline(response.incident.id) if response.incident else (),
            Timings(release.published_at, engine.now(), detected_at),
            verification=self._verification(response.rollback),
            reasons=held_because(response, self._guarded.mode) if outcome is Outcome.HELD else (),
        )

    def _verification(self, rollback: RollbackRecord | None) -> CheckReport | None:
        plan = rollback.plan if rollback else None
        return self._engine.verifications.get((plan.item.id, str(plan.new_version))) if plan else None

    @property
    def _poll_seconds(self) -> float:
        return self._engine.config.watch.poll_seconds


def _detected_at(engine: Engine, response: Response) -> datetime | None:
    return response.incident.opened_at if response.incident else (engine.now() if response.plan else None)
