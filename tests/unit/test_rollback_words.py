"""A rollback and the processes that carry rollbacks out, as a person reads them."""

from datetime import UTC, datetime, timedelta

import pytest

from guard.cli.console import Console
from guard.cli.rollbacks import show_rollback
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, StepName, StepRecord, StepState
from webstore.models import Item
from webstore.versions import Version

V = Version.parse
NOW = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
PLAN = RollbackPlan(Item("publisher", "a" * 32), V("1.3.0"), V("1.2.0"), V("1.3.0.1"), "popup is blank", automatic=True)
STOP = "stopped by a person's order: the rollback of 1.3.0 was called off by Bob: see INC-2026-0001"


def a_record(state, ended=(), last=None, *, asked=0, failure=""):
    """A rollback whose steps ``ended`` are done, and whose next one is in the state ``last``."""
    steps = []
    for name in StepName:
        attempts = asked if name is StepName.PERFORM else 0
        if name in ended:
            steps.append(StepRecord(name, StepState.DONE, attempts, NOW, NOW + timedelta(seconds=2), "seen"))
        elif last:
            steps.append(StepRecord(name, last, attempts, NOW, None if last is StepState.RUNNING else NOW, failure))
            last = None
        else:
            steps.append(StepRecord(name, StepState.PENDING, attempts))
    finished = None if state in {RollbackState.PLANNED, RollbackState.RUNNING} else NOW + timedelta(minutes=1)
    return RollbackRecord(PLAN, state, tuple(steps), NOW, finished, failure)


BEFORE = tuple(StepName)[:2]
PERFORMED = tuple(StepName)[:3]


TOLD = {
    "completed": (
        a_record(RollbackState.COMPLETED, tuple(StepName), asked=1),
        ["users get the code of 1.2.0 again, as 1.3.0.1 since 2026-07-01 02:01:00 UTC; the store was asked for it once"],
    ),
    "stopped": (
        a_record(RollbackState.STOPPED, BEFORE[:1], StepState.FAILED, failure=STOP),
        [
            "Stopped by a person's order: the rollback of 1.3.0 was called off by Bob: see INC-2026-0001",
            "users have what they had before: the store was not asked for it",
            "prepare stopped",
            "Never begun: perform, propagate, verify, update configuration",
        ],
    ),
    "failed before the store was asked": (
        a_record(RollbackState.FAILED, BEFORE[:1], StepState.FAILED, failure="no package"),
        ["No package", "users have what they had before: the store was not asked for it; a person must act", "prepare failed"],
    ),
    "failed while the store was asked": (
        a_record(RollbackState.FAILED, BEFORE, StepState.FAILED, asked=3, failure="not taken"),
        ["the store was asked for it 3 times; what it has published, `release-guard store status` shows: a person must act"],
    ),
    "failed afterwards": (
        a_record(RollbackState.FAILED, (*PERFORMED, StepName.PROPAGATE), StepState.FAILED, asked=1, failure="checks failed"),
        ["the rollback is in the store as 1.3.0.1, but it is not proved that users are well: a person must look"],
    ),
    "running": (
        a_record(RollbackState.RUNNING, BEFORE, StepState.RUNNING, asked=1),
        [
            "not at its end; the store was asked for it once",
            "perform running since 02:00:00",
            "To come: propagate, verify, update configuration",
        ],
    ),
    "planned": (a_record(RollbackState.PLANNED), ["not at its end; the store was not asked for it", "To come: validate target"]),
}


def test_every_state_is_told():
    assert {record.state for record, _ in TOLD.values()} == set(RollbackState)


@pytest.mark.parametrize(("record", "words"), TOLD.values(), ids=TOLD)
def test_a_rollback_says_how_it_ended_and_what_users_have(record, words, capsys):
    show_rollback(Console(), record)
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith(f"Rollback {record.state.value}: 1.3.0 to the code of 1.2.0 as 1.3.0.1")
    for expected in words:
        assert expected in out
