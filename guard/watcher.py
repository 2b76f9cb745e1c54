"""The watcher: one tick looks at every configured extension once. It says what it saw; one that fails takes no other down."""

import dataclasses
import logging
from collections.abc import Callable

from guard.assessor import Assessor
from guard.decision.orders import Pause
from guard.decision.policy import Wait
from guard.engine import Engine, Guarded
from guard.errors import ExitCode, SourceError, SourceUnreachable
from guard.incidents.incident import IncidentState
from guard.judge.verdict import Verdict
from guard.keeping import PackageGone, keep_seen, only_warned
from guard.model import Provenance, Release, ReleaseState
from guard.observing import Sighting, observe_release, snapshot
from guard.outcome import EXIT_CODES, Outcome, outcome_of
from guard.recovery import look_at_recovery
from guard.responder import Responder
from guard.store.executors import Executor
from guard.store.heartbeat import alive
from webstore.errors import ReleaseGuardError
from webstore.store_errors import StoreUnreachable

_LOG = logging.getLogger(__name__)
WATCHING = "watch"
"""Role of a process that watches for as long as it runs."""
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

    @property
    def exit_code(self) -> ExitCode:
        """What it earns."""
        return EXIT_CODES[self.outcome]


class Watcher:
    """Watches every configured extension."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._responder = Responder(engine)
        self._assessors: dict[tuple[str, str], Assessor] = {}

    def tick(self, me: Executor | None = None) -> list[Tick]:
        """Look at each extension once; ``me``: only at this process's share of them."""
        try:
            self._responder.resume()
        except ReleaseGuardError as error:  # whoever can act takes the unfinished rollback along; looking does no harm meanwhile
            self._engine.progress.warn(f"an unfinished rollback is left to another process: {error}")
        ticks = [(self._engine.config.select(extension_id).item, self._guarded_tick(extension_id)) for extension_id in self._share(me)]
        pauses = self._engine.orders.pauses()
        return [_with_pause(tick, [pause for pause in pauses if pause.is_about(item)]) for item, tick in ticks]

    def run(self, wait: Callable[[float], bool], report: Callable[[list[Tick]], None]) -> None:
        """Tick until ``wait`` (seconds) says that it is time to stop. Watchers that share a database share the extensions out."""
        with alive(self._engine.executors, WATCHING) as me:
            while True:
                report(self.tick(me))
                if wait(self._engine.config.watch.poll_seconds):
                    return

    def _share(self, me: Executor | None) -> list[str]:
        """The extensions that this process looks at: all, or its share of them."""
        extensions = self._engine.config.extension
        if me is None:
            return [extension.id for extension in extensions]
        held = set(self._engine.executors.hold(me, [extension.item for extension in extensions]))
        return [extension.id for extension in extensions if extension.item in held]

    def _guarded_tick(self, extension_id: str) -> Tick:
        extension = self._engine.config.select(extension_id)
        name = extension.name or extension.id
        try:
            return self._look(self._engine.guarded(extension), name)
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
        baseline = engine.releases.baseline_of(release.item, release.version)
        assessor = self._assessors.setdefault((release.item.id, str(release.version)), Assessor(engine, guarded, release, baseline))
        assessment = assessor.assess()
        response = self._responder.respond(guarded, assessment, release, baseline)
        if assessment.verdict is Verdict.HEALTHY and release.state is ReleaseState.WATCHED:
            engine.releases.mark(release.item, release.version, ReleaseState.GOOD)
        if isinstance(response.decision, Wait):
            outcome = Outcome.HEALTHY if assessment.verdict is Verdict.HEALTHY else Outcome.INCONCLUSIVE
        else:
            outcome = outcome_of(response.rollback)
        return Tick(name, str(release.version), outcome, assessment.headline)

    def _after_rollback(self, guarded: Guarded, sighting: Sighting, name: str) -> Tick:
        """What a rollback put back is watched until it is proved well; then its incident is resolved."""
        release, engine = sighting.release, self._engine
        words = f"{release.version} is a rollback of {release.rollback_of} to {release.restores}"
        incident = engine.incidents.open_for(release.item, release.rollback_of) if release.rollback_of else None
        if incident is None or incident.state is not IncidentState.MONITORING:
            return Tick(name, str(release.version), Outcome.HEALTHY, words)
        recovery = look_at_recovery(engine, guarded, release, incident)
        if recovery.is_proved:
            return Tick(name, str(release.version), Outcome.HEALTHY, f"{words}; users are well")
        return Tick(name, str(release.version), Outcome.ROLLED_BACK, f"{words}; recovery is not proved yet: {recovery.evidence}")


def _with_pause(tick: Tick, pauses: list[Pause]) -> Tick:
    """What was seen, and whether a person has paused what would be done about it."""
    return dataclasses.replace(tick, paused="; ".join(pause.words for pause in pauses))
