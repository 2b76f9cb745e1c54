"""How the last look at each item went, and how many there were: one row an item, counted up by every process that looks."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite

from guard.outcome import Outcome
from guard.store.bounds import clipped, clipped_json
from guard.store.schema_watch import looks
from guard.store.standings import SignalStanding, put_standings
from guard.store.upsert import insert_into
from webstore.models import Item

_LONGEST_SENTENCE = 2000
_MOST_ENTRIES = 100
_KEY = ("publisher", "item_id")
_NEWEST = ("version", "outcome", "sentence", "seconds", "plan", "looked_at")


@dataclasses.dataclass(frozen=True)
class LookRecord:
    """What one look at one item came to."""

    item: Item
    version: str | None
    """What was looked at; none where that was not found out."""
    outcome: Outcome
    sentence: str
    """In words; it can quote errors of others."""
    looked_at: datetime
    """When it ended."""
    seconds: float
    """How long it took."""
    plan: Mapping[str, Any] | None = None
    """What would be done now: `RepairPlan.to_json()` with `held_because`, the reasons why a person is asked first; none: nothing."""


@dataclasses.dataclass(frozen=True)
class LookTotals:
    """The last look at an item, and what all of them come to. The counts only ever grow."""

    last: LookRecord
    looks: int
    failed_looks: int
    """Those that could not be brought to their end (`Outcome.FAILED`)."""
    seconds_sum: float
    """How long all of them took."""


class Looks:
    """Questions and answers about looks, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def record(self, look: LookRecord, judged: Sequence[SignalStanding] = ()) -> None:
        """Write a look with the verdicts that it changed. Each look counts, whoever makes it; what is shown is the newest."""
        with self._engine.begin() as connection:
            if judged:
                put_standings(connection, judged)
            _put_look(connection, look)

    def all(self) -> list[LookTotals]:
        """Every item that was ever looked at, by its id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(looks).order_by(looks.c.item_id, looks.c.publisher)).mappings().all()
            return [_totals(row) for row in rows]

    def find(self, item: Item) -> LookTotals | None:
        """Of one item; none when nobody has looked at it."""
        statement = select(looks).where(looks.c.publisher == item.publisher, looks.c.item_id == item.id)
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return _totals(row) if row else None


def _put_look(connection: sqlalchemy.Connection, look: LookRecord) -> None:
    row = {
        "publisher": look.item.publisher,
        "item_id": look.item.id,
        "version": look.version,
        "outcome": look.outcome.value,
        "sentence": clipped(look.sentence, _LONGEST_SENTENCE),
        "looked_at": look.looked_at,
        "seconds": look.seconds,
        "plan": clipped_json(look.plan, _LONGEST_SENTENCE, _MOST_ENTRIES),
        "looks": 1,
        "failed_looks": int(look.outcome is Outcome.FAILED),
        "seconds_sum": look.seconds,
    }
    connection.execute(_counting_up(connection.dialect.name), [row])


@functools.cache
def _counting_up(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """The statement, built once. The database adds, so that of two processes neither's look is lost."""
    statement = insert_into(dialect, looks)
    given, known = statement.excluded, looks.c
    is_newer = given["looked_at"] >= known.looked_at
    newest = {name: case((is_newer, given[name]), else_=known[name]) for name in _NEWEST}
    added = {name: known[name] + given[name] for name in ("looks", "failed_looks", "seconds_sum")}
    return statement.on_conflict_do_update(index_elements=list(_KEY), set_={**newest, **added})


def _totals(row: sqlalchemy.RowMapping) -> LookTotals:
    last = LookRecord(
        item=Item(row["publisher"], row["item_id"]),
        version=row["version"],
        outcome=Outcome(row["outcome"]),
        sentence=row["sentence"],
        looked_at=row["looked_at"],
        seconds=row["seconds"],
        plan=row["plan"],
    )
    return LookTotals(last, row["looks"], row["failed_looks"], row["seconds_sum"])
