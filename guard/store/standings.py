"""The newest verdict on each signal of a release and of its baseline, for those who look from another process."""

import dataclasses
import functools
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import select

from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Signal
from guard.store.bounds import clipped
from guard.store.schema_watch import standings
from guard.store.upsert import upsert_newer
from guard.store.wanted import wanted
from webstore.models import Item
from webstore.versions import Version

RECENT_POINTS = 30
"""So many newest points are kept for a sparkline."""
_LONGEST_EVIDENCE = 4000
_LONGEST_REASON = 40
_KEY = ("publisher", "item_id", "release", "version", "signal")
_FOUND = ("verdict", "reason", "evidence", "failures", "total", "limit", "log_evidence", "is_measured", "recent", "judged_at")


@dataclasses.dataclass(frozen=True)
class Point:
    """One reading of a signal at a time, for a plot."""

    at: datetime
    value: float
    """Failures since the release, as a total; of a signal that is no count (`response_time` as a percentile, `active_users`): its value; of
    `silence`: reports as a ratio of what is normal."""
    total: int | None
    """Units since the release, 0 where events are a share of nothing; none where `value` is no count."""


@dataclasses.dataclass(frozen=True)
class SignalStanding:
    """What one signal said last of one version, the release that is judged or its baseline."""

    item: Item
    release: Version
    """The release that was judged."""
    version: Version
    """The release's own, or its baseline's."""
    found: SignalVerdict
    limit: float | None
    """What it is held to: a ratio for `error_rate`, `api_failures`, `response_time` (share of slow operations) and `rating`; events an hour
    for `extension_crashes`; the ratio that `active_users` may fall; the least ratio of normal reports for `silence`; none for `health`."""
    recent: tuple[Point, ...]
    """At most `RECENT_POINTS`, the oldest first; one for each time that something changed."""
    judged_at: datetime
    """When it last changed. Whether anybody looked since then is in `guard.store.looks`."""

    @property
    def signal(self) -> Signal:
        """What was judged."""
        return self.found.signal

    @property
    def is_of_release(self) -> bool:
        """Whether it is of the release itself, and not of the baseline beside it."""
        return self.version is self.release or self.version == self.release


class Standings:
    """Questions and answers about verdicts, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def record(self, judged: Sequence[SignalStanding]) -> None:
        """Write verdicts; one that is older than what is there changes nothing."""
        with self._engine.begin() as connection:
            put_standings(connection, judged)

    def of(self, item: Item, release: Version) -> list[SignalStanding]:
        """Every verdict on a release and on its baseline beside it, the release's own first, signals in their order."""
        return self._of({(item, release)}, RECENT_POINTS).get(item, [])

    def newest(
        self, items: Collection[Item], *, points: int = RECENT_POINTS, with_baselines: bool = True
    ) -> dict[Item, list[SignalStanding]]:
        """The same for many items, each with the release of it that was judged last; two statements, however many items.

        ``points``: at most so many of each signal, evenly chosen and with the newest: what an overview draws is small.
        """
        return self._of(self._judged_last(list(dict.fromkeys(items))), points, with_baselines=with_baselines)

    def _judged_last(self, items: Sequence[Item]) -> set[tuple[Item, Version]]:
        """The release of each item that was judged last."""
        if not items:
            return set()
        asked = wanted(self._engine.dialect.name, [(item.publisher, item.id) for item in items], 2)
        newest = (
            select(standings.c.release)
            .where(asked.are(standings.c.publisher, standings.c.item_id))
            .order_by(standings.c.judged_at.desc(), standings.c.release.desc())
            .limit(1)
            .scalar_subquery()
        )
        statement: sqlalchemy.Select[Any] = select(*asked.columns, newest.label("newest")).select_from(asked.table)
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(statement)]
        return {(Item(publisher, item_id), Version.parse(release)) for publisher, item_id, release in rows if release is not None}

    def _of(
        self, releases: Collection[tuple[Item, Version]], points: int, *, with_baselines: bool = True
    ) -> dict[Item, list[SignalStanding]]:
        if not releases:
            return {}
        keys = [(item.publisher, item.id, str(release)) for item, release in releases]
        asked = wanted(self._engine.dialect.name, keys, 3)
        statement = select(standings).join(asked.table, asked.are(standings.c.publisher, standings.c.item_id, standings.c.release))
        if not with_baselines:
            statement = statement.where(standings.c.version == standings.c.release)
        version_of = functools.cache(Version.parse)
        found: dict[Item, list[SignalStanding]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(statement).mappings().all():
                standing = _standing(row, points, version_of)
                found.setdefault(standing.item, []).append(standing)
        for standing_list in found.values():
            standing_list.sort(key=_place)
        return found


def put_standings(connection: sqlalchemy.Connection, judged: Sequence[SignalStanding]) -> None:
    """Write verdicts in a transaction that is under way; one that is older than what is there changes nothing."""
    upsert_newer(connection, standings, [_row(standing) for standing in judged], key=_KEY, update=_FOUND, newer_by="judged_at")


_ORDER = tuple(Signal)


def _place(standing: SignalStanding) -> tuple[bool, int]:
    return not standing.is_of_release, _ORDER.index(standing.signal)


def _thinned(recent: Sequence[Any], points: int) -> Sequence[Any]:
    """At most so many, evenly chosen, the newest always."""
    step = -(-len(recent) // max(points, 1))
    return recent if step <= 1 else recent[::-step][::-1]


def _row(standing: SignalStanding) -> dict[str, Any]:
    found = standing.found
    return {
        "publisher": standing.item.publisher,
        "item_id": standing.item.id,
        "release": str(standing.release),
        "version": str(standing.version),
        "signal": found.signal.value,
        "verdict": found.verdict.value,
        "reason": found.reason[:_LONGEST_REASON],
        "evidence": clipped(found.evidence, _LONGEST_EVIDENCE),
        "failures": found.failures,
        "total": found.total,
        "limit": standing.limit,
        "log_evidence": found.log_evidence,
        "is_measured": found.is_measured,
        "recent": [[point.at.isoformat(), point.value, point.total] for point in standing.recent[-RECENT_POINTS:]],
        "judged_at": standing.judged_at,
    }


def _standing(row: sqlalchemy.RowMapping, points: int, version_of: Callable[[str], Version]) -> SignalStanding:
    return SignalStanding(
        item=Item(row["publisher"], row["item_id"]),
        release=version_of(row["release"]),
        version=version_of(row["version"]),
        found=SignalVerdict(
            Signal(row["signal"]),
            Verdict(row["verdict"]),
            row["evidence"],
            row["failures"],
            row["total"],
            row["log_evidence"],
            is_measured=row["is_measured"],
            reason=row["reason"],
        ),
        limit=row["limit"],
        recent=tuple(Point(datetime.fromisoformat(at), value, total) for at, value, total in _thinned(row["recent"], points)),
        judged_at=row["judged_at"],
    )
