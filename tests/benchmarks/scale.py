"""What a tick of many items costs one watcher: every item inside its rollback window, five signals of release and baseline each.

    python tests/benchmarks/scale.py                # 100, 1,000 and 3,000 items, each in a process of its own
    python tests/benchmarks/scale.py 1000           # one of them
    python tests/benchmarks/scale.py 100 --profile  # where its time goes

Not part of the tests: all three take a few minutes. The store and two Sentries run in processes of their own, on the same cores; time is
a number that all of them share and that only moves between two ticks. The browser checks' result is given: they are another cost.
"""

import concurrent.futures
import cProfile
import hashlib
import itertools
import multiprocessing
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter

from guard import watcher as watcher_module
from guard.config import Config
from guard.engine import Engine, Guarded
from guard.localsentry.records import Record
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.model import Provenance, Release, ReleaseState
from guard.outcome import Outcome
from guard.store.database import open_database
from guard.store.releases import _row
from guard.store.schema import releases
from guard.watcher import Watcher
from healthchecks.differential import Differential, compare
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus
from webstore.crx import new_key
from webstore.models import Item
from webstore.package import Package
from webstore.simulator.listing import Listing, PublishedRevision, Source
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

PUBLISHER = "publisher"
RELEASED = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
OLD, NEW = "1.2.0", "1.3.0"
SENTRIES = 2
WARM_UP, MEASURED = 1, 4
FIRST_TICK_MINUTES = 45
"""After the release: most of the window, which is when a tick costs most, and more of it with each tick."""
POLL_SECONDS = 30
TOKEN = "RELEASE_GUARD_SENTRY_TOKEN"


