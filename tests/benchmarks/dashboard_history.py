"""A team's years in a database: items, releases with every poll of their windows, verdicts, check reports, incidents, rollbacks. Seeded."""

import dataclasses
import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy

from benchmarks.scale import id_of
from guard.incidents.clocks import ClockKind
from guard.incidents.events import Kind, said
from guard.rollback.plan import StepName, rollback_id
from guard.store import schema, schema_response, schema_watch
from webstore.models import Item
from webstore.versions import Version

PUBLISHER = "publisher"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
POLL = timedelta(seconds=30)
WHOLE_WINDOW = 120
"""Polls of a release whose window was watched to its end; the newest release of each item was."""
READ_A_POLL = (
    ("error_rate", "users"),
    ("api_failures", "requests"),
    ("response_time", "operations"),
    ("extension_crashes", ""),
    ("silence", ""),
)
_ROWS_AT_ONCE = 5_000
SIGNALS = ("error_rate", "api_failures", "response_time", "extension_crashes", "silence", "active_users", "health", "rating")

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Size:
    """How much there is."""

    items: int = 100
    releases: int = 10_000
    samples: int = 1_000_000
    incidents: int = 1_000
    rollbacks: int = 500


class History:
    """The rows of one size. The newest release of each item is in its window."""

    def __init__(self, size: Size, seed: int = 8) -> None:
        self._size = size
        self._chance = random.Random(seed)
        self.items = [Item(PUBLISHER, id_of(number)) for number in range(size.items)]
        self._of_each = size.releases // size.items

    def write(self, database: sqlalchemy.Engine, tell: Callable[[str], None]) -> None:
        """Write all of it, table by table."""
        tables: tuple[tuple[sqlalchemy.Table, Iterable[Row]], ...] = (
            (schema.releases, self._releases()),
            (schema.samples, self._samples()),
            (schema_watch.standings, self._standings()),
            (schema_watch.check_reports, self._check_reports()),
            (schema_watch.looks, self._looks()),
            (schema.drills, self._drills()),
            (schema.incidents, self._incidents()),
            (schema.timeline, self._timeline()),
            (schema_response.clocks, self._clocks()),
            (schema_response.messages, self._messages()),
            (schema_response.deliveries, self._deliveries()),
            (schema.rollbacks, self._rollbacks()),
            (schema.rollback_steps, self._steps()),
            (schema_response.action_items, self._action_items()),
        )
        for table, rows in tables:
            tell(f"{table.name}: {put(database, table, rows):,} rows")
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # what PostgreSQL does by itself after so many inserts

    def published_at(self, number: int) -> datetime:
        """When the release of that number of any item was published: one a week, the newest half an hour ago."""
        return NOW - timedelta(minutes=30) - timedelta(weeks=1) * (self._of_each - 1 - number)

    def version(self, number: int) -> str:
        """Its version."""
        return f"1.{number}.0"

    def _each(self) -> Iterator[tuple[Item, int, Row]]:
        for item in self.items:
            for number in range(self._of_each):
                yield item, number, {"publisher": item.publisher, "item_id": item.id, "version": self.version(number)}

    def _is_newest(self, number: int) -> bool:
        return number == self._of_each - 1

    def _releases(self) -> Iterator[Row]:
        for _item, number, key in self._each():
            state = "watched" if self._is_newest(number) else "good"
            about = {"published_at": self.published_at(number), "deploy_percentage": 100, "provenance": "upload", "state": state}
            yield {**key, **about, "digest": f"{number:064x}", "rollback_of": None, "restores": None}

    def _samples(self) -> Iterator[Row]:
        return itertools.islice(self._every_sample(), self._size.samples)

    def _every_sample(self) -> Iterator[Row]:
        """The newest releases first; the others have as many polls as it takes."""
        a_poll = 2 * len(READ_A_POLL)
        left = self._size.samples - len(self.items) * WHOLE_WINDOW * a_poll
        polls = -(-left // max((self._size.releases - 2 * len(self.items)) * a_poll, 1))
        for _item, number, key in sorted(self._each(), key=lambda one: -one[1]):
            yield from self._polls(number, key, WHOLE_WINDOW if self._is_newest(number) else polls)

    def _polls(self, number: int, key: Row, many: int) -> Iterator[Row]:
        published = self.published_at(number)
        for poll in range(1, many + 1):
            at = published + POLL * poll
            for version, (signal, unit) in itertools.product({number, max(number - 1, 0)}, READ_A_POLL):
                about = {"signal": signal, "unit": unit, "source": "sentry", "started_at": published, "ended_at": at, "polled_at": at}
                yield {**key, "version": self.version(version), **about, "reading": self._reading(signal, unit, poll)}

    def _reading(self, signal: str, unit: str, poll: int) -> Row:
        if signal == "extension_crashes":
            return {"count": poll // 20}
        if signal == "silence":
            return {"count": 40 * poll, "expected": 41.5 * poll, "dispersion": 1.25}
        return {"failures": self._chance.randrange(poll + 1), "total": 50 * poll, "unit": unit}

    def _standings(self) -> Iterator[Row]:
        for _item, number, key in self._each():
            at = self.published_at(number) + POLL * 60
            for version, signal in itertools.product({number, max(number - 1, 0)}, SIGNALS):
                measured = signal not in {"active_users", "rating"}
                recent = [[(at - POLL * (30 - point)).isoformat(), point, 50 * point] for point in range(30)] if measured else []
                found = {
                    "verdict": "healthy",
                    "reason": "",
                    "evidence": f"{signal}: 12 of 1,500 users on {self.version(version)} failed " * 3,
                }
                counted = {"failures": 12, "total": 1500, "limit": 0.05, "log_evidence": -3.5, "is_measured": measured}
                yield {**key, "release": key["version"], "version": self.version(version), "signal": signal, **found, **counted} | {
                    "recent": recent,
                    "judged_at": at,
                }

    def _check_reports(self) -> Iterator[Row]:
        for _item, number, key in self._each():
            checks = [_check(name) for name in ("load", "extraction", "ui", "data")]
            report = {"target": "shelf", "version": key["version"], "status": "passed", "checks": checks}
            summary = {"status": "passed", "checks": [{"check": one["check"], "status": "passed", "flaky": False} for one in checks]}
            yield {**key, "report": report, "summary": summary, "evidence": "", "checked_at": self.published_at(number) + POLL}

    def _looks(self) -> Iterator[Row]:
        for item in self.items:
            counts = {"looks": 1_000_000, "failed_looks": 120, "seconds_sum": 300_000.0, "seconds": 0.3, "plan": None}
            about = {"outcome": "inconclusive", "sentence": "inconclusive (few units): error_rate: " + "x" * 200, "looked_at": NOW}
            yield {"publisher": item.publisher, "item_id": item.id, "version": self.version(self._of_each - 1), **about, **counts}

    def _drills(self) -> Iterator[Row]:
        for _item, number, key in self._each():
            if number:
                lost: list[str] = []
                found = {"baseline": self.version(number - 1), "verdict": "safe", "lost_in_update": lost, "lost_on_return": lost}
                yield {**key, **found, "reason": "", "drilled_at": self.published_at(number) + POLL}

    def _troubled(self) -> Iterator[tuple[int, Item, int, str, datetime]]:
        """The releases that had an incident, evenly spread: its place, item, release number, id, and when it was opened."""
        for place in range(self._size.incidents):
            item = self.items[place % len(self.items)]
            number = self._of_each - 1 - (place // len(self.items)) * max(self._of_each * len(self.items) // self._size.incidents, 1)
            opened = self.published_at(max(number, 0)) + POLL * 8
            yield place, item, max(number, 0), f"INC-{opened.year}-{place + 1:04d}", opened

    def _incidents(self) -> Iterator[Row]:
        for place, item, number, identifier, opened in self._troubled():
            is_open = place < len(self.items) // 10
            state, ended = ("investigating", None) if is_open else ("resolved", opened + timedelta(minutes=20))
            about = {"title": f"error rate of {self.version(number)} over its limit", "severity": f"P{place % 4}", "state": state}
            found = {"affected_users": 120, "cause": "deployment: only the release fails", "resolution": "", "trigger": "breach"}
            when = {"opened_at": opened, "resolved_at": ended, "acknowledged_at": None, "acknowledged_by": ""}
            key = {"id": identifier, "fingerprint": f"{place:032x}", "publisher": item.publisher, "item_id": item.id}
            yield {**key, "version": self.version(number), **about, **found, **when}

    def _timeline(self) -> Iterator[Row]:
        for _place, _item, number, identifier, opened in self._troubled():
            for turn in range(20):
                event = said(Kind.BREACH_SEEN, version=self.version(number)) if not turn else said(Kind.NOTED, text="looking")
                row = {"incident_id": identifier, "at": opened + timedelta(seconds=20 * turn), "actor": "release-guard"}
                yield {
                    **row,
                    "event": event.text,
                    "evidence": "error_rate: " + "e" * 200,
                    "kind": event.kind.value,
                    "facts": dict(event.facts),
                }

    def _clocks(self) -> Iterator[Row]:
        for place, _item, _number, identifier, opened in self._troubled():
            ended = None if place < len(self.items) // 10 else opened + timedelta(minutes=20)
            for kind in ClockKind:
                due = {"started_at": opened, "warn_at": opened + timedelta(minutes=40), "due_at": opened + timedelta(hours=1)}
                yield {"incident_id": identifier, "kind": kind.value, **due, "warned_at": None, "missed_at": None, "stopped_at": ended} | {
                    "escalations": 0,
                    "escalate_at": None,
                }

    def _messages(self) -> Iterator[Row]:
        for place, _item, _number, identifier, opened in self._troubled():
            for turn, channel in enumerate(("slack-critical", "email-management", "sms")):
                key = {"id": 3 * place + turn + 1, "key": f"{identifier}-{channel}", "incident_id": identifier, "event": "breach_seen"}
                text = {"channel": channel, "target": "ops", "subject": "error rate", "body": "b" * 500, "state": "sent", "attempts": 1}
                yield {**key, **text, "created_at": opened, "not_before": opened, "claimed_by": None, "claimed_at": None} | {
                    "sent_at": opened,
                    "thread": "",
                }

    def _deliveries(self) -> Iterator[Row]:
        for row in self._messages():
            yield {"message_id": row["id"], "attempt": 1, "at": row["created_at"], "outcome": "sent", "words": "ok"}

    def _rolled_back(self) -> Iterator[tuple[str, Item, int, datetime]]:
        for place, item, number, _identifier, opened in self._troubled():
            if place % max(self._size.incidents // self._size.rollbacks, 1) == 0 and place >= len(self.items) // 10 and number:
                yield rollback_id(item, Version.parse(self.version(number))), item, number, opened

    def _rollbacks(self) -> Iterator[Row]:
        for identifier, item, number, opened in self._rolled_back():
            key = {"id": identifier, "publisher": item.publisher, "item_id": item.id, "from_version": self.version(number)}
            plan = {"target": self.version(number - 1), "new_version": f"1.{number}.0.1", "reason": "bad", "automatic": True}
            ended = {"state": "completed", "failure": "", "created_at": opened, "finished_at": opened + timedelta(seconds=95)}
            yield {**key, **plan, "from_percentage": 100, **ended}

    def _steps(self) -> Iterator[Row]:
        for identifier, _item, _number, opened in self._rolled_back():
            for position, step in enumerate(StepName):
                at = opened + timedelta(seconds=15 * position)
                row = {"rollback_id": identifier, "name": step.value, "position": position, "state": "done", "attempts": 1}
                yield {**row, "evidence": "done", "started_at": at, "finished_at": at + timedelta(seconds=15)}

    def _action_items(self) -> Iterator[Row]:
        for number in range(max(self._size.incidents // 5, 1)):
            at = NOW - timedelta(days=number)
            about = {"title": "add a canary", "owner": "alice", "priority": "high", "state": "open" if number < 20 else "done"}
            made = {"due_on": at.date().isoformat(), "prevents": "", "estimated_preventions": 0, "created_by": "bob", "created_at": at}
            ended = None if number < 20 else at
            yield {"id": f"ACT-2026-{number + 1:04d}", **about, **made, "ended_at": ended, "reason": ""}


def _check(name: str) -> Row:
    found: Row = {"check": name, "status": "passed", "flaky": False, "findings": [], "details": [], "screenshots": [], "seconds": 1.25}
    return {
        **found,
        "note": "",
        "console": ["a line that a page has logged " * 3] * 20,
        "trace": None,
        "ready_seconds": None,
        "drill": None,
    }


def put(database: sqlalchemy.Engine, table: sqlalchemy.Table, rows: Iterable[Row]) -> int:
    """Insert many rows; how many there were."""
    count = 0
    with database.begin() as connection:
        for many in _batches(rows):
            connection.execute(table.insert(), many)
            count += len(many)
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while many := list(itertools.islice(left, _ROWS_AT_ONCE)):
        yield many
