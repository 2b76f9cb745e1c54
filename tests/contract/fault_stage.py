"""A rollback that is played to its end against a local store, over a network that breaks, in time that only moves when something waits."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy

from contract import rollback_world
from contract.broken_network import BrokenNetwork, Killed, Script
from contract.rollback_bound import Bound, Cost
from factories import KEY, Clock, Shop, a_package
from guard.rollback.plan import RollbackState, StepName, StepState
from guard.rollback.reading_back import Patience
from guard.store.schema import metadata
from webstore.client import WebStoreClient
from webstore.errors import ReleaseGuardError
from webstore.simulator.listing import Behaviour
from webstore.transport import TimeLimits
from webstore.updates import UpdateService

LIMITS = TimeLimits()
"""The defaults, stalls of 30 s and all: they cost no real time."""
PATIENCE = Patience(propagation=timedelta(minutes=15), review_poll=timedelta(minutes=10))
"""The defaults, but for how often a review is looked at: once in 30 s would be 2,880 calls a day."""


class Stage(rollback_world.World):
    """A world whose calls go over a broken network; the guard in it may die and be followed by another."""

    def __init__(self, store: Shop, clock: Clock, folder: Path, script: Script, database: sqlalchemy.Engine | None = None) -> None:
        self.network = BrokenNetwork(clock, script)
        super().__init__(store, clock, folder, database=database)
        self.patience = PATIENCE
        self.deaths = 0
        self.start()

    def start(self) -> None:
        """A process of the guard, which knows only what is written down."""
        session, network = self.network.session(), self.network
        client = WebStoreClient(self.store.base_url, session, limits=LIMITS, sleep=network.sleep, clock=network.monotonic)
        self.store.service = UpdateService(self.store.update_url, session, clock=network.monotonic)
        self.steps = self.process(client)

    def play(self) -> ReleaseGuardError | None:
        """Run every step in its order, as the workflow does, with a new process for each that dies; what it failed with."""
        for name in StepName:
            self.journal.begin(self.plan.id, name)
            try:
                evidence = self._step(name)
            except ReleaseGuardError as error:
                self.journal.end(self.plan.id, name, StepState.FAILED, str(error))
                self.journal.finish(self.plan.id, RollbackState.FAILED, str(error))
                return error
            self.journal.end(self.plan.id, name, StepState.DONE, evidence)
        self.journal.finish(self.plan.id, RollbackState.COMPLETED)
        return None

    def _step(self, name: StepName) -> str:
        while True:
            try:
                return self.steps.run(self.plan, name)
            except Killed:
                self.deaths += 1
                self.start()

    @property
    def bound(self) -> Cost:
        """The longest that it may take. A process that dies begins its step anew, but not the patience with a review."""
        bound = Bound(LIMITS, self.patience)
        again = bound.whole.seconds - self.patience.review.total_seconds()
        return Cost(bound.whole.seconds + self.deaths * again, (1 + self.deaths) * bound.whole.sends)

    def must_have_kept_its_promises(self, failure: ReleaseGuardError | None, *, by_others: int = 0) -> None:
        """What holds however a rollback ends. ``by_others``: publications of somebody else."""
        seconds, network = self.network.monotonic(), self.network
        assert seconds <= self.bound.seconds
        assert len(network.sent) <= self.bound.sends
        for purpose in ("rollback", "cancel", "upload", "submit"):
            assert network.count(purpose, read=True) <= 3, purpose
        assert network.count("skip review", read=True) <= 1
        assert self.attempts() <= 3
        network.settle()
        ours = [one for one in self.published() if one[0] == "1.3.0.1"]
        assert len(ours) <= 1
        assert len(self.published()) <= 1 + by_others
        assert all(share == 100 for *_, share in ours)
        if failure is None:
            assert len(ours) == 1
            restored = next(one for one in self.store.state.history(self.store.item) if str(one.version) == "1.3.0.1")
            assert restored.package.code_digest == self.digest
        else:
            assert str(failure)
            assert failure.advice


@contextmanager
def anew(store: Shop, folder: Path, script: Script, seed: int = 0, database: sqlalchemy.Engine | None = None) -> Generator[Stage]:
    """A stage with the item as it was at first; what tries again waits in the stage's time, with jitter from a seed."""
    state = store.state
    state.add_item(store.item.publisher, a_package("1.2.0"), key=KEY)  # takes the place of the one that was there
    state.behaviour = Behaviour()
    stage = Stage(store, state.now, folder, script, database)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for module in ("tenacity.time", "tenacity.nap.time"):
                patch.setattr(module, stage.network.time)
            patch.setattr("tenacity.wait.random", random.Random(seed))
            yield stage
    finally:
        stage.network.close()
        with stage.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        stage.engine.dispose()
