"""What Prometheus reads: text format 0.0.4, from the database alone, with stable names (.github/DASHBOARD.md, "Metrics").

A counter here is a count of rows or a number that only grows, so it goes on where it was when the server starts anew, and nothing prunes
it. It goes down, which Prometheus takes for a restart, when a person tries a failed or stopped rollback of a release again (that one is
forgotten), and when the database is replaced or put back from a backup. What changes its state, such as an incident, is a gauge.
Series are bounded by the configuration: of items that are not configured here nothing is said.
"""

import platform
from collections.abc import Collection, Iterator
from datetime import UTC
from importlib.metadata import version

from guard.dashboard.exposition import Family, Kind, Sample, text_of
from guard.engine import Engine
from guard.incidents.action_items import ActionState
from guard.incidents.incident import IncidentState, Trigger
from guard.judge.detector import SHARES
from guard.judge.verdict import Verdict
from guard.model import Signal
from guard.notify.message import Outcome
from guard.rollback.plan import RollbackState
from guard.severity import Severity
from guard.store.counts import ENDED, Counts
from guard.store.looks import LookTotals
from guard.store.standings import SignalStanding
from guard.watcher import WATCHING

_FAILURES = (Outcome.PASSING, Outcome.REFUSED)
_MOST_CHANNELS = 100
_WITH_SHARE_LIMIT = (*SHARES, Signal.RATING)


def render(engine: Engine) -> str:
    """Every metric, as it is now.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be read.
    """
    configured = [extension.item for extension in engine.config.extension]
    ids = dict.fromkeys(item.id for item in configured)
    counts = Counts(engine.database)
    standings = engine.standings.newest(configured, points=1)
    looks = [look for look in engine.looks.all() if look.last.item.id in ids]
    return text_of(
        [
            _build(),
            *_signals([standing for item in configured for standing in standings.get(item, [])]),
            *_looks(looks),
            *_rollbacks(counts, ids),
            *_incidents(counts, ids),
            *_notifications(counts),
            *_people(engine, counts),
        ]
    )


def _build() -> Family:
    labels = {"version": version("release-guard"), "python": platform.python_version()}
    return Family("release_guard_build_info", Kind.GAUGE, "The program that answers; always 1.", [Sample(labels, 1)])


def _signals(standings: Collection[SignalStanding]) -> Iterator[Family]:
    """Of the release of each item that was judged last, and of its baseline beside it; what no source measures is left out."""
    measured = [(_labels_of(one), one) for one in standings if one.found.is_measured]
    counted = [(labels, one.found) for labels, one in measured if one.recent and one.recent[-1].total is not None]
    yield Family(
        "release_guard_signal_failures",
        Kind.GAUGE,
        "Failures since the release, as far as they are known now.",
        [Sample(labels, found.failures) for labels, found in counted],
    )
    yield Family(
        "release_guard_signal_units",
        Kind.GAUGE,
        "Units (users, sessions, operations, checks) since the release that the failures are a share of.",
        [Sample(labels, found.total) for labels, found in counted if found.total],
    )
    yield Family(
        "release_guard_signal_verdict",
        Kind.GAUGE,
        "1 for the verdict that a signal has now, 0 for each other.",
        [Sample({**labels, "verdict": one.value}, one is standing.found.verdict) for labels, standing in measured for one in Verdict],
    )
    yield Family(
        "release_guard_signal_limit_ratio",
        Kind.GAUGE,
        "The share of failures that a signal is allowed.",
        [Sample(labels, one.limit) for labels, one in measured if one.limit is not None and one.signal in _WITH_SHARE_LIMIT],
    )


def _labels_of(standing: SignalStanding) -> dict[str, str]:
    return {
        "item": standing.item.id,
        "version": str(standing.version),
        "role": "release" if standing.is_of_release else "baseline",
        "signal": standing.signal.value,
    }


def _looks(looks: Collection[LookTotals]) -> Iterator[Family]:
    labelled = [({"item": look.last.item.id}, look) for look in looks]
    yield Family(
        "release_guard_looks_total",
        Kind.COUNTER,
        "Looks at an item by any process: by watch, by each poll of a gate, by canary.",
        [Sample(labels, look.looks) for labels, look in labelled],
    )
    yield Family(
        "release_guard_failed_looks_total",
        Kind.COUNTER,
        "Looks that could not be brought to their end.",
        [Sample(labels, look.failed_looks) for labels, look in labelled],
    )
    yield Family(
        "release_guard_look_seconds",
        Kind.SUMMARY,
        "How long looks took.",
        [sample for labels, look in labelled for sample in _summary(labels, look.looks, look.seconds_sum)],
    )
    yield Family(
        "release_guard_last_look_timestamp_seconds",
        Kind.GAUGE,
        "When the last look at an item ended, since 1970: a guard that sleeps shows here.",
        [Sample(labels, look.last.looked_at.timestamp()) for labels, look in labelled],
    )


