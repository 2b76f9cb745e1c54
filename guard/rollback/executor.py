"""Runs rollbacks as durable workflows: a killed process is resumed at the step in which it died, and no step is done twice."""

import contextlib
import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy

from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, StepName, StepState
from guard.store.actor_lock import acting
from guard.store.journal import Journal
from webstore.errors import ReleaseGuardError

if TYPE_CHECKING:
    from dbos import DBOS

_LOG = logging.getLogger(__name__)

WORKFLOW_VERSION = "1"
"""Workflows are only recovered by the same version: raise it when the steps change."""

_FAILED = "failed: "

RunStep = Callable[[RollbackPlan, StepName], str]
Report = Callable[[RollbackPlan, StepName, StepState, str], None]


def _silent(_plan: RollbackPlan, _step: StepName, _state: StepState, _evidence: str) -> None:
    """Report to nobody."""


class RollbackExecutor:
    """Executes plans; open it with `launched`, which holds the right to act on the database."""

    def __init__(self, journal: Journal, workflow: Callable[[str], None], dbos: "type[DBOS]") -> None:
        self._journal = journal
        self._workflow = workflow
        self._dbos = dbos

    def execute(self, plan: RollbackPlan) -> RollbackRecord:
        """Run a plan to its end, or join the run of it that is under way; the journal's record of it.

        A failure is in the record, not raised.
        """
        from dbos import SetWorkflowID  # noqa: PLC0415 - heavy, and only needed by commands that act
        from dbos import error as dbos_errors  # noqa: PLC0415 - as above

        record = self._journal.create(plan)
        if record.state is RollbackState.FAILED:
            return record
        # The moment of planning makes a person's second try after a failure a workflow of its own.
        with SetWorkflowID(f"{plan.id}@{record.created_at.timestamp():.6f}"):
            handle = self._dbos.start_workflow(self._workflow, plan.id)
        try:
            handle.get_result()
        except dbos_errors.DBOSException as error:  # killed and resumed too often, or its own journal is damaged: a person must look
            self._journal.finish(plan.id, RollbackState.FAILED, f"the workflow cannot be taken to its end ({type(error).__name__})")
        return self._journal.get(plan.id)

    def resume(self) -> list[RollbackRecord]:
        """Take every unfinished rollback to its end."""
        return [self.execute(record.plan) for record in self._journal.unfinished()]


@contextlib.contextmanager
def launched(engine: sqlalchemy.Engine, journal: Journal, run_step: RunStep, report: Report = _silent) -> Generator[RollbackExecutor]:
    """An executor that holds the right to act on this database.

    Raises:
        ActorBusy: another process is acting.
    """
    from dbos import DBOS, DBOSConfig  # noqa: PLC0415 - heavy, and only needed by commands that act

    with acting(engine):
        config: DBOSConfig = {
            "name": "release-guard",
            "system_database_url": _workflow_database(engine),
            "application_version": WORKFLOW_VERSION,
            "executor_id": "local",
            "log_level": "ERROR",
            "console_log_level": "CRITICAL",
        }
        DBOS(config=config)
        workflow = _register(DBOS, journal, run_step, report)
        try:
            DBOS.launch()
            yield RollbackExecutor(journal, workflow, DBOS)
        finally:
            DBOS.destroy(destroy_registry=True)


def _register(dbos: "type[DBOS]", journal: Journal, run_step: RunStep, report: Report) -> Callable[[str], None]:
    """The workflow: every step in its order, each journalled by DBOS (what to resume) and by us (what to show)."""

    def run(rollback_id: str, name: str) -> str:
        step, plan = StepName(name), journal.get(rollback_id).plan
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
            journal.end(rollback_id, step, StepState.FAILED, f"unexpected {type(error).__name__}")
            return f"{_FAILED}unexpected {type(error).__name__} in {step}"
        journal.end(rollback_id, step, StepState.DONE, evidence)
        report(plan, step, StepState.DONE, evidence)
        return evidence

    @dbos.workflow(name="rollback", max_recovery_attempts=20)
    def rollback(rollback_id: str) -> None:
        for name in StepName:
            evidence = dbos.run_step({"name": name.value}, run, rollback_id, name.value)
            if evidence.startswith(_FAILED):
                dbos.run_step({"name": "fail"}, journal.finish, rollback_id, RollbackState.FAILED, evidence.removeprefix(_FAILED))
                return
        dbos.run_step({"name": "complete"}, journal.finish, rollback_id, RollbackState.COMPLETED)

    return rollback


def _workflow_database(engine: sqlalchemy.Engine) -> str:
    """PostgreSQL: the same database (DBOS keeps to its own schema). SQLite: a file beside, so that writers do not wait for each other."""
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        return f"sqlite:///{path.with_name(path.stem + '.workflows.db')}"
    return engine.url.render_as_string(hide_password=False)
