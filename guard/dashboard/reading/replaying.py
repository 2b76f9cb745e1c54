"""What the guard would have decided on what it read of a release, under other thresholds. What is dear to read is kept for a while."""

import collections
import math
import threading
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from guard.dashboard.documents.pages import ReplayResult
from guard.dashboard.reading.curves import Polls
from guard.dashboard.reading.saying import Reader
from guard.engine import Engine
from guard.errors import NotRecorded, UsageError
from guard.model import Release
from guard.recording import record
from guard.replay.player import play
from guard.tables import ThresholdsTable
from webstore.versions import Version

_Kept = TypeVar("_Kept")
_MOST_LINES = 20_000
"""A recording is played up to here: a slider waits for it."""
_MOST_POINTS = 240


class Shelf(Generic[_Kept]):
    """A few newest answers, by what they were made of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: collections.OrderedDict[Hashable, _Kept] = collections.OrderedDict()

    def find(self, key: Hashable) -> _Kept | None:
        """The answer that was made of this."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, made: _Kept) -> _Kept:
        """Keep an answer in place of the one that was asked for longest ago."""
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


class WrongThreshold(UsageError):
    """A threshold that makes no sense."""

    hint = "give names of `[thresholds]`, each with a value that release-guard.toml would take"


class Replays:
    """Plays what was read of releases."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._results: Shelf[ReplayResult] = Shelf(200)

    def play(self, reader: Reader, release: Release, baseline: Version | None, polls: Polls, changed: Mapping[str, float]) -> ReplayResult:
        """Under other thresholds.

        Raises:
            WrongThreshold: a name or a value makes no sense.
            NotRecorded: nothing was read of the release.
        """
        table = self._table(changed)
        if not polls:
            raise NotRecorded(f"nothing was read of {release.version} by a watch, so that nothing can be played again")
        values = cast("dict[str, float]", table.model_dump())
        key = (release.item, release.version, baseline, polls[-1][0], len(polls), reader.language, tuple(sorted(values.items())))
        return self._results.find(key) or self._results.keep(key, self._play(reader, release, baseline, polls, table))

    def _table(self, changed: Mapping[str, float]) -> ThresholdsTable:
        known: dict[str, Any] = self._engine.config.thresholds.model_dump()
        if unknown := sorted(set(changed) - set(known)):
            raise WrongThreshold(f"there is no threshold {unknown[0][:60]!r}; there are {', '.join(known)}")
        try:
            return ThresholdsTable.model_validate({**known, **changed})
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            raise WrongThreshold(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None

    def _play(self, reader: Reader, release: Release, baseline: Version | None, polls: Polls, table: ThresholdsTable) -> ReplayResult:
        engine, window = self._engine, self._engine.config.rollback_window.total_seconds()
        lines = _bounded(release, baseline, window, polls)
        thresholds = table.to_domain()
        decided = next(play(lines, thresholds, engine.config.severity.rules, plotted=True))
        published = decided.opening.published_at
        at = datetime.fromtimestamp(decided.decided_at, UTC) if decided.decided_at is not None else None
        assessment = decided.assessment
        return ReplayResult(
            thresholds=table.model_dump(),
            verdict=assessment.verdict.value,
            decided_at=at,
            seconds_after_publish=round(decided.decided_at - published, 3) if decided.decided_at is not None else None,
            diagnosis=assessment.diagnosis.cause.value if assessment.diagnosis else None,
            severity=decided.severity,
            strategy=decided.strategy,
            evidence=[_named(reader, one) for one in decided.evidence],
            curve=_curve(decided.curve, published),
            needed=-math.log10(thresholds.alpha),
        )


def _bounded(release: Release, baseline: Version | None, window: float, polls: Polls) -> list[str]:
    lines: list[str] = []
    for line in record(release, baseline, window, polls):
        lines.append(line)
        if len(lines) >= _MOST_LINES:
            break
    return lines


def _named(reader: Reader, told: str) -> str:
    signal, _, sentence = told.partition(": ")
    return f"{signal}: {reader.evidence(sentence)}"


def _curve(curve: tuple[tuple[float, float], ...], published: float) -> list[list[float]]:
    """Seconds after the publish and log10 of E, evenly thinned; no evidence at all is drawn as strong doubt, since a plot has an end."""
    step = max(1, math.ceil(len(curve) / _MOST_POINTS))
    kept = [*curve[::step], *(curve[-1:] if (len(curve) - 1) % step else ())]
    return [[round(at - published, 3), round(math.log10(max(evidence, 1e-12)), 4)] for at, evidence in kept]
