"""A local store that runs, with what a test wants of it: the heart of the pytest fixture, for this project's tests and for others'."""

import contextlib
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from webstore.client import WebStoreClient
from webstore.models import Item
from webstore.package import Package
from webstore.simulator.accounts import Accounts
from webstore.simulator.server import LocalStoreAddress, local_store
from webstore.simulator.state import LocalStore
from webstore.updates import UpdateService

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SECONDS = 5


class RunningStore:
    """A local store over HTTP."""

    def __init__(self, state: LocalStore, address: LocalStoreAddress) -> None:
        self.state = state
        """The store itself: what it holds, and how it behaves (``state.behaviour``)."""
        self.address = address
        self.session = requests.Session()

    @property
    def base_url(self) -> str:
        """Address of the API, without a slash at its end."""
        return self.address.base_url

    @property
    def update_url(self) -> str:
        """Address of the update service."""
        return self.address.update_url

    def add_item(
        self,
        package: Package | Path | bytes,
        publisher: str = "test-publisher",
        *,
        published: bool = True,
        key: "RSAPrivateKey | None" = None,
    ) -> Item:
        """A new item with its first version; a folder, a zip or a CRX is read. Its id follows from ``key``; by default a new one."""
        content = package if isinstance(package, Package) else Package.read(package)
        return self.state.add_item(publisher, content, key=key, published=published)

    def client(self, **options: Any) -> WebStoreClient:
        """Our own client of it; ``options`` as `WebStoreClient` takes them."""
        return WebStoreClient(self.base_url, self.session, **options)

    def updates(self) -> UpdateService:
        """Our own client of the update service."""
        return UpdateService(self.update_url, self.session)

    def break_next(self, method: str, kind: str, **fault: Any) -> None:
        """Let a fault happen at the next call of a method (`webstore.simulator.faults.Fault`)."""
        self._local("POST", "faults", [{"method": method, "kind": kind, **fault}])

    def release(self) -> None:
        """Let held answers go."""
        self._local("POST", "release")

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Every call of a method that was received, the oldest first."""
        return [call for call in self._local("GET", "calls") if call["method"] == method]

    def add_account(self, kind: str, *publishers: str) -> dict[str, Any]:
        """Credentials of a new account; from now on every call needs some."""
        return self._local("POST", "accounts", {"kind": kind, "publishers": publishers})

    def change_item(self, item: Item, **setting: Any) -> dict[str, Any]:
        """Set what the store knows of an item (`webstore.simulator.control.ItemSetting`)."""
        return self._local("PATCH", f"items/{item.id}", setting)

    def _local(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, f"{self.base_url}/_local/{path}", json=body, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def running_store(now: Callable[[], datetime] = lambda: datetime.now(UTC), accounts: Accounts | None = None) -> Generator[RunningStore]:
    """Run an empty local store for as long as the block lasts."""
    state = LocalStore(now)
    with local_store(state, accounts=accounts) as address:
        running = RunningStore(state, address)
        with contextlib.closing(running.session):
            yield running
