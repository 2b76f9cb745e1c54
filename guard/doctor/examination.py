"""The whole examination: each thing looked at once, in an order in which the first problem is the one to correct first."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from guard.config import Config, ExtensionTable
from guard.doctor import budgets, canary, machine, sentry_access, sentry_data, store, targets
from guard.doctor.finding import Finding, FindingStatus, Look, looked, not_checked, ok
from guard.doctor.outside import NAME, outside
from guard.engine import Guarded, utc_now
from guard.sources.connections import Connections
from guard.sources.sentry import SentrySource
from webstore.errors import ReleaseGuardError
from webstore.versions import Version

_A_MOMENT = timedelta(minutes=1)
"""What was reported in this very second, while somebody sets things up, is to be found too."""
_AFTER_CONFIGURATION = (
    "store_budget",
    "state_folder",
    "database",
    "notify_targets",
    "canary_monitor",
    "browser",
    "store_access",
    "update_service",
    "sentry_access",
)
_AFTER_ACCESS = ("sentry_scope_event_read", "sentry_filter", "sentry_environment", "sentry_releases", "denominator", "data_path")


def examine(load: Callable[[], Config], where: Path, database: str | None, item: str | None) -> Iterator[Finding]:
    """Look at everything. ``load`` reads the configuration at ``where``; ``database`` and ``item`` as they were named, if they were."""
    held: list[Config] = []
    extensions: list[ExtensionTable] = []

    def configuration() -> Iterator[Finding]:
        config = load()
        extensions.extend([config.select(item)] if item else config.extension)
        held.append(config)
        names = ", ".join(extension.name or extension.id for extension in config.extension)
        yield ok("configuration", f"{where} is in order, and names {names}")

    yield from looked("configuration", configuration)
    if not held:
        yield from (not_checked(name, "needs the configuration") for name in _AFTER_CONFIGURATION)
        return
    config = held[0]
    yield from looked("store_budget", partial(budgets.store_budget, config))
    yield from looked("sentry_budget", partial(budgets.sentry_budget, config))
    yield from looked("state_folder", partial(machine.state_folder, config))
    yield from looked("database", partial(machine.database, config, database))
    yield from looked("notify_targets", partial(targets.notify_targets, config))
    yield from looked(NAME, partial(outside, config))
    yield from looked(canary.NAME, partial(canary.monitor, config))
    for chromium in dict.fromkeys(extension.checks.chromium for extension in extensions):
        yield from looked("browser", partial(machine.browser, chromium))
    connections = Connections(config)
    for extension in extensions:
        guarded = Guarded(config, extension, config.state / "checks", connections=connections)
        yield from _of_extension(guarded, extension.name or extension.id)


def _of_extension(guarded: Guarded, name: str) -> Iterator[Finding]:
    yield from looked("store_access", partial(store.published, guarded), name)
    yield from looked("update_service", partial(store.offered, guarded), name)
    held: list[SentrySource] = []

    def sentry() -> Iterator[Finding]:
        table, source = guarded.config.sentry_of(guarded.extension), guarded.sentry
        if table is None or source is None:
            yield not_checked(
                "sentry_access", "no [sentry] is configured: error rates are not watched", "add [sentry] to the configuration"
            )
            return
        yield from sentry_access.access(source.asking, table.base_url)
        held.append(source)

    found = list(looked("sentry_access", sentry, name))
    yield from found
    if held:
        for of, look in _looks(held[0], guarded):
            yield from looked(of, look, name)
    elif any(one.status is FindingStatus.PROBLEM for one in found):
        for of in _AFTER_ACCESS:
            yield from looked(of, partial(_unknown, of), name)


def _looks(source: SentrySource, guarded: Guarded) -> list[tuple[str, Look]]:
    asking = source.asking
    return [
        ("sentry_scope_event_read", partial(sentry_access.scope_of_issues, asking)),
        ("sentry_filter", partial(sentry_access.inbound_filter, asking)),
        ("sentry_environment", partial(sentry_access.environment, asking)),
        ("sentry_releases", lambda: sentry_data.release_names(asking, _published(guarded))),
        ("denominator", lambda: sentry_data.denominators(source, utc_now() + _A_MOMENT)),
        ("data_path", partial(sentry_data.data_path, asking)),
    ]


def _unknown(name: str) -> list[Finding]:
    return [not_checked(name, "needs an answer of Sentry")]


def _published(guarded: Guarded) -> Version | None:
    try:
        return store.published_version(guarded)
    except ReleaseGuardError:
        return None  # said where the store was looked at
