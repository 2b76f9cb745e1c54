"""One look at one extension: what is published, how it does, and what is done about it. One that fails takes no other down."""

import dataclasses
import logging
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from guard.assessor import Assessor
from guard.beside import Begin, at_once
from guard.config import ExtensionTable
from guard.engine import Engine, Guarded
from guard.errors import ExitCode, SourceError, SourceUnreachable
from guard.incidents.incident import IncidentState
from guard.judge.verdict import Verdict
from guard.keeping import PackageGone, keep_seen, only_warned
from guard.model import Provenance, Release, ReleaseState
from guard.observing import Sighting, observe_release, snapshot
from guard.outcome import EXIT_CODES, Outcome
from guard.recovery import look_at_recovery
from guard.responder import Responder
from guard.showing import Looking, outcome_at, plan_json, write_look
from webstore.errors import ReleaseGuardError
from webstore.store_errors import StoreUnreachable

_LOG = logging.getLogger(__name__)
_OUR_NETWORK = "no source of samples answers either: the fault is probably our own network, and nothing is said of any release"


@dataclasses.dataclass(frozen=True)
class Tick:
    """What one look at one extension came to."""

    extension: str
    version: str | None
    outcome: Outcome
    sentence: str
    paused: str = ""
    """The order that keeps the guard from acting on it; empty when there is none."""
    plan: Mapping[str, Any] | None = None
    """What would be done now (`guard.store.looks.LookRecord.plan`)."""

    @property
    def exit_code(self) -> ExitCode:
        """What it earns."""
        return EXIT_CODES[self.outcome]


LONG_LIVE = timedelta(days=1)
"""A release that has done no harm for so long, and was never proved good because too few use it,"""
SELDOM = timedelta(minutes=10)
"""is judged so often only: its numbers hardly change, and each look uses up what may be asked of the sources."""


@dataclasses.dataclass(frozen=True)
class _Judged:
    """What was last found of a release that is not in trouble."""

    release: Release
    at: datetime
    tick: Tick

    def still_holds(self, release: Release, now: datetime) -> bool:
        """Whether that is enough for now."""
        is_same = release.version == self.release.version
        return is_same and now - release.published_at > LONG_LIVE and now - self.at < SELDOM


