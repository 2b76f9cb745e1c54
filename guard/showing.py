"""Writes what a look saw and judged to the database, for those who look from another process: the dashboard and the metrics.

It is only shown: a database that cannot be written is told, and keeps no verdict and no rollback from being.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import datetime
from typing import Any

from guard.casework import approval
from guard.config import Mode
from guard.decision.policy import AskHuman, Wait
from guard.engine import Engine
from guard.judge.assessment import Assessment
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Daily, Expected, Release, Sample, Signal, Value
from guard.outcome import Outcome, outcome_of
from guard.responder import Response
from guard.store.database import only_shown
from guard.store.looks import LookRecord
from guard.store.standings import RECENT_POINTS, Point, SignalStanding
from webstore.errors import ReleaseGuardError
from webstore.models import Item
from webstore.versions import Version

_Key = tuple[Version, Signal]


class Verdicts:
    """The verdicts on one release and on its baseline beside it, and which of them the database does not hold yet."""

    def __init__(self, engine: Engine, release: Release) -> None:
        self._engine = engine
        self._release = release
        self._known: dict[_Key, SignalStanding] | None = None
        self._waiting: dict[_Key, SignalStanding] = {}
        self._values: dict[_Key, float] = {}
        thresholds = engine.config.thresholds.to_domain()
        self._limits = {signal: limit_of(thresholds, signal) for signal in Signal}

    def read(self, samples: Iterable[Sample]) -> None:
        """Take in the numbers that are no count, which a verdict has only in words."""
        for sample in samples:
            match sample.reading:
                case Value(value=value) | Daily(value=value):
                    self._values[sample.version, sample.signal] = value
                case Expected(count, expected) if expected:
                    self._values[sample.version, sample.signal] = count / expected
                case _:
                    pass

    def judge(self, version: Version, verdicts: Mapping[Signal, SignalVerdict], at: datetime) -> None:
        """Take in what was judged of the release, or of its baseline. What is as it was needs no writing."""
        for signal, found in verdicts.items():
            key = version, signal
            known = self._waiting.get(key) or self._written().get(key)
            limit = self._limits[signal]
            if known is not None and (_shown(known.found), known.limit) == (_shown(found), limit):
                continue
            recent = known.recent if known else ()
            if (point := self._point(version, found, at)) is not None:
                recent = (*recent, point)[-RECENT_POINTS:]
            self._waiting[key] = SignalStanding(self._release.item, self._release.version, version, found, limit, recent, at)

    def waiting(self) -> list[SignalStanding]:
        """Those that are still to be written."""
        return list(self._waiting.values())

    def write_down(self) -> None:
        """Say that they are written."""
        self._known = {**self._written(), **self._waiting}
        self._waiting.clear()

    def _written(self) -> dict[_Key, SignalStanding]:
        """What the database holds; an earlier process has written the first of it."""
        if self._known is None:
            with only_shown(self._engine.progress):
                found = self._engine.standings.of(self._release.item, self._release.version)
                self._known = {(standing.version, standing.signal): standing for standing in found}
        return self._known or {}

    def _point(self, version: Version, found: SignalVerdict, at: datetime) -> Point | None:
        if found.total or found.failures:
            return Point(at, found.failures, found.total)
        value = self._values.get((version, found.signal))
        if value is not None:
            return Point(at, value, None)
        return Point(at, 0, 0) if found.is_measured and found.verdict is not Verdict.NO_DATA else None


def _shown(found: SignalVerdict) -> tuple[Any, ...]:
    """What of a verdict is kept."""
    return found.verdict, found.reason, found.evidence, found.failures, found.total, found.is_measured


def limit_of(thresholds: Thresholds, signal: Signal) -> float | None:
    """What a signal is held to; its unit is told where it is kept (`guard.store.standings.SignalStanding`)."""
    match signal:
        case Signal.ERROR_RATE | Signal.API_FAILURES | Signal.RESPONSE_TIME | Signal.RATING:
            return thresholds.rate_limit(signal)
        case Signal.EXTENSION_CRASHES:
            return thresholds.crashes_per_hour
        case Signal.ACTIVE_USERS:
            return thresholds.active_users_drop
        case Signal.SILENCE:
            return thresholds.least_reports
        case Signal.HEALTH:
            return None


@dataclasses.dataclass
class Looking:
    """One look at one item, while it is under way."""

    item: Item
    outcome: Outcome = Outcome.INCONCLUSIVE
    version: str | None = None
    sentence: str = ""
    plan: Mapping[str, Any] | None = None
    verdicts: Verdicts | None = None

    def found(self, assessment: Assessment, response: Response, mode: Mode) -> None:
        """What was judged, and what is done about it."""
        self.version, self.sentence = str(assessment.release.version), assessment.headline
        self.outcome, self.plan = outcome_at(assessment, response), plan_json(response, mode)


@contextlib.contextmanager
def looking(engine: Engine, item: Item, seconds: Callable[[], float] = time.monotonic) -> Generator[Looking]:
    """Hold while an item is looked at; what the look came to is written at its end, also where it fails.

    ``seconds``: a clock that only goes forward.
    """
    look, began = Looking(item), seconds()
    try:
        yield look
    except Exception as error:
        ours = f"unexpected {type(error).__name__}: a fault of the guard itself, please report it"
        look.outcome, look.sentence = Outcome.FAILED, str(error) if isinstance(error, ReleaseGuardError) else ours
        write_look(engine, look, seconds() - began)
        raise
    write_look(engine, look, seconds() - began)


def write_look(engine: Engine, look: Looking, seconds: float) -> None:
    """Write what a look came to, and the verdicts that it changed, in one transaction."""
    record = LookRecord(look.item, look.version, look.outcome, look.sentence, engine.now(), seconds, look.plan)
    with only_shown(engine.progress):
        engine.looks.record(record, look.verdicts.waiting() if look.verdicts else ())
        if look.verdicts:
            look.verdicts.write_down()


def outcome_at(assessment: Assessment, response: Response) -> Outcome:
    """What one look at a release that is judged came to."""
    if response.is_acting:
        return Outcome.ROLLING_BACK
    if isinstance(response.decision, Wait):
        return Outcome.HEALTHY if assessment.verdict is Verdict.HEALTHY else Outcome.INCONCLUSIVE
    return outcome_of(response.rollback)


def plan_json(response: Response, mode: Mode) -> dict[str, Any] | None:
    """What would be done now, and why it is not done by itself; none where nothing would."""
    if response.plan is None:
        return None
    held = () if response.is_acting or response.rollback else held_because(response, mode)
    return {**response.plan.to_json(), "held_because": list(held)}


def held_because(response: Response, mode: Mode) -> tuple[str, ...]:
    """Why a person is asked first."""
    if isinstance(response.decision, AskHuman):
        return response.decision.reasons
    if response.rollback:
        return (response.rollback.failure,)
    command = approval(response.incident) if response.incident else "release-guard rollback"
    return (f"the mode is {mode.value}: a person decides, with `{command}`",)
