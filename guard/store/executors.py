"""Who is alive, and who watches what: processes that share a database, with a heartbeat each, and items that are spread over them.

A lease holds as long as its holder's heart beats. Observation does no harm when two do it at once, so a process that was only slow to beat
does none either.
"""

import dataclasses
import math
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import delete, or_, select, update

from guard.errors import ActorBusy
from guard.store.claims import Claims
from guard.store.schema import executors, leases
from guard.store.upsert import upsert
from webstore.models import Item

BEAT = timedelta(seconds=5)
"""How often a heart beats."""
DEAD_AFTER = timedelta(seconds=20)
"""A process that was not heard of for so long is taken for dead, and its work is taken over."""
_FORGOTTEN_AFTER = timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Executor:
    """One process."""

    id: str
    role: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether its heart beats."""
        return now - self.seen_at <= DEAD_AFTER


class Executors:
    """The processes that share a database."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now
        self.claims = Claims(engine, now)
        """What they act on."""

    def join(self, role: str) -> Executor:
        """Enter this process; those that have been dead for a day are forgotten."""
        now = self._now()
        me = Executor(
            f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}", role, socket.gethostname()[:60], os.getpid(), now, now
        )
        with self._engine.begin() as connection:
            connection.execute(delete(executors).where(executors.c.seen_at < now - _FORGOTTEN_AFTER))
            upsert(connection, executors, dataclasses.asdict(me), key=("id",))
        return me

    def beat(self, executor: Executor) -> None:
        """Say that a process is alive; one that was forgotten is entered again."""
        row = {**dataclasses.asdict(executor), "seen_at": self._now()}
        with self._engine.begin() as connection:
            upsert(connection, executors, row, key=("id",), update=("seen_at",))

    def leave(self, executor: Executor) -> None:
        """Take a process out, and give back what it watched."""
        with self._engine.begin() as connection:
            connection.execute(delete(leases).where(leases.c.executor_id == executor.id))
            connection.execute(delete(executors).where(executors.c.id == executor.id))

    def all(self) -> list[Executor]:
        """Every process that is known, the newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(executors).order_by(executors.c.started_at.desc())).mappings()
            return [Executor(**row) for row in rows]

    def alive(self, role: str | None = None) -> list[Executor]:
        """Those whose hearts beat; all of them, or those of one role."""
        now = self._now()
        return [found for found in self.all() if found.is_alive(now) and role in {None, found.role}]

    def must_be_free(self, rollback_id: str) -> None:
        """Stop where a living process carries a rollback out. On a file the lock of the one actor says so, and at once.

        Raises:
            ActorBusy: one does.
        """
        if self._engine.dialect.name == "sqlite":
            return
        holder = self.claims.holder(rollback_id)
        if holder is not None and holder in {one.id for one in self.alive()}:
            raise ActorBusy(f"another release-guard process ({holder}) is carrying out {rollback_id}")

    def watched(self) -> dict[str, list[Item]]:
        """What each process watches, by its id."""
        found: dict[str, list[Item]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(select(leases).order_by(leases.c.item_id)).mappings():
                found.setdefault(row["executor_id"], []).append(Item(row["publisher"], row["item_id"]))
        return found

    def hold(self, executor: Executor, items: Sequence[Item]) -> list[Item]:
        """Take this process's share of the items: give back what it holds too much, and take free ones where it holds too little.

        Free is what nobody holds, or what the dead held. An item is held by one process only: the database decides.
        """
        alive = self.alive(executor.role)
        share = math.ceil(len(items) / max(len(alive), 1))
        wanted = set(items)
        with self._engine.begin() as connection:
            mine = select(leases).where(leases.c.executor_id == executor.id).order_by(leases.c.item_id)
            held = [Item(row["publisher"], row["item_id"]) for row in connection.execute(mine).mappings()]
            kept = [item for item in held if item in wanted][:share]
            for item in set(held) - set(kept):
                connection.execute(delete(leases).where(_is(item), leases.c.executor_id == executor.id))
            living = [one.id for one in alive]
            by_others = (leases.c.executor_id != executor.id) & leases.c.executor_id.in_(living)
            taken = {Item(row["publisher"], row["item_id"]) for row in connection.execute(select(leases).where(by_others)).mappings()}
        for item in items:
            if len(kept) >= share:
                break
            if item not in taken and item not in kept and self._take(item, executor, living):
                kept.append(item)
        mine_now = set(kept)
        return [item for item in items if item in mine_now]

    def _take(self, item: Item, executor: Executor, living: Sequence[str]) -> bool:
        row = {"publisher": item.publisher, "item_id": item.id, "executor_id": executor.id, "taken_at": self._now()}
        with self._engine.begin() as connection:
            if upsert(connection, leases, row, key=("publisher", "item_id")):
                return True
            statement = (
                update(leases)
                .where(_is(item), or_(leases.c.executor_id == executor.id, leases.c.executor_id.not_in(living)))
                .values(executor_id=executor.id, taken_at=self._now())
            )
            return connection.execute(statement.returning(leases.c.item_id)).first() is not None


def _is(item: Item) -> sqlalchemy.ColumnElement[bool]:
    return (leases.c.publisher == item.publisher) & (leases.c.item_id == item.id)
