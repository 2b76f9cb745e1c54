"""Long lists, a part at a time: releases, rollbacks, incidents and action items; and the report of a period."""

import dataclasses
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from guard.config import Config
from guard.dashboard.documents.pages import ReportDocument
from guard.dashboard.documents.rows import (
    ActionList,
    IncidentList,
    ReleaseList,
    ReleaseRow,
    RollbackList,
)
from guard.dashboard.reading.rows import action_row, incident_row, release_row, rollback_view
from guard.dashboard.reading.saying import Reader
from guard.engine import Engine
from guard.incidents.events import Language
from guard.model import Release
from guard.rollback.plan import RollbackRecord
from guard.store.glance import Glance
from guard.store.listing import Listing, Part, Wanted

_FRESH = timedelta(seconds=60)
"""So long a report is good enough: it is read from everything that a period holds."""
_MOST_REPORTS = 8


@dataclasses.dataclass(frozen=True)
class Asked:
    """A part of a list, as it is asked for."""

    limit: int
    after: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    """The filters, as they stand in the address: the next part is asked for with the same."""


def item_id_of(config: Config, named: str | None) -> str | None:
    """The id of an extension that is named by its id or its name; what is not configured here is taken for an id."""
    return next((one.id for one in config.extension if named in {one.id, one.name}), named)


def releases(engine: Engine, reader: Reader, wanted: Wanted, asked: Asked) -> ReleaseList:
    """Releases, the newest first."""
    part = Listing(engine.database).releases(wanted, asked.limit, asked.after)
    rows = release_rows(engine, reader, part.rows)
    return ReleaseList(rows=rows, total=part.total, next=_next(asked, part))


def release_rows(engine: Engine, reader: Reader, found: Sequence[Release]) -> list[ReleaseRow]:
    """Each with its drill and its incidents, all read at once."""
    glance = Glance(engine.database, engine.now)
    keys = [(release.item, release.version) for release in found]
    drills, incidents = glance.drills(keys), glance.incidents_of(keys)
    return [release_row(reader, one, drills.get((one.item, one.version)), incidents.get((one.item, one.version), ())) for one in found]


def incidents(engine: Engine, reader: Reader, wanted: Wanted, asked: Asked) -> IncidentList:
    """Incidents, the newest first."""
    part, commanders = Listing(engine.database).incidents(wanted, asked.limit, asked.after)
    rows = [incident_row(reader, one, commanders.get(one.id, "")) for one in part.rows]
    return IncidentList(rows=rows, total=part.total, next=_next(asked, part))


def rollbacks(engine: Engine, reader: Reader, wanted: Wanted, asked: Asked) -> RollbackList:
    """Rollbacks, the newest first."""
    part = Listing(engine.database).rollbacks(wanted, asked.limit, asked.after)
    found = incident_of_each(engine, part.rows)
    rows = [rollback_view(reader, record, found.get(record.plan.id)) for record in part.rows]
    return RollbackList(rows=rows, total=part.total, next=_next(asked, part))


def incident_of_each(engine: Engine, records: Sequence[RollbackRecord]) -> dict[str, str]:
    """The newest incident of what each rollback replaces, by the rollback's id."""
    keys = {record.plan.id: (record.plan.item, record.plan.from_version) for record in records}
    known = Glance(engine.database, engine.now).incidents_of(list(keys.values()))
    return {rollback: known[key][-1] for rollback, key in keys.items() if key in known}


def actions(engine: Engine, wanted: Wanted, asked: Asked) -> ActionList:
    """Action items, the most urgent first."""
    part = Listing(engine.database).actions(wanted, asked.limit, asked.after)
    today = today_of(engine)
    return ActionList(rows=[action_row(one, today) for one in part.rows], total=part.total, next=_next(asked, part))


def today_of(engine: Engine) -> date:
    """The day that action items are overdue by."""
    return engine.now().astimezone(UTC).date()


def _next(asked: Asked, part: Part[Any]) -> str | None:
    if part.after is None:
        return None
    return urlencode([*((name, value) for name, value in asked.query if name != "after"), ("after", part.after)])


class Reports:
    """Reports of periods. They are the dearest thing to read, so that one at a time is made, and kept for a minute."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._made: dict[tuple[int, Language], tuple[datetime, ReportDocument]] = {}

    def of(self, days: int, language: Language) -> ReportDocument:
        """The report of the last days; its advice in a language."""
        with self._lock:
            known = self._made.get((days, language))
            now = self._engine.now()
            if known and now - known[0] < _FRESH:
                return known[1]
            if len(self._made) >= _MOST_REPORTS:
                self._made.clear()
            document = self._make(days, language)
            self._made[days, language] = now, document
            return document

    def _make(self, days: int, language: Language) -> ReportDocument:
        from guard.monthly import gather, to_json  # noqa: PLC0415 - templates and plots: only this page needs them

        figures = gather(self._engine, days)
        report = to_json(figures)
        advised = zip(report["recommendations"], figures.recommendations, strict=True)
        report["recommendations"] = [{**told, "advice": one.advice(language), "evidence": one.evidence(language)} for told, one in advised]
        by_day = [
            {"day": day.isoformat(), "counts": {severity.name: count for severity, count in counts.items()}}
            for day, counts in figures.by_day.items()
        ]
        return ReportDocument(days=days, report=report, by_day=by_day)
