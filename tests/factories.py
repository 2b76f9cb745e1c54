"""What tests are made of: valid by default; a test names only what matters to it."""

from datetime import UTC, datetime, timedelta

from webstore.crx import new_key
from webstore.package import Package
from webstore.simulator.running import RunningStore
from webstore.simulator.server import LocalStoreAddress
from webstore.simulator.state import LocalStore
from webstore.transport import TimeLimits
from webstore.versions import Version

KEY = new_key()
"""One for all items of the tests: making one takes longer than most of them."""


class Clock:
    """Time that only moves when a test says so."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


def a_package(version: str = "1.2.0", **files: str) -> Package:
    """A small package: valid by default."""
    manifest = f'{{"manifest_version": 3, "name": "Shelf", "version": "{version}"}}'
    return Package.of({"manifest.json": manifest.encode(), **{name.replace("__", "."): text.encode() for name, text in files.items()}})


class Shop(RunningStore):
    """A local store over HTTP with one item at 1.2.0, and a client of it that never really waits."""

    def __init__(self, state: LocalStore, address: LocalStoreAddress) -> None:
        super().__init__(state, address)
        self.item = self.add_item(a_package("1.2.0"), "publisher", key=KEY)
        self.pauses: list[float] = []
        self.api = self.client(limits=TimeLimits(attempts=3), sleep=self.pauses.append)
        self.service = self.updates()

    def publish(self, version: str, *, percentage: int = 100, **files: str) -> None:
        self.state.upload(self.item, a_package(version, **files).to_zip())
        self.state.publish(self.item, deploy_percentage=percentage)

    def stop_offering(self) -> None:
        """What is published from now on does not reach browsers that ask."""
        self.state.behaviour.propagation = timedelta(days=1)

    def rollbacks(self) -> list[Version]:
        return [revision.version for revision in self.state.history(self.item) if revision.source == "rollback"]
