"""One actor a rollback, however many processes share the database: the update is the lock, held while its holder's heart beats."""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy
from sqlalchemy import or_, select, update

from guard.store.schema import claims
from guard.store.upsert import upsert


class Claims:
    """Who acts on which rollback."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def take(self, rollback_id: str, executor_id: str, living: Collection[str]) -> int | None:
        """Take a rollback that nobody holds, or the dead held; how often it has been taken then, and none where a living one holds it.

        Of many that ask at once one gets it. Its holder may take it again, which counts as well.
        """
        row = {"rollback_id": rollback_id, "executor_id": executor_id, "takes": 1, "taken_at": self._now()}
        with self._engine.begin() as connection:
            if upsert(connection, claims, row, key=("rollback_id",)):
                return 1
            others = [one for one in living if one != executor_id]
            statement = (
                update(claims)
                .where(claims.c.rollback_id == rollback_id)
                .where(or_(claims.c.executor_id == executor_id, claims.c.executor_id.not_in(others)))
                .values(executor_id=executor_id, takes=claims.c.takes + 1, taken_at=self._now())
            )
            return connection.execute(statement.returning(claims.c.takes)).scalar_one_or_none()

    def holder(self, rollback_id: str) -> str | None:
        """The id of the process that holds a rollback."""
        with self._engine.connect() as connection:
            return connection.execute(select(claims.c.executor_id).where(claims.c.rollback_id == rollback_id)).scalar_one_or_none()

    def holds(self, rollback_id: str, executor_id: str, takes: int) -> bool:
        """Whether a process still holds what it took: asked before each step, so that one that only slept does not act beside its heir."""
        with self._engine.connect() as connection:
            statement = select(claims.c.takes).where(claims.c.rollback_id == rollback_id, claims.c.executor_id == executor_id)
            return connection.execute(statement).scalar_one_or_none() == takes

    def held(self) -> dict[str, list[str]]:
        """The rollbacks that each process holds or held, by the process's id."""
        found: dict[str, list[str]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(select(claims).order_by(claims.c.rollback_id)).mappings():
                found.setdefault(row["executor_id"], []).append(row["rollback_id"])
        return found
