"""One rehearsal: stand-ins are started, a configuration is written, and then the ordinary gate does its work."""

import dataclasses
import json
import os
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from guard.config import load
from guard.engine import Engine, utc_now
from guard.localsentry.server import LocalSentryAddress, local_sentry
from guard.localsentry.state import LocalSentry
from guard.observing import snapshot
from guard.outcome import GuardResult
from guard.progress import Progress
from guard.rehearsal import sample
from guard.rehearsal.proof import look, misses
from guard.rehearsal.scenarios import Scenario, Telling, Way
from guard.rehearsal.telling import Stage, tell
from guard.rehearsal.users import ENVIRONMENT, Crowd, Rollout
from guard.reporting import Written, write_report
from guard.rollback.plan import EVERYBODY
from webstore.models import Item
from webstore.simulator.running import RunningStore
from webstore.simulator.server import LocalStoreAddress, local_store
from webstore.simulator.state import LocalStore
from webstore.updates import UpdateService
from webstore.versions import Version

PUBLISHER = "rehearsal"
NAME = "bookshelf"
TOKEN_VARIABLE = "RELEASE_GUARD_REHEARSAL_TOKEN"  # noqa: S105 - a variable's name, not a token
SEED = 20260701
_WEEKS = 4
_HOURS_REMEMBERED = 5
_PATIENCE_SECONDS = 30.0
_REVIEW = timedelta(seconds=2)
"""How long the local store reviews what is submitted in place of a rollback."""


@dataclasses.dataclass(frozen=True)
class Rehearsed:
    """What came of a rehearsal."""

    scenario: Scenario
    result: GuardResult
    folder: Path
    written: Written
    total_seconds: float

    misses: tuple[str, ...]
    """What did not end as it must."""

    @property
    def as_expected(self) -> bool:
        """Whether the story ended as it must, at the gate, on its incident and in the store."""
        return not self.misses

    def to_json(self) -> dict[str, Any]:
        """The document on standard output."""
        document = self.result.to_json()
        document["seconds"]["total"] = round(self.total_seconds, 3)
        return {
            "scenario": self.scenario.name,
            "as_expected": self.as_expected,
            "not_as_expected": list(self.misses),
            **document,
            "folder": str(self.folder),
            "report": str(self.written.report),
            "postmortem": str(self.written.postmortem) if self.written.postmortem else None,
        }


def rehearse(scenario: Scenario, folder: Path, progress: Progress) -> Rehearsed:
    """Tell one story to its end, in real Chromium, over HTTP, with a real database.

    Raises:
        HealthCheckError: the browser cannot be used.
    """
    started = time.monotonic()
    store = LocalStore(utc_now)
    folder.mkdir(parents=True, exist_ok=True)
    reports = LocalSentry(utc_now)
    reports.faults.down = scenario.sentry_down
    _remember(reports, scenario.normal_reports)
    with local_sentry(reports) as sentry, local_store(store) as address:
        item = store.add_item(PUBLISHER, sample.build(sample.BASE, sample.BASE_VERSION, dsn=sentry.dsn))
        progress.done(f"a local store holds Bookshelf {sample.BASE_VERSION}, a local Sentry listens")
        path = write_configuration(folder, scenario, item, address, sentry)
        with _token_in_environment(sentry.token), _users(scenario, address, sentry, item) as has_past:
            database = f"sqlite:///{folder.resolve() / 'state' / 'release-guard.db'}"
            engine = Engine.open(load(path), database=database, progress=progress)
            running = RunningStore(store, address)
            try:
                has_past.wait(_PATIENCE_SECONDS)
                _publish(engine, scenario, store, sentry)
                result, is_killed = tell(Stage(engine, running, path, database), scenario)
                seen = look(running, killed=is_killed)
                written = write_report(engine, result, folder)
            finally:
                running.session.close()
                engine.database.dispose()
    return Rehearsed(scenario, result, folder, written, time.monotonic() - started, misses(scenario, result, seen))


