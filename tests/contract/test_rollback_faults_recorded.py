"""Rollbacks over a broken network as workflows on both databases, with stalls in real time, and the time that they may take as it is told."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from contract.broken_network import Fault, Killed
from contract.fault_stage import PATIENCE, anew
from contract.rollback_bound import Bound
from contract.rollback_world import World
from contract.test_rollback_faults import PASSING
from factories import Clock
from guard.rollback.errors import ReviewPending, RollbackFailed
from guard.rollback.executor import launched
from guard.rollback.plan import RollbackState, StepName, StepState
from guard.rollback.reading_back import Patience
from guard.store.executors import Executors
from guard.tables import WatchTable
from webstore.transport import TimeLimits
from webstore.updates import UpdateService


@pytest.mark.parametrize("way", ["own", "other"])
@pytest.mark.parametrize("seed", range(3))
def test_a_workflow_over_a_broken_network_ends_once_and_in_time(store, tmp_path, database, seed, way):
    rng = random.Random(f"{seed} {way}")

    def script(_purpose: str, _number: int) -> Fault | None:
        return rng.choice(PASSING) if rng.random() < 0.3 else None

    with anew(store, tmp_path, script, seed, database) as stage:
        store.state.behaviour.offers_rollback = way == "own"
        hearts = Executors(database, Clock())  # they beat in real time, and the stage's leaps by hours
        with launched(database, stage.journal, hearts, stage.steps.run) as executor:
            record = executor.execute(stage.plan)
        assert record.state in {RollbackState.COMPLETED, RollbackState.FAILED}
        stage.must_have_kept_its_promises(None if record.state is RollbackState.COMPLETED else RollbackFailed(record.failure))
        ended = [step for step in record.steps if step.state in {StepState.DONE, StepState.FAILED}]
        assert all(step.evidence and step.finished_at for step in ended)
        assert len(ended) == len(StepName) or ended[-1].state is StepState.FAILED


def test_a_process_that_dies_while_a_review_pends_leaves_what_is_left_of_the_day_to_the_next(store, tmp_path, database):
    with anew(store, tmp_path, lambda _purpose, _number: None, database=database) as stage:
        store.state.behaviour.offers_rollback = False
        store.state.behaviour.review = timedelta(days=30)

        def dies(_number: int) -> None:
            if stage.deaths < 2 and stage.network.monotonic() > (stage.deaths + 1) * 9 * 3600:
                raise Killed

        stage.network.before = dies
        failure = stage.play()
        assert isinstance(failure, ReviewPending)
        assert stage.deaths == 2
        assert 24 <= stage.network.monotonic() / 3600 < 24.5
        stage.must_have_kept_its_promises(failure)


@pytest.mark.parametrize("kind", ["hold", "slow_body"])
@pytest.mark.parametrize("way", ["own", "other"])
def test_stalls_of_real_seconds_at_every_kind_of_call(store, clock, tmp_path, kind, way):
    """The store does what it is asked, and each first answer comes later than anybody waits."""
    world = World(store, clock, tmp_path)
    world.submit("1.4.0", staged=True)
    store.state.behaviour.offers_rollback = way == "own"
    limits = TimeLimits(connect=1.0, read=1.0, upload=1.0, attempts=2, total=5.0)
    store.service = UpdateService(store.update_url, store.session, timeout_seconds=1.0, package_seconds=1.0)
    world.steps = world.process(store.client(limits=limits, sleep=store.pauses.append))
    for method in ("fetchStatus", "cancelSubmission", "rollback", "upload", "publish", "updateCheck", "package"):
        store.break_next(method, kind, seconds=0.02, skip=int(method == "rollback" and way == "own"))
    world.run()
    assert [(version, share) for version, _, share in world.published()] == [("1.3.0.1", 100)]
    assert world.is_restored()
    assert world.attempts() == 1
    store.release()
    world.engine.dispose()


def test_its_page_says_how_long_a_rollback_may_take():
    defaults = WatchTable()
    patience = Patience(
        propagation=timedelta(seconds=defaults.propagation_timeout_seconds),
        review=timedelta(seconds=defaults.review_timeout_seconds),
        review_poll=timedelta(seconds=defaults.poll_seconds),
    )
    assert patience.propagation == PATIENCE.propagation
    bound = Bound(TimeLimits(), patience)
    hours = bound.by_the_store.seconds / 3600, bound.whole.seconds / 3600
    said = "after {:.1f} hours at the latest by the store's own way, after {:.1f} where it goes on by the other".format(*hours)
    assert said in " ".join((Path(__file__).parents[2] / ".github" / "ROLLBACK.md").read_text().split())