def _rollbacks(counts: Counts, ids: Collection[str]) -> Iterator[Family]:
    ended = [count for count in counts.ended_rollbacks() if count.item_id in ids]
    known = {(one.item_id, one.state, one.automatic): one.count for one in ended}
    yield Family(
        "release_guard_rollbacks_total",
        Kind.COUNTER,
        "Rollbacks that have ended, by how they ended and whether the guard began them by itself.",
        [
            Sample({"item": item_id, "state": state.value, "automatic": _yes(automatic)}, known.get((item_id, state, automatic), 0))
            for item_id in ids
            for state in ENDED
            for automatic in (True, False)  # a counter that begins at 1 hides its first increase
        ],
    )
    done = [one for one in ended if one.state is RollbackState.COMPLETED]
    yield Family(
        "release_guard_rollback_seconds",
        Kind.SUMMARY,
        "How long completed rollbacks took, from the plan to the proof that users are well.",
        [sample for one in done for sample in _summary({"item": one.item_id, "automatic": _yes(one.automatic)}, one.count, one.seconds)],
    )
    unfinished = counts.unfinished_rollbacks()
    yield Family(
        "release_guard_rollbacks_unfinished",
        Kind.GAUGE,
        "Rollbacks that are planned or under way.",
        [Sample({"item": item_id}, unfinished.get(item_id, 0)) for item_id in ids],
    )


def _incidents(counts: Counts, ids: Collection[str]) -> Iterator[Family]:
    found = counts.incidents()
    yield Family(
        "release_guard_incidents",
        Kind.GAUGE,
        "Incidents by severity and state.",
        [
            Sample({"severity": severity.name, "state": state.value}, found.get((severity, state), 0))
            for severity in Severity
            for state in IncidentState
        ],
    )
    opened = counts.opened_incidents()
    yield Family(
        "release_guard_incidents_opened_total",
        Kind.COUNTER,
        "Incidents that were opened, by what opened them; one that comes back and is reopened counts once.",
        [Sample({"item": item_id, "trigger": trigger.value}, opened.get((item_id, trigger), 0)) for item_id in ids for trigger in Trigger],
    )


def _notifications(counts: Counts) -> Iterator[Family]:
    attempts = counts.deliveries()
    channels = sorted({channel for channel, _ in attempts})[:_MOST_CHANNELS]
    yield Family(
        "release_guard_notifications_total",
        Kind.COUNTER,
        "Attempts to tell people, by channel and what came of them.",
        [
            Sample({"channel": channel, "outcome": outcome.value}, attempts.get((channel, outcome), 0))
            for channel in channels
            for outcome in Outcome
        ],
    )
    yield Family(
        "release_guard_notification_failures_total",
        Kind.COUNTER,
        "Attempts to tell people that did not arrive.",
        [Sample({"channel": channel}, sum(attempts.get((channel, outcome), 0) for outcome in _FAILURES)) for channel in channels],
    )
    yield Family(
        "release_guard_notifications_waiting",
        Kind.GAUGE,
        "Messages that are not told yet.",
        [Sample({}, counts.waiting_messages())],
    )


def _people(engine: Engine, counts: Counts) -> Iterator[Family]:
    yield Family(
        "release_guard_watchers",
        Kind.GAUGE,
        "Processes that watch and are alive.",
        [Sample({}, len(engine.executors.alive(WATCHING)))],
    )
    pauses = engine.orders.pauses()
    items = [extension.item for extension in engine.config.extension]
    yield Family(
        "release_guard_paused",
        Kind.GAUGE,
        "1 while a person's order keeps the guard from acting on an item.",
        [Sample({"item": item.id}, any(pause.is_about(item) for pause in pauses)) for item in items],
    )
    standing = counts.action_items()
    yield Family(
        "release_guard_action_items",
        Kind.GAUGE,
        "Action items by state.",
        [Sample({"state": state.value}, standing.get(state, 0)) for state in ActionState],
    )
    yield Family(
        "release_guard_action_items_overdue",
        Kind.GAUGE,
        "Action items that somebody still has to do and should have done by now.",
        [Sample({}, counts.overdue_action_items(engine.now().astimezone(UTC).date()))],
    )


def _summary(labels: dict[str, str], count: int, seconds: float) -> tuple[Sample, Sample]:
    return Sample(labels, seconds, "_sum"), Sample(labels, count, "_count")


def _yes(is_so: bool) -> str:
    return "true" if is_so else "false"
