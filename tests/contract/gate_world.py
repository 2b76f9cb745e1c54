"""A world for the gate, the watcher and the manual door: everything over HTTP, and the browser's word given by the test."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy
from requests.adapters import HTTPAdapter

from contract.sentry_world import World as Reports
from factories import Clock, Shop
from guard.config import Config
from guard.engine import Engine, Guarded
from guard.gate import Gate
from guard.localsentry.server import LocalSentryAddress
from guard.outcome import GuardResult
from healthchecks.differential import compare
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Drill, Finding
from webstore.versions import Version

V = Version.parse
_NOBODY = "127.0.0.1:9"
"""Where nothing listens."""


class Told(Guarded):
    """An extension whose checks fail for the versions that a test names."""

    failing: frozenset[str] = frozenset()
    broken: Exception | None = None
    drill: Drill | None = None
    passing_time: Callable[[], None] = staticmethod(lambda: None)
    """Called for each check: a real one takes a while."""

    def check(self, package, baseline):
        self.passing_time()
        if self.broken:
            raise self.broken
        version = str(package.version)
        finding = [Finding("x", "popup throws", "")] if version in self.failing else []
        data = CheckResult(CheckName.DATA, CheckStatus.PASSED, drill=self.drill if baseline else None)
        return CheckReport(version, version, (CheckResult(CheckName.LOAD, CheckStatus.PASSED), CheckResult.of(CheckName.UI, finding), data))

    def check_side_by_side(self, package, baseline):
        return compare(self.check(package, baseline), self.check(baseline, None))


class World:
    def __init__(self, store: Shop, clock: Clock, engine: Engine, guarded: Told):
        self.store, self.clock, self.engine, self.guarded = store, clock, engine, guarded

    @classmethod
    def open(cls, store: Shop, clock: Clock, database: sqlalchemy.Engine, config: Config) -> "World":
        """A process of its own, on a database that others may share."""
        engine = Engine(config, database, now=clock)
        guarded = Told(config, config.extension[0], config.state, clock)
        guarded.__dict__["store"] = guarded.__dict__["store_reader"] = store.api
        engine._guarded[guarded.extension.id] = guarded
        return cls(store, clock, engine, guarded)

    def another_process(self) -> "World":
        """One that knows only what the database holds."""
        return World.open(self.store, self.clock, self.engine.database, self.engine.config)

    def gate(self, version: str | None = "1.3.0", meanwhile: Callable[[float], None] = lambda _seconds: None) -> GuardResult:
        """``meanwhile`` is told after each pause how many seconds the gate has paused in all."""
        paused = 0.0

        def pause(seconds: float) -> None:
            nonlocal paused
            self.clock.forward(seconds=seconds)
            paused += seconds
            meanwhile(paused)

        return Gate(self.engine, self.guarded, pause).run(version and V(version))

    def state_of(self, version):
        return self.engine.releases.find(self.store.item, V(version)).state


class Network:
    """What can be reached from here; a host that is down does not answer at all."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self._send = HTTPAdapter.send

    def cut(self, *addresses: str) -> None:
        self.down |= {urlsplit(address).netloc for address in addresses}

    def send(self, adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        host = urlsplit(str(request.url)).netloc
        if host in self.down:
            request.url = str(request.url).replace(host, _NOBODY)
        return self._send(adapter, request, **options)


class Visitors:
    """Users whose sessions a local Sentry hears of."""

    def __init__(self, reports: Reports) -> None:
        self.reports, self.state = reports, reports.state

    @property
    def address(self) -> LocalSentryAddress:
        return self.reports.address

    def settings(self, *, settle_seconds: float = 0.0, **watch: Any) -> dict[str, Any]:
        """A configuration that reads them and acts."""
        table = {"base_url": self.address.base_url, "organization": "local", "project": "extension", "settle_seconds": settle_seconds}
        return {
            "mode": "act",
            "sentry": table,
            "watch": {"propagation_timeout_seconds": 2, "recovery_timeout_seconds": 60, "live_timeout_seconds": 120, **watch},
        }

    def come(self, version: str, count: int, failing: int = 0, *, seconds_ago: float = 0.0) -> None:
        """So many sessions, the first of them failing; what begins at the moment of a poll is part of the next one."""
        started = self.reports.clock() - timedelta(seconds=seconds_ago)
        for number, status in ((failing, "unhandled"), (count - failing, "exited")):
            if number:
                self.state.add_sessions(release=f"shelf@{version}", environment="production", started=started, count=number, status=status)


class PassingTime:
    """The time of what tries again: a pause passes at once."""

    def __init__(self) -> None:
        self._slept = 0.0

    def sleep(self, seconds: float) -> None:
        self._slept += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._slept


def without_pauses(monkeypatch: Any) -> None:
    """What tries again does so at once, and gives up when it would have."""
    passing = PassingTime()
    for module in ("tenacity.time", "tenacity.nap.time"):
        monkeypatch.setattr(module, passing)