def id_of(number):
    """An item's id, as the store's look."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32].translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))


def a_package(version):
    return Package.of({"manifest.json": f'{{"manifest_version": 3, "name": "Shelf", "version": "{version}"}}'.encode()})


def now_of(seconds):
    return lambda: datetime.fromtimestamp(seconds.value, UTC)


def run_store(numbers, seconds, pipe):
    """The local store, with one item for each number at the new version."""
    store, key, package = LocalStore(now_of(seconds)), new_key(), a_package(NEW)
    for number in numbers:
        item = Item(PUBLISHER, id_of(number))
        history = [PublishedRevision(package.version, package, Source.UPLOAD, RELEASED - timedelta(hours=1))]
        store._listings[item.id] = Listing(item, key, history, draft=None)
    with local_store(store) as address:
        pipe.send((address.base_url, address.update_url))
        pipe.recv()


def run_sentry(numbers, seconds, pipe):
    """A local Sentry that has heard of some items: a use and a request a minute of both versions, and the same hours of earlier weeks."""
    sentry = LocalSentry(now_of(seconds))
    for number in numbers:
        for version in (OLD, NEW):
            fill(sentry, f"item-{number}@{version}")
    with local_sentry(sentry) as address:
        pipe.send((address.base_url, address.token))
        pipe.recv()


def fill(sentry, release):
    """What a release reports from an hour before it was published to an hour after, and in four weeks before."""
    users = [{"release": release, "environment": "production", "user": f"user-{one}", "user.id": f"user-{one}"} for one in range(20)]
    span = {"span.status": "ok", "span.name": "collect", "span.duration": 120.0, "is_transaction": True}
    counter = {"metric.name": "ext.operation", "metric.type": "counter", "metric.unit": None, "value": 1}
    used = [{**user, **counter, "outcome": "ok"} for user in users]
    failed = [{**user, **counter, "outcome": "error"} for user in users]
    pages = [{**user, **span, "span.op": "function"} for user in users]
    requests = [{**user, **span, "span.op": "http.client", "is_transaction": False} for user in users]
    for week in range(5):
        for minute in range(-60, 60, 5 if week else 1):
            at, one = (RELEASED - timedelta(weeks=week, minutes=-minute)).timestamp() + 1, minute % 20
            sentry.rows("tracemetrics").add(Record(at, failed[one] if minute in {-30, 10} else used[one]))
            if not week:
                sentry.rows("spans").add(Record(at, pages[one]))
                sentry.rows("spans").add(Record(at, requests[one]))
    sentry.rows("errors").add(Record(RELEASED.timestamp() + 60, {**users[0], "message": "boom", "error.unhandled": True}))


class Checked(Guarded):
    """An extension whose checks have passed."""

    def check(self, package: Package, baseline: Package | None) -> CheckReport:
        return CheckReport(str(package.version), str(package.version), (CheckResult(CheckName.LOAD, CheckStatus.PASSED),))

    def check_side_by_side(self, package: Package, baseline: Package) -> Differential:
        return compare(self.check(package, baseline), self.check(baseline, None))


def configuration(count, folder, store, sentries) -> Config:
    def sentry_of(number) -> dict[str, Any]:
        base_url, _ = sentries[number % SENTRIES]
        names = {"organization": "local", "project": "extension", "environment": "production", "release": "{name}@{version}"}
        return {**names, "base_url": base_url, "token_env": f"{TOKEN}_{number % SENTRIES}"}

    extensions = [
        {"id": id_of(number), "publisher": PUBLISHER, "name": f"item-{number}", "sentry": sentry_of(number)} for number in range(count)
    ]
    table = {"base_url": store[0], "update_url": store[1], "credentials": "none", "requests_per_minute": 60_000}
    return Config.model_validate({"state": str(folder), "store": table, "mode": "act", "extension": extensions})


def release_all(engine):
    """The database as it is when every item has just been released: both versions recorded, and their packages kept."""
    rows, week = [], timedelta(days=7)
    for extension in engine.config.extension:
        for package, moment, state in (
            (a_package(OLD), RELEASED - week, ReleaseState.GOOD),
            (a_package(NEW), RELEASED, ReleaseState.WATCHED),
        ):
            digest = engine.archive.add(package, extension.item, "store")
            seen = Release(extension.item, package.version, moment, provenance=Provenance.UPLOAD, state=state, digest=digest)
            rows.append(_row(seen))
    with engine.database.begin() as connection:
        connection.execute(releases.insert(), rows)


def begin(kind, numbers, seconds):
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=kind, args=(numbers, seconds, theirs), daemon=True)
    process.start()
    return process, ours


def measure(count, *, profiled=False):
    seconds = multiprocessing.get_context("spawn").Value("d", RELEASED.timestamp())
    begun = [begin(run_store, range(count), seconds)]
    begun += [begin(run_sentry, range(place, count, SENTRIES), seconds) for place in range(SENTRIES)]
    store, *sentries = [pipe.recv() for _, pipe in begun]
    for place, (_, token) in enumerate(sentries):
        os.environ[f"{TOKEN}_{place}"] = token
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("RELEASE_GUARD_DATABASE_URL") or f"sqlite:///{folder}/guard.db"
        config = configuration(count, folder, store, sentries)
        engine = Engine(config, open_database(url), now=now_of(seconds))
        for extension in config.extension:
            engine._guarded[extension.id] = Checked(config, extension, Path(folder), engine.now, connections=engine.connections)
        release_all(engine)
        report(count, *ticks(Watcher(engine), seconds, count, profiled))
        engine.database.dispose()
    for process, pipe in begun:
        pipe.send("end")
        process.join()


class AtOnce(concurrent.futures.ThreadPoolExecutor):
    """Does everything in the thread that asks, which is the one that is profiled."""

    def submit(self, work, /, *given, **named):
        done = concurrent.futures.Future()
        done.set_result(work(*given, **named))
        return done


class Asked:
    """How many HTTP requests this process has made."""

    def __init__(self):
        self.count, send = itertools.count(), HTTPAdapter.send
        self.seen = 0

        def counted(*whom, **options):
            self.seen = next(self.count) + 1
            return send(*whom, **options)

        HTTPAdapter.send = counted


def ticks(watcher, seconds, count, profiled):
    """Of each tick that is measured: seconds, seconds of CPU, and requests."""
    profile, asked, found = cProfile.Profile(), Asked(), []
    if profiled:
        watcher_module.ThreadPoolExecutor = AtOnce
    seconds.value += 60 * FIRST_TICK_MINUTES
    for number in range(WARM_UP + MEASURED):
        if profiled and number == WARM_UP:
            profile.enable()
        before, began, used = asked.seen, time.perf_counter(), time.process_time()
        looked = watcher.tick()
        spent = time.perf_counter() - began, time.process_time() - used, asked.seen - before
        wrong = [tick for tick in looked if tick.outcome not in {Outcome.HEALTHY, Outcome.INCONCLUSIVE}]
        assert len(looked) == count, len(looked)
        assert not wrong, wrong[0]
        found.append(spent)
        print(f"  tick {number}: {spent[0]:.2f} s, {spent[1]:.2f} s of CPU; {looked[0].sentence[:150]}", file=sys.stderr, flush=True)
        seconds.value += POLL_SECONDS
    profile.disable()
    if profiled:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45).sort_stats("cumtime").print_stats(70)
    return found[0], found[WARM_UP:]


def report(count, first, found):
    elapsed, used, asked = (sum(values) / len(values) for values in zip(*found, strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count} items: a tick {elapsed:.1f} s, {used:.1f} s of CPU ({1000 * used / count:.1f} ms an item), {asked / count:.1f} requests an item; "
        f"the first {first[0]:.1f} s, {first[1]:.1f} s of CPU; at most {memory:.0f} MB",
        flush=True,
    )


def main(arguments):
    counts = [int(given) for given in arguments if given.isdecimal()]
    if len(counts) == 1:
        measure(counts[0], profiled="--profile" in arguments)
        return
    for count in counts or (100, 1_000, 3_000):
        subprocess.run([sys.executable, __file__, str(count)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
