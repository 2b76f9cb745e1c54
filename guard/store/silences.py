"""Silences and maintenance windows: times in which people are not told, each with an end and a reason."""

import dataclasses
import enum
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import insert, or_, select, update

from guard.errors import NotRecorded
from guard.store.schema_response import silences
from webstore.models import Item

_ALL = ""
"""Publisher and id of a silence that holds for every item."""


class SilenceKind(enum.StrEnum):
    """Why nobody is told."""

    SILENCE = "silence"
    """It is known, and being told again helps nobody."""
    MAINTENANCE = "maintenance"
    """Something is being worked on, and what it causes is expected."""


@dataclasses.dataclass(frozen=True)
class Silence:
    """One time in which people are not told."""

    id: int
    item: Item | None
    """None: every item."""
    kind: SilenceKind
    by: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    ended_by: str = ""
    ended_at: datetime | None = None

    @property
    def words(self) -> str:
        """The silence, in one line."""
        what = self.item.id if self.item else "every item"
        ended = f", ended by {self.ended_by}" if self.ended_at else ""
        return f"{self.kind.value} {self.id} of {what} until {self.ends_at:%Y-%m-%d %H:%M} UTC by {self.by}: {self.reason}{ended}"


class Silences:
    """Questions and answers about silences, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def add(self, item: Item | None, kind: SilenceKind, by: str, reason: str, starts_at: datetime, ends_at: datetime) -> Silence:
        """Write a silence of one item, or of all."""
        row = {**_scope(item), "kind": kind.value, "by": by, "reason": reason, "starts_at": starts_at, "ends_at": ends_at}
        with self._engine.begin() as connection:
            number = connection.execute(insert(silences).values(**row).returning(silences.c.id)).scalar_one()
        return Silence(number, item, kind, by, reason, starts_at, ends_at)

    def all(self, *, only_standing: bool = False) -> list[Silence]:
        """Every silence, the oldest first; with ``only_standing`` those that hold now or will."""
        statement = select(silences).order_by(silences.c.id)
        if only_standing:
            statement = statement.where(silences.c.ended_at.is_(None), silences.c.ends_at > self._now())
        with self._engine.connect() as connection:
            return [_silence(row) for row in connection.execute(statement).mappings()]

    def of(self, item: Item) -> Silence | None:
        """The silence that holds for an item now: its own, or that of all."""
        now = self._now()
        holds = (silences.c.starts_at <= now) & (silences.c.ends_at > now) & silences.c.ended_at.is_(None)
        own = sqlalchemy.and_(*(silences.c[name] == value for name, value in _scope(item).items()))
        statement = select(silences).where(holds, or_(own, silences.c.item_id == _ALL)).order_by(silences.c.id)
        with self._engine.connect() as connection:
            row = connection.execute(statement.limit(1)).mappings().first()
        return _silence(row) if row else None

    def end(self, number: int, by: str) -> tuple[Silence, bool]:
        """End a silence before its time. False when it was over already.

        Raises:
            NotRecorded: there is none of that number.
        """
        now = self._now()
        stands = (silences.c.id == number) & silences.c.ended_at.is_(None) & (silences.c.ends_at > now)
        with self._engine.begin() as connection:
            ended = connection.execute(update(silences).where(stands).values(ended_by=by, ended_at=now).returning(silences.c.id)).first()
            row = connection.execute(select(silences).where(silences.c.id == number)).mappings().first()
        if row is None:
            raise NotRecorded(f"no silence {number} is recorded").advise("see `release-guard silence list`")
        return _silence(row), ended is not None


def _scope(item: Item | None) -> dict[str, str]:
    return {"publisher": item.publisher if item else _ALL, "item_id": item.id if item else _ALL}


def _silence(row: Any) -> Silence:
    item = Item(row["publisher"], row["item_id"]) if row["item_id"] != _ALL else None
    return Silence(
        id=row["id"],
        item=item,
        kind=SilenceKind(row["kind"]),
        by=row["by"],
        reason=row["reason"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        ended_by=row["ended_by"] or "",
        ended_at=row["ended_at"],
    )
