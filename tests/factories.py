"""What tests are made of: valid by default; a test names only what matters to it."""

from datetime import UTC, datetime, timedelta

import requests

from webstore.client import WebStoreClient
from webstore.models import Item
from webstore.package import Package
from webstore.simulator.server import LocalStoreAddress
from webstore.simulator.state import LocalStore
from webstore.transport import Patience
from webstore.updates import UpdateService
from webstore.versions import Version


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


class RunningStore:
    """A local store over HTTP with one item at 1.2.0, and a client of it."""

    def __init__(self, state: LocalStore, address: LocalStoreAddress, item: Item) -> None:
        self.state = state
        self.address = address
        self.item = item
        self.session = requests.Session()
        self.client = WebStoreClient(address.base_url, self.session, patience=Patience(attempts=3), sleep=lambda _seconds: None)
        self.updates = UpdateService(address.update_url, self.session)

    def publish(self, version: str, *, percentage: int = 100, **files: str) -> None:
        self.state.upload(self.item, a_package(version, **files).to_zip())
        self.state.publish(self.item, deploy_percentage=percentage)

    def stop_offering(self) -> None:
        """What is published from now on does not reach browsers that ask."""
        self.state.behaviour.propagation = timedelta(days=1)

    def break_next(self, method: str, kind: str, *, status: int = 503, times: int = 1, skip: int = 0) -> None:
        faults = [{"method": method, "kind": kind, "status": status, "times": times, "skip": skip}]
        requests.post(f"{self.address.base_url}/_local/faults", json=faults, timeout=5).raise_for_status()

    def calls(self, method: str) -> list[dict[str, object]]:
        found = requests.get(f"{self.address.base_url}/_local/calls", timeout=5).json()
        return [call for call in found if call["method"] == method]

    def rollbacks(self) -> list[Version]:
        return [revision.version for revision in self.state.history(self.item) if revision.source == "rollback"]