class Look:
    """Looks at extensions, each in one thread at a time; what it knows of a release is kept between two looks."""

    def __init__(self, engine: Engine, responder: Responder, begin_checks: Begin = at_once) -> None:
        self._engine = engine
        self._responder = responder
        self._begin_checks = begin_checks
        self._assessors: dict[str, Assessor] = {}
        self._judged: dict[str, _Judged] = {}

    def keep_only(self, item_ids: Collection[str]) -> None:
        """Forget the others: what another process reads of them meanwhile is not known here."""
        self._assessors = {item_id: assessor for item_id, assessor in self._assessors.items() if item_id in item_ids}
        self._judged = {item_id: judged for item_id, judged in self._judged.items() if item_id in item_ids}

    def at(self, extension: ExtensionTable, rolling: str = "") -> Tick:
        """Look once, and write down what it came to.

        ``rolling``: what is known of a rollback that is under way; while it is, nothing else is decided.
        """
        began = time.monotonic()
        tick = self._at(extension, rolling)
        assessor = self._assessors.get(extension.id)
        look = Looking(extension.item, tick.outcome, tick.version, tick.sentence, tick.plan, assessor.verdicts if assessor else None)
        write_look(self._engine, look, time.monotonic() - began)
        return tick

    def _at(self, extension: ExtensionTable, rolling: str) -> Tick:
        name = extension.name or extension.id
        try:
            guarded = self._engine.guarded(extension)
            return self._while_rolling_back(extension.id, name, rolling) if rolling else self._look(guarded, name)
        except PackageGone as gone:  # published, and still on its way to users
            return Tick(name, None, Outcome.INCONCLUSIVE, str(gone))
        except StoreUnreachable as error:
            self._engine.progress.warn(f"{name}: {error}")
            ours = self._nothing_answers(self._engine.guarded(extension))
            return Tick(name, None, Outcome.FAILED, f"{error.explain()}\n  {_OUR_NETWORK}" if ours else error.explain())
        except ReleaseGuardError as error:
            self._engine.progress.warn(f"{name}: {error}")
            return Tick(name, None, Outcome.FAILED, error.explain())
        except Exception as error:  # noqa: BLE001 - a fault of ours in one extension must not end the watch over the others
            _LOG.exception("looking at %s failed", name)
            return Tick(name, None, Outcome.FAILED, f"unexpected {type(error).__name__}: a fault of the guard itself, please report it")

    def _while_rolling_back(self, item_id: str, name: str, rolling: str) -> Tick:
        """The signals are read on, for the record; a decision waits for the end of the rollback."""
        assessor = self._assessors.get(item_id)
        if assessor is not None:
            assessor.observe_signals()
        return Tick(name, str(assessor.version) if assessor else None, Outcome.ROLLING_BACK, rolling)

    def _nothing_answers(self, guarded: Guarded) -> bool:
        """Whether no source of samples answers either: then the watcher is blind, and not the store down."""
        others = [source for source in guarded.sources if source.signals]  # the store's own numbers are no second witness
        for source in others:
            try:
                source.probe()
            except SourceUnreachable:
                continue
            except SourceError:
                return False
            return False
        return bool(others)

    def _look(self, guarded: Guarded, name: str) -> Tick:
        sighting = observe_release(self._engine, guarded)
        release = sighting.release
        version = str(release.version)
        with only_warned(self._engine, release.version):  # so that history exists even for releases that the guard did not make
            keep_seen(self._engine, guarded, release)
        if release.provenance is Provenance.ROLLBACK:
            return self._after_rollback(guarded, sighting, name)
        if release.provenance is Provenance.UNKNOWN and release.state is ReleaseState.WATCHED:
            snapshot(self._engine, guarded)
            return Tick(name, version, Outcome.HEALTHY, f"{version} is the first version seen: taken as the baseline, not judged")
        if self._is_armed(release):
            return self._judge(guarded, sighting, name)
        return Tick(name, version, Outcome.HEALTHY, f"{version} is recorded as {release.state.value}")

    def _is_armed(self, release: Release) -> bool:
        """Whether a release is still judged: until it is found good and its window is over, or while it has an open incident."""
        if release.state is ReleaseState.WATCHED or self._engine.incidents.open_for(release.item, release.version):
            return True
        in_window = self._engine.now() - release.published_at <= self._engine.config.rollback_window
        return release.state is ReleaseState.GOOD and release.provenance is Provenance.UPLOAD and in_window

    def _judge(self, guarded: Guarded, sighting: Sighting, name: str) -> Tick:
        release, engine = sighting.release, self._engine
        if (judged := self._judged.get(release.item.id)) and judged.still_holds(release, engine.now()):
            return judged.tick
        tick = self._judge_anew(guarded, release, name)
        if tick.outcome in {Outcome.HEALTHY, Outcome.INCONCLUSIVE}:
            self._judged[release.item.id] = _Judged(release, engine.now(), tick)
        else:
            self._judged.pop(release.item.id, None)
        return tick

    def _judge_anew(self, guarded: Guarded, release: Release, name: str) -> Tick:
        engine = self._engine
        baseline = engine.releases.baseline_of(release.item, release.version)
        assessor = self._assessor(guarded, release, baseline)
        if not assessor.is_ready():
            assessor.observe_signals()
            return Tick(name, str(release.version), Outcome.INCONCLUSIVE, f"{release.version} is being checked in browsers")
        assessment = assessor.assess()
        response = self._responder.respond(guarded, assessment, release, baseline)
        if assessment.verdict is Verdict.HEALTHY and release.state is ReleaseState.WATCHED:
            engine.releases.mark(release.item, release.version, ReleaseState.GOOD)
        plan = plan_json(response, guarded.mode)
        return Tick(name, str(release.version), outcome_at(assessment, response), assessment.headline, plan=plan)

    def _assessor(self, guarded: Guarded, release: Release, baseline: Release | None) -> Assessor:
        """The one that knows this release already, or a new one."""
        known = self._assessors.get(release.item.id)
        if known is None or known.version != release.version:
            known = Assessor(self._engine, guarded, release, baseline, self._begin_checks)
            self._assessors[release.item.id] = known
        return known

    def _after_rollback(self, guarded: Guarded, sighting: Sighting, name: str) -> Tick:
        """What a rollback put back is watched until it is proved well; then its incident is resolved."""
        release, engine = sighting.release, self._engine
        words = f"{release.version} is a rollback of {release.rollback_of} to {release.restores}"
        incident = engine.incidents.open_for(release.item, release.rollback_of) if release.rollback_of else None
        if incident is None or incident.state is not IncidentState.MONITORING:
            return Tick(name, str(release.version), Outcome.HEALTHY, words)
        recovery = look_at_recovery(engine, guarded, release, incident, self._assessor(guarded, release, None))
        if recovery.is_proved:
            return Tick(name, str(release.version), Outcome.HEALTHY, f"{words}; users are well")
        return Tick(name, str(release.version), Outcome.ROLLED_BACK, f"{words}; recovery is not proved yet: {recovery.evidence}")
