"""The journal of rollbacks: the intent is written before the act, the result after it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, select, update

from guard.decision.orders import STOPPED
from guard.errors import NotRecorded
from guard.rollback.errors import Stopped
from guard.rollback.plan import Act, ActRecord, ActState, RollbackPlan, RollbackRecord, RollbackState, StepName, StepRecord, StepState
from guard.store.asking import called_off, hold, was_asked
from guard.store.schema import rollback_acts, rollback_steps, rollbacks
from guard.store.upsert import upsert
from webstore.models import Item
from webstore.versions import Version

_UNFINISHED = (RollbackState.PLANNED.value, RollbackState.RUNNING.value)
_TO_BE_TRIED_AGAIN = (RollbackState.FAILED.value, RollbackState.STOPPED.value)


class Journal:
    """Rollbacks and their steps."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def create(self, plan: RollbackPlan) -> RollbackRecord:
        """Write a plan with all its steps pending. A plan for the same release is already there: then that one is given back."""
        with self._engine.begin() as connection:
            self._insert(connection, plan)
        return self.get(plan.id)

    def restart(self, plan: RollbackPlan) -> RollbackRecord:
        """Forget a failed or stopped rollback of the same release, so that a person can try again with another plan.

        What may still be under way at the store is not forgotten: an open call for a rollback, and a submission of the same code.
        """
        with self._engine.begin() as connection:
            ended = (rollbacks.c.id == plan.id) & rollbacks.c.state.in_(_TO_BE_TRIED_AGAIN)
            row = connection.execute(select(rollbacks).where(ended)).mappings().first()
            if row is not None:
                is_same = (row["target"], row["new_version"]) == (str(plan.target), str(plan.new_version))
                kept = [act for act in connection.execute(_acts_of(plan.id)).mappings().all() if _outlives(act, is_same=is_same)]
                for table in (rollback_acts, rollback_steps):
                    connection.execute(table.delete().where(table.c.rollback_id == plan.id))
                connection.execute(rollbacks.delete().where(ended))
                self._insert(connection, plan)
                for act in kept:
                    connection.execute(insert(rollback_acts).values({**act, "attempts": 0}))
        return self.create(plan)

    def get(self, rollback_id: str) -> RollbackRecord:
        """A rollback with its steps.

        Raises:
            NotRecorded: there is none of that id.
        """
        found = self.find(rollback_id)
        if found is None:
            raise NotRecorded(f"no rollback {rollback_id} is recorded")
        return found

    def find(self, rollback_id: str) -> RollbackRecord | None:
        """A rollback with its steps, if there is one of that id."""
        with self._engine.connect() as connection:
            row = connection.execute(select(rollbacks).where(rollbacks.c.id == rollback_id)).mappings().first()
            if row is None:
                return None
            steps = connection.execute(
                select(rollback_steps).where(rollback_steps.c.rollback_id == rollback_id).order_by(rollback_steps.c.position)
            ).mappings()
            return record_of(row, tuple(step_of(step) for step in steps))

    def all(self, item: Item) -> list[RollbackRecord]:
        """Every rollback of an item, the newest first."""
        return self._where((rollbacks.c.publisher == item.publisher) & (rollbacks.c.item_id == item.id))

    def unfinished(self) -> list[RollbackRecord]:
        """Those that were begun, or only planned, when a process died."""
        return self._where(rollbacks.c.state.in_(_UNFINISHED))

    def automatic_since(self, item: Item, since: datetime) -> int:
        """How many rollbacks the guard began by itself."""
        statement = select(func.count()).where(
            rollbacks.c.publisher == item.publisher,
            rollbacks.c.item_id == item.id,
            rollbacks.c.automatic.is_(True),
            rollbacks.c.created_at >= since,
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one()

    def begin(self, rollback_id: str, step: StepName) -> None:
        """Write that a step is being run, before anything of it is done."""
        with self._engine.begin() as connection:
            connection.execute(update(rollbacks).where(rollbacks.c.id == rollback_id).values(state=RollbackState.RUNNING.value))
            connection.execute(
                _one(rollback_steps, rollback_id, step).values(
                    state=StepState.RUNNING.value,
                    started_at=func.coalesce(rollback_steps.c.started_at, sqlalchemy.bindparam("at", self._now())),
                )
            )

    def count_attempt(self, rollback_id: str, step: StepName) -> int:
        """Write that the world is about to be changed; how often that makes it. Durable, so a crash loop runs out too.

        Raises:
            Stopped: a person has called it off before the store was asked.
        """
        with self._engine.begin() as connection:
            hold(connection, rollback_id)
            if (no := called_off(connection, rollback_id)) and not was_asked(connection, rollback_id):
                raise Stopped(f"{STOPPED}: {no}")
            statement = _one(rollback_steps, rollback_id, step).values(attempts=rollback_steps.c.attempts + 1)
            return connection.execute(statement.returning(rollback_steps.c.attempts)).scalar_one()

    def note(self, rollback_id: str, step: StepName, evidence: str) -> None:
        """Write what a step that takes long has come to so far, for those who look meanwhile."""
        with self._engine.begin() as connection:
            connection.execute(_one(rollback_steps, rollback_id, step).values(evidence=evidence))

    def begin_act(self, rollback_id: str, act: Act, words: str = "") -> int:
        """Write that something is about to be done to the world; how often that makes it."""
        row = {
            "rollback_id": rollback_id,
            "name": act.value,
            "state": ActState.OPEN.value,
            "attempts": 0,
            "words": words,
            "at": self._now(),
        }
        with self._engine.begin() as connection:
            upsert(connection, rollback_acts, row, key=("rollback_id", "name"), update=("state", "words", "at"))
            counted = _one(rollback_acts, rollback_id, act).values(attempts=rollback_acts.c.attempts + 1)
            return connection.execute(counted.returning(rollback_acts.c.attempts)).scalar_one()

    def end_act(self, rollback_id: str, act: Act, state: ActState, words: str | None = None) -> None:
        """Write what came of it; ``words`` where there is more to know than before."""
        values = {"state": state.value, "at": self._now(), **({} if words is None else {"words": words})}
        with self._engine.begin() as connection:
            connection.execute(_one(rollback_acts, rollback_id, act).values(**values))

    def was_asked(self, rollback_id: str) -> bool:
        """Whether a rollback may have reached users already."""
        with self._engine.connect() as connection:
            return was_asked(connection, rollback_id)

    def act(self, rollback_id: str, act: Act) -> ActRecord | None:
        """What is known of an act; none when it was never begun."""
        statement = _acts_of(rollback_id).where(rollback_acts.c.name == act.value)
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return ActRecord(ActState(row["state"]), row["attempts"], row["words"], row["at"]) if row else None

    def end(self, rollback_id: str, step: StepName, state: StepState, evidence: str) -> None:
        """Write how a step ended, and what shows it."""
        with self._engine.begin() as connection:
            connection.execute(
                _one(rollback_steps, rollback_id, step).values(state=state.value, finished_at=self._now(), evidence=evidence)
            )

    def finish(self, rollback_id: str, state: RollbackState, failure: str = "") -> None:
        """Write how the rollback ended."""
        with self._engine.begin() as connection:
            connection.execute(
                update(rollbacks).where(rollbacks.c.id == rollback_id).values(state=state.value, finished_at=self._now(), failure=failure)
            )

    def _insert(self, connection: sqlalchemy.Connection, plan: RollbackPlan) -> None:
        row = {
            "id": plan.id,
            "publisher": plan.item.publisher,
            "item_id": plan.item.id,
            "from_version": str(plan.from_version),
            "target": str(plan.target),
            "new_version": str(plan.new_version),
            "reason": plan.reason,
            "automatic": plan.automatic,
            "from_percentage": plan.from_percentage,
            "state": RollbackState.PLANNED.value,
            "created_at": self._now(),
        }
        if upsert(connection, rollbacks, row, key=("id",)):
            connection.execute(
                insert(rollback_steps),
                [
                    {"rollback_id": plan.id, "name": name.value, "position": position, "state": StepState.PENDING.value, "attempts": 0}
                    for position, name in enumerate(StepName)
                ],
            )

    def _where(self, condition: sqlalchemy.ColumnElement[bool]) -> list[RollbackRecord]:
        with self._engine.connect() as connection:
            ids = connection.execute(select(rollbacks.c.id).where(condition).order_by(rollbacks.c.created_at.desc())).scalars().all()
        return [self.get(rollback_id) for rollback_id in ids]


def _one(table: sqlalchemy.Table, rollback_id: str, name: StepName | Act) -> sqlalchemy.Update:
    return update(table).where(table.c.rollback_id == rollback_id, table.c.name == name.value)


def _acts_of(rollback_id: str) -> sqlalchemy.Select[Any]:
    return select(rollback_acts).where(rollback_acts.c.rollback_id == rollback_id)


def _outlives(act: Any, *, is_same: bool) -> bool:
    """Whether an act of a rollback that ended short matters to the next one: ``is_same`` code under the same number."""
    name = Act(act["name"])
    if name is Act.STORE_ROLLBACK:
        return act["state"] == ActState.OPEN.value
    return is_same and name in {Act.SKIP_REVIEW, Act.SUBMIT} and act["state"] != ActState.REFUSED.value


def step_of(row: Any) -> StepRecord:
    """The step in a row of its table."""
    return StepRecord(
        StepName(row["name"]), StepState(row["state"]), row["attempts"], row["started_at"], row["finished_at"], row["evidence"]
    )


def record_of(row: Any, steps: tuple[StepRecord, ...]) -> RollbackRecord:
    """The rollback in a row of its table, with its steps."""
    plan = RollbackPlan(
        Item(row["publisher"], row["item_id"]),
        Version.parse(row["from_version"]),
        Version.parse(row["target"]),
        Version.parse(row["new_version"]),
        row["reason"],
        row["automatic"],
        row["from_percentage"],
    )
    return RollbackRecord(plan, RollbackState(row["state"]), steps, row["created_at"], row["finished_at"], row["failure"])
