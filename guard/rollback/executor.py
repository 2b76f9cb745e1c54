"""Runs rollbacks as durable workflows: a killed process is resumed at the step in which it died, and no step is done twice.

On SQLite one process acts at a time. On a shared PostgreSQL any number may, each on rollbacks of its own: a rollback is claimed, and a
living process takes over what a dead one held. Steps that the journal has as done are not run again, whoever did them, and the claim is
looked at before each: a process that only slept does not act beside its heir.
"""

import contextlib
import dataclasses
import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy

from guard.errors import ActorBusy, TakenOver
from guard.rollback import sentences
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, StepName, StepState, short_of_its_end
from guard.rollback.sqlite_clock import teach_clock
from guard.store.actor_lock import acting
from guard.store.claims import Claims
from guard.store.executors import Executor, Executors
from guard.store.heartbeat import alive
from guard.store.journal import Journal
from webstore.errors import ReleaseGuardError

if TYPE_CHECKING:
    from dbos import DBOS

_LOG = logging.getLogger(__name__)

ACTING = "act"
"""Role of a process while it carries out a rollback."""
WORKFLOW_VERSION = "2"
"""Workflows are only recovered by the same version: raise it when the steps change."""

_FAILED = "failed: "

RunStep = Callable[[RollbackPlan, StepName], str]
Report = Callable[[RollbackPlan, StepName, StepState, str], None]


def _silent(_plan: RollbackPlan, _step: StepName, _state: StepState, _evidence: str) -> None:
    """Report to nobody."""


@dataclasses.dataclass
class _Actor:
    """This process as one that acts, with what it holds."""

    me: Executor
    executors: Executors
    claims: Claims
    is_shared: bool
    """Whether other processes may act on the same database at once."""
    takes: dict[str, int] = dataclasses.field(default_factory=dict[str, int])
    """How often each rollback that it holds was taken, by its id."""

    def take(self, rollback_id: str) -> int:
        """Take a rollback, or keep what is held; how often it was taken.

        Raises:
            ActorBusy: another living process holds it.
        """
        if self.is_shared and rollback_id in self.takes:
            return self.takes[rollback_id]
        # Who holds the lock of a file is its only actor: whatever another has claimed there, it is dead.
        living = [one.id for one in self.executors.alive()] if self.is_shared else []
        takes = self.claims.take(rollback_id, self.me.id, living)
        if takes is None:
            raise ActorBusy(f"another release-guard process ({self.claims.holder(rollback_id)}) is carrying out {rollback_id}")
        self.takes[rollback_id] = takes
        return takes

    def must_hold(self, rollback_id: str) -> None:
        """Stop where another has taken over.

        Raises:
            TakenOver: another has.
        """
        if self.is_shared and not self.claims.holds(rollback_id, self.me.id, self.takes.get(rollback_id, 0)):
            raise TakenOver(f"{rollback_id} was taken over by {self.claims.holder(rollback_id)}")


class RollbackExecutor:
    """Executes plans; open it with `launched`, which holds the right to act on the database."""

    def __init__(self, journal: Journal, workflow: Callable[[str], None], dbos: "type[DBOS]", actor: _Actor) -> None:
        self._journal = journal
        self._workflow = workflow
        self._dbos = dbos
        self._actor = actor

    def execute(self, plan: RollbackPlan) -> RollbackRecord:
        """Run a plan to its end, or join the run of it that is under way; the journal's record of it.

        A failure is in the record, not raised.

        Raises:
            ActorBusy: another living process carries it out, or has taken it over meanwhile.
        """
        from dbos import SetWorkflowID  # noqa: PLC0415 - heavy, and only needed by commands that act
        from dbos import error as dbos_errors  # noqa: PLC0415 - as above

        record = self._journal.create(plan)
        if record.may_be_tried_again:
            return record
        takes = self._actor.take(plan.id)
        # The moment of planning makes a person's second try after a failure a workflow of its own; so does each taking over.
        name = f"{plan.id}@{record.created_at.timestamp():.6f}" + (f"#{takes}" if self._actor.is_shared else "")
        with SetWorkflowID(name):
            handle = self._dbos.start_workflow(self._workflow, plan.id)
        try:
            handle.get_result()
        except dbos_errors.DBOSException as error:  # killed and resumed too often, or its own journal is damaged: a person must look
            self._journal.finish(plan.id, RollbackState.FAILED, sentences.NO_END.say(error=type(error).__name__))
        return self._journal.get(plan.id)

    def reserve(self, plan: RollbackPlan) -> None:
        """Take a rollback before anything is said or done of it.

        Raises:
            ActorBusy: another living process carries it out.
        """
        self._actor.take(plan.id)

    def resume(self) -> list[RollbackRecord]:
        """Take every unfinished rollback to its end that no other living process carries out."""
        records: list[RollbackRecord] = []
        for record in self._journal.unfinished():
            try:
                records.append(self.execute(record.plan))
            except ActorBusy as busy:
                _LOG.info("%s", busy)
        return records