def _publish(engine: Engine, scenario: Scenario, store: LocalStore, sentry: LocalSentryAddress) -> None:
    """Snapshot, and publish the new version through our own client."""
    guarded = engine.guarded(engine.config.extension[0])
    baseline = snapshot(engine, guarded)
    engine.progress.done(f"{baseline.version} is recorded as the baseline")
    package = sample.build(scenario.variant, sample.NEXT_VERSION, dsn=sentry.dsn)
    guarded.store.upload(baseline.item, package.to_zip())
    state = guarded.store.publish(baseline.item, deploy_percentage=None if scenario.percentage == EVERYBODY else scenario.percentage).state
    engine.progress.done(f"{package.version} is uploaded and {state.value.lower()}: {scenario.story}")
    if scenario.way is not Way.STORE_ROLLBACK:
        store.behaviour.offers_rollback, store.behaviour.review = False, _REVIEW


def _remember(sentry: LocalSentry, count: int) -> None:
    """Give the local Sentry the same hours of earlier weeks, with so many sessions in each ten seconds."""
    if not count:
        return
    release = f"{NAME}@{sample.BASE_VERSION}"
    for week in range(1, _WEEKS + 1):
        then = utc_now() - timedelta(weeks=week)
        for step in range(-_HOURS_REMEMBERED * 360, _HOURS_REMEMBERED * 360):
            sentry.add_sessions(release=release, environment=ENVIRONMENT, started=then + timedelta(seconds=10 * step), count=count)


@contextmanager
def _users(scenario: Scenario, address: LocalStoreAddress, sentry: LocalSentryAddress, item: Item) -> Generator[threading.Event]:
    """A crowd of users that lives as long as the block; gives what is set once they have a past."""
    failing: Mapping[Version, float | None] = {
        sample.BASE_VERSION: scenario.failing_before,
        sample.NEXT_VERSION: scenario.failing,
        Version.parse(f"{sample.NEXT_VERSION}.1"): scenario.failing_before,
    }
    # Who stands first among all users gets a rollout in parts, and who stands last does not.
    early, later = UpdateService(f"{address.update_url}?bucket=0"), UpdateService(address.update_url)
    updates = Rollout(early, later, scenario.percentage / EVERYBODY)
    crowd = Crowd(updates, item.id, sentry.dsn, NAME, failing, sample.BASE_VERSION, SEED, scenario.habits)
    stop = threading.Event()
    thread = threading.Thread(target=crowd.live, args=(stop,), name="simulated-users", daemon=True)
    thread.start()
    try:
        yield crowd.has_past
    finally:
        stop.set()
        thread.join()


@contextmanager
def _token_in_environment(token: str) -> Generator[None]:
    """Secrets come from the environment in a rehearsal as well."""
    os.environ[TOKEN_VARIABLE] = token
    try:
        yield
    finally:
        del os.environ[TOKEN_VARIABLE]


def write_configuration(folder: Path, scenario: Scenario, item: Item, store: LocalStoreAddress, sentry: LocalSentryAddress) -> Path:
    """The release-guard.toml of a rehearsal: an ordinary one, with the stand-ins' addresses and less patience."""
    text = f"""\
# Written by `release-guard rehearse`, scenario {scenario.name}.
mode = "{"propose" if scenario.telling is Telling.BY_HAND else "act"}"
state = "state"

[store]
base_url = {json.dumps(store.base_url)}
update_url = {json.dumps(store.update_url)}
credentials = "none"
requests_per_minute = 6000

[sentry]
base_url = {json.dumps(sentry.base_url)}
organization = {json.dumps(sentry.organization)}
project = {json.dumps(sentry.project)}
environment = "{ENVIRONMENT}"
token_env = "{TOKEN_VARIABLE}"
settle_seconds = 0
step_seconds = 10

[thresholds]
late_seconds = 1

[watch]
poll_seconds = 0.5
live_timeout_seconds = 60
propagation_timeout_seconds = 30
review_timeout_seconds = 60
recovery_timeout_seconds = 60
rollback_window_seconds = {scenario.window_seconds:g}

[[extension]]
id = {json.dumps(item.id)}
publisher = {json.dumps(item.publisher)}
name = "{NAME}"

[[extension.checks.extraction]]
name = "library"
open = "{sample.LIBRARY_ADDRESS}"
page = {json.dumps(str(sample.library_page(redesigned=scenario.site_changed)))}
expect_page = [{{ selector = "html[data-bookshelf-count]" }}]
expect_storage = [{{ path = "books", at_least = {sample.BOOKS_ON_PAGE} }}]
within_seconds = 3
"""
    path = folder / "release-guard.toml"
    path.write_text(text, encoding="utf-8")
    return path
