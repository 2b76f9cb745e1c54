"""What is asked of many items at once, for who looks at all of them: a fixed number of questions, however many items there are."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import and_, case, func, literal, select

from guard.decision.orders import Proposal, ProposalState
from guard.incidents.clocks import Clock, ClockKind
from guard.incidents.incident import OPEN_STATES, Incident
from guard.incidents.roles import Holder, Role
from guard.incidents.standing import Standing
from guard.model import Provenance, Release, ReleaseState
from guard.store.asking import proposal_of
from guard.store.incident_rows import incident_of
from guard.store.releases import release_of, seen
from guard.store.schema import UtcDateTime, blocks, incidents, proposals, releases, rollbacks
from guard.store.schema import drills as drill_rows
from guard.store.schema_response import clocks, incident_roles
from guard.store.schema_watch import check_reports
from guard.store.wanted import wanted
from healthchecks.result import Drill, DrillVerdict
from webstore.models import Item
from webstore.versions import Version

_NEWEST_READ = 3
"""So many newest sightings are read of each item: the highest version is seldom not the one that was seen last."""
_GOOD_READ = 5
_KEY = ("publisher", "item_id", "version")
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything was seen."""
_MOST_INCIDENTS = 200

Key = tuple[Item, Version]


@dataclasses.dataclass(frozen=True)
class NewestRelease:
    """The highest version of an item that was seen, and what it is compared with."""

    release: Release
    baseline: Release | None


@dataclasses.dataclass(frozen=True)
class CheckSummary:
    """The newest check report on a version, without what was found."""

    report: Mapping[str, Any]
    checked_at: datetime


class Glance:
    """Questions about many items at once, answered in domain types."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def newest(self) -> dict[Item, NewestRelease]:
        """The newest release of each item, with its baseline by the rule of `guard.store.releases.Releases.baseline_of`."""
        found: dict[Item, list[Release]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(_newest_statement()).mappings().all():
                release = release_of(row)
                found.setdefault(release.item, []).append(release)
        return {item: _newest_of(known) for item, known in found.items()}

    def open_incidents(self) -> list[Standing]:
        """The open incidents with their roles and clocks, the worst first and then the newest; bounded, and without their checklists."""
        worst_first = case({"P0": 0, "P1": 1, "P2": 2}, value=incidents.c.severity, else_=3)
        is_open = incidents.c.state.in_([state.value for state in OPEN_STATES])
        statement = select(incidents).where(is_open).order_by(worst_first, incidents.c.opened_at.desc(), incidents.c.id.desc())
        with self._engine.connect() as connection:
            found = [incident_of(row) for row in connection.execute(statement.limit(_MOST_INCIDENTS)).mappings()]
            return _standings(connection, found)

    def waiting(self) -> dict[Key, Proposal]:
        """The rollbacks that wait for a person's yes, by item and version; whether their incident is open is not asked here."""
        waits = (proposals.c.state == ProposalState.PROPOSED.value) & proposals.c.target.is_not(None)
        with self._engine.connect() as connection:
            found = [proposal_of(row) for row in connection.execute(select(proposals).where(waits)).mappings()]
        return {(proposal.item, proposal.version): proposal for proposal in found}

    def automatic_since(self, since: datetime) -> dict[Item, int]:
        """How many rollbacks the guard began by itself, by item."""
        statement = (
            select(rollbacks.c.publisher, rollbacks.c.item_id, func.count())
            .where(rollbacks.c.automatic.is_(True), rollbacks.c.created_at >= since)
            .group_by(rollbacks.c.publisher, rollbacks.c.item_id)
        )
        with self._engine.connect() as connection:
            return {Item(publisher, item_id): count for publisher, item_id, count in connection.execute(statement)}

    def drills(self, of: Collection[Key]) -> dict[Key, Drill]:
        """The newest drill of each release."""
        found: dict[Key, Drill] = {}
        for row in self._each(drill_rows, of, drill_rows.c.drilled_at):
            lost = tuple(row["lost_in_update"]), tuple(row["lost_on_return"])
            found[_key(row)] = Drill(DrillVerdict(row["verdict"]), row["baseline"], *lost, row["reason"])
        return found

    def check_reports(self, of: Collection[Key]) -> dict[Key, CheckSummary]:
        """The newest check report of each release."""
        rows = self._each(check_reports, of, check_reports.c.checked_at, check_reports.c.summary)
        return {_key(row): CheckSummary(row["summary"], row["checked_at"]) for row in rows}

    def incidents_of(self, of: Collection[Key]) -> dict[Key, list[str]]:
        """The ids of each release's incidents, the oldest first."""
        found: dict[Key, list[str]] = {}
        for row in self._each(incidents, of, incidents.c.opened_at):
            found.setdefault(_key(row), []).append(row["id"])
        return found

    def _each(
        self, table: sqlalchemy.Table, of: Collection[Key], order: sqlalchemy.Column[Any], *columns: sqlalchemy.Column[Any]
    ) -> Iterable[sqlalchemy.RowMapping]:
        """The rows of some releases in an order: whole, or their key, what they are ordered by, and ``columns``."""
        asked = [(item.publisher, item.id, str(version)) for item, version in dict.fromkeys(of)]
        keys = wanted(self._engine.dialect.name, asked, 3)
        key = (table.c.publisher, table.c.item_id, table.c.version)
        wholly = select(*key, order, *columns) if columns else select(table)
        statement = wholly.join(keys.table, keys.are(*key)).order_by(order)
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().all()