@contextlib.contextmanager
def launched(
    engine: sqlalchemy.Engine, journal: Journal, executors: Executors, run_step: RunStep, report: Report = _silent
) -> Generator[RollbackExecutor]:
    """An executor that may act on this database.

    Raises:
        ActorBusy: it is an SQLite file, and another process is acting on it.
    """
    from dbos import DBOS, DBOSConfig  # noqa: PLC0415 - heavy, and only needed by commands that act

    is_shared = engine.dialect.name != "sqlite"
    with contextlib.nullcontext() if is_shared else acting(engine), alive(executors, ACTING) as me:
        config: DBOSConfig = {
            "name": "release-guard",
            "system_database_url": _workflow_database(engine),
            "application_version": WORKFLOW_VERSION,
            "executor_id": me.id if is_shared else "local",
            "log_level": "ERROR",
            "console_log_level": "CRITICAL",
        }
        teach_clock()
        DBOS(config=config)
        actor = _Actor(me, executors, executors.claims, is_shared)
        workflow = _register(DBOS, journal, run_step, report, actor)
        try:
            DBOS.launch()
            yield RollbackExecutor(journal, workflow, DBOS, actor)
        finally:
            DBOS.destroy(destroy_registry=True)


def _register(dbos: "type[DBOS]", journal: Journal, run_step: RunStep, report: Report, actor: _Actor) -> Callable[[str], None]:
    """The workflow: every step in its order, each journalled by DBOS (what to resume) and by us (what to show)."""

    def run(rollback_id: str, name: str) -> str:
        actor.must_hold(rollback_id)
        step, record = StepName(name), journal.get(rollback_id)
        plan = record.plan
        if done := next((one for one in record.steps if one.name is step and one.state is StepState.DONE), None):
            return done.evidence
        journal.begin(rollback_id, step)
        report(plan, step, StepState.RUNNING, "")
        try:
            evidence = run_step(plan, step)
        except ReleaseGuardError as error:
            journal.end(rollback_id, step, StepState.FAILED, error.explain())
            report(plan, step, StepState.FAILED, str(error))
            return _FAILED + str(error)
        except Exception as error:  # noqa: BLE001 - a bug must end the rollback where all see it, never leave it running for ever
            _LOG.exception("rollback %s failed in %s", rollback_id, step)
            kind = type(error).__name__
            journal.end(rollback_id, step, StepState.FAILED, sentences.UNEXPECTED_ALONE.say(error=kind))
            return _FAILED + sentences.UNEXPECTED.say(error=kind, step=step)
        journal.end(rollback_id, step, StepState.DONE, evidence)
        report(plan, step, StepState.DONE, evidence)
        return evidence

    def finish(rollback_id: str, state: RollbackState, failure: str = "") -> None:
        actor.must_hold(rollback_id)
        journal.finish(rollback_id, state, failure)

    @dbos.workflow(name="rollback", max_recovery_attempts=20)
    def rollback(rollback_id: str) -> None:
        for name in StepName:
            evidence = dbos.run_step({"name": name.value}, run, rollback_id, name.value)
            if evidence.startswith(_FAILED):
                failure = evidence.removeprefix(_FAILED)
                dbos.run_step({"name": "fail"}, finish, rollback_id, short_of_its_end(failure), failure)
                return
        dbos.run_step({"name": "complete"}, finish, rollback_id, RollbackState.COMPLETED)

    return rollback


def _workflow_database(engine: sqlalchemy.Engine) -> str:
    """PostgreSQL: the same database (DBOS keeps to its own schema). SQLite: a file beside, so that writers do not wait for each other."""
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        return f"sqlite:///{path.with_name(path.stem + '.workflows.db')}"
    return engine.url.render_as_string(hide_password=False)
