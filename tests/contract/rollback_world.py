"""A store in which a bad release was published, the steps of its rollback, and a process that dies where a test says."""

from datetime import timedelta
from typing import Any

import sqlalchemy

from factories import Clock, Shop, a_package
from guard.model import Release, ReleaseState
from guard.rollback.plan import RollbackPlan, StepName
from guard.rollback.reading_back import Patience, Records
from guard.rollback.steps import RollbackSteps
from guard.store.database import open_database
from guard.store.journal import Journal
from guard.store.releases import Releases
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus
from webstore.archive import Archive
from webstore.client import WebStoreClient
from webstore.versions import Version

V = Version.parse
QUICK = Patience(
    propagation=timedelta(seconds=0.2),
    settle=timedelta(seconds=0.05),
    poll=timedelta(seconds=0.01),
    answer=timedelta(seconds=0.05),
    processing=timedelta(seconds=2),
    review=timedelta(seconds=1.5),
    review_poll=timedelta(seconds=0.02),
)


class World:
    """A store in which 1.3.0 was published after 1.2.0, and the steps of its rollback."""

    def __init__(self, store: Shop, clock: Clock, folder, percentage: int = 100, database: sqlalchemy.Engine | None = None):
        self.store, self.clock = store, clock
        store.publish("1.3.0", percentage=percentage, a__js="bad")
        self.engine = database or open_database(f"sqlite:///{folder / 'guard.db'}")
        self.releases, self.journal, self.archive = Releases(self.engine), Journal(self.engine, clock), Archive(folder / "archive")
        self.digest = self.archive.add(a_package("1.2.0"), self.store.item, "test")
        self.releases.record(Release(store.item, V("1.2.0"), clock(), state=ReleaseState.GOOD, digest=self.digest))
        self.releases.record(Release(store.item, V("1.3.0"), clock(), percentage))
        self.plan = RollbackPlan(store.item, V("1.3.0"), V("1.2.0"), V("1.3.0.1"), "bad", automatic=True, from_percentage=percentage)
        self.journal.create(self.plan)
        self.health = CheckStatus.PASSED
        self.checked = []
        self.told = []
        self.patience = QUICK
        self.steps = self.process(store.api)

    def process(self, client: WebStoreClient, tell=None) -> RollbackSteps:
        """A process that knows only what is written down."""
        records = Records(self.journal, self.releases, self.archive)
        return RollbackSteps(client, self.store.service, records, self.check, self.clock, self.patience, tell)

    def check(self, package, baseline):
        self.checked.append((package.version, baseline and baseline.version))
        return CheckReport("x", str(package.version), (CheckResult(CheckName.LOAD, self.health),))

    def run(self, *names):
        return [self.steps.run(self.plan, name) for name in names or StepName]

    def attempts(self):
        return self.journal.get(self.plan.id).attempts

    def refuse_rollbacks(self) -> None:
        """The store does not offer its own rollback."""
        self.store.state.behaviour.offers_rollback = False

    def submit(self, version: str, *, staged: bool = False) -> None:
        """Somebody submits another version, which waits for review, or for its publisher."""
        if not staged:
            self.store.state.behaviour.review = timedelta(hours=1)
        self.store.state.upload(self.store.item, a_package(version).to_zip())
        self.store.state.publish(self.store.item, staged=staged)

    def published(self) -> list[tuple[str, str, int]]:
        """Every publication after the bad one: version, what made it, and its share of users."""
        history = self.store.state.history(self.store.item)
        return [(str(one.version), one.source.value, one.deploy_percentage) for one in history if one.version > V("1.3.0")]

    def is_restored(self) -> bool:
        """Whether users have the good version's code, published once."""
        newest = self.store.state.history(self.store.item)[-1]
        return len(self.published()) == 1 and newest.package.code_digest == self.digest

    def submissions(self) -> list[bool]:
        """Whether each submission asked to skip the review."""
        return [bool(call["body"].get("skipReview")) for call in self.store.calls("publish") if call["body"]]


class Killed(BaseException):
    """The process died."""


class Mortal:
    """A client whose process dies at its n-th call: before it is sent, or after it was carried out."""

    def __init__(self, client: WebStoreClient, call: int, *, before: bool) -> None:
        self._transport, self._send = client._transport, client._transport.call
        self._left, self._before = call, before

    def __enter__(self) -> None:
        self._transport.call = self._call

    def __exit__(self, *_error: object) -> None:
        self._transport.call = self._send

    def _call(self, *arguments: Any, **options: Any) -> bytes:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Killed
        try:
            return self._send(*arguments, **options)
        finally:
            if self._left == 0:
                raise Killed