def _key(row: sqlalchemy.RowMapping) -> Key:
    return Item(row["publisher"], row["item_id"]), Version.parse(row["version"])


def _newest_statement() -> sqlalchemy.Select[Any]:
    """What was seen of each item since its last sightings began, and since the last that may be a baseline did.

    The times are found by an index; numbering all the releases there ever were would take many times as long.
    """
    items = select(releases.c.publisher, releases.c.item_id).distinct().subquery("items")
    known = releases.alias("known")

    def nth(place: int, *conditions: sqlalchemy.ColumnElement[bool]) -> sqlalchemy.ScalarSelect[datetime]:
        """When the newest but so many of an item was seen."""
        of_item = (known.c.publisher == items.c.publisher) & (known.c.item_id == items.c.item_id)
        chosen = select(known.c.published_at).where(of_item, *conditions).order_by(known.c.published_at.desc())
        return chosen.limit(1).offset(place - 1).correlate(items).scalar_subquery()

    is_good = (known.c.state == ReleaseState.GOOD.value) & (known.c.provenance != Provenance.ROLLBACK.value)
    is_blocked = sqlalchemy.exists().where(*(known.c[name] == blocks.c[name] for name in _KEY))
    last, last_good = nth(_NEWEST_READ), nth(_GOOD_READ, is_good, ~is_blocked.correlate(known))
    since = func.coalesce(case((last < last_good, last), else_=last_good), literal(_EVER, UtcDateTime)).label("since")
    # Found once for each item: PostgreSQL would otherwise ask again for each release.
    start = select(items.c.publisher, items.c.item_id, since).cte("start").prefix_with("MATERIALIZED")
    mine = and_(*(releases.c[name] == start.c[name] for name in ("publisher", "item_id")), releases.c.published_at >= start.c.since)
    joined = start.join(releases, mine).outerjoin(blocks, and_(*(releases.c[name] == blocks.c[name] for name in _KEY)))
    return select(*seen().selected_columns).select_from(joined)


def _newest_of(known: list[Release]) -> NewestRelease:
    newest = max(known, key=lambda release: release.version)
    earlier = [
        release
        for release in known
        if release.version < newest.version
        and release.state is ReleaseState.GOOD
        and release.provenance is not Provenance.ROLLBACK
        and not release.blocked
    ]
    return NewestRelease(newest, max(earlier, key=lambda release: release.version, default=None))


def _standings(connection: sqlalchemy.Connection, found: list[Incident]) -> list[Standing]:
    ids = [incident.id for incident in found]
    roles: dict[str, dict[Role, Holder]] = {}
    for row in connection.execute(select(incident_roles).where(incident_roles.c.incident_id.in_(ids))).mappings():
        role = Role(row["role"])
        roles.setdefault(row["incident_id"], {})[role] = Holder(role, row["holder"], row["since"])
    running: dict[str, dict[ClockKind, Clock]] = {}
    for row in connection.execute(select(clocks).where(clocks.c.incident_id.in_(ids)).order_by(clocks.c.kind)).mappings():
        values: dict[str, Any] = {**row, "kind": ClockKind(row["kind"])}
        clock = Clock(**values)
        running.setdefault(row["incident_id"], {})[clock.kind] = clock
    return [Standing(one, roles.get(one.id, {}), running.get(one.id, {}), {}) for one in found]
