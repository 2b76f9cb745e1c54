"""Rollback drills, kept with the release and the baseline that they were made with."""

from datetime import datetime

import sqlalchemy
from sqlalchemy import select

from guard.store.schema import drills
from guard.store.upsert import upsert
from healthchecks.result import Drill, DrillVerdict
from webstore.models import Item
from webstore.versions import Version

_KEY = ("publisher", "item_id", "version", "baseline")
_FOUND = ("verdict", "lost_in_update", "lost_on_return", "reason", "drilled_at")


class Drills:
    """Questions and answers about drills, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def record(self, item: Item, version: Version, drill: Drill, at: datetime) -> None:
        """Keep what a drill found; the newest counts."""
        row = {
            "publisher": item.publisher,
            "item_id": item.id,
            "version": str(version),
            "baseline": drill.baseline,
            "verdict": drill.verdict.value,
            "lost_in_update": list(drill.lost_in_update),
            "lost_on_return": list(drill.lost_on_return),
            "reason": drill.reason,
            "drilled_at": at,
        }
        with self._engine.begin() as connection:
            upsert(connection, drills, row, key=_KEY, update=_FOUND)

    def find(self, item: Item, version: Version, baseline: Version) -> Drill | None:
        """What the drill of going back from ``version`` to ``baseline`` found; none when there was none."""
        statement = select(drills).where(
            drills.c.publisher == item.publisher,
            drills.c.item_id == item.id,
            drills.c.version == str(version),
            drills.c.baseline == str(baseline),
        )
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return _drill(row) if row else None

    def of(self, item: Item) -> dict[Version, Drill]:
        """The newest drill of each version of an item."""
        statement = select(drills).where(drills.c.publisher == item.publisher, drills.c.item_id == item.id).order_by(drills.c.drilled_at)
        with self._engine.connect() as connection:
            return {Version.parse(row["version"]): _drill(row) for row in connection.execute(statement).mappings()}


def _drill(row: sqlalchemy.RowMapping) -> Drill:
    return Drill(DrillVerdict(row["verdict"]), row["baseline"], tuple(row["lost_in_update"]), tuple(row["lost_on_return"]), row["reason"])
