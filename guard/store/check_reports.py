"""The newest report of the browser checks on each version, bounded, with the folder that its screenshots are in."""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import select

from guard.store.bounds import clipped_json
from guard.store.schema_watch import check_reports
from guard.store.upsert import upsert_newer
from healthchecks.result import CheckReport
from webstore.models import Item
from webstore.versions import Version

_KEY = ("publisher", "item_id", "version")
_FOUND = ("report", "summary", "evidence", "checked_at")
_LONGEST_TEXT = 2000
_MOST_ENTRIES = 200
"""So many findings, screenshots or lines of the console are kept of one check."""


@dataclasses.dataclass(frozen=True)
class KeptReport:
    """One report, as it was kept."""

    item: Item
    version: Version
    report: Mapping[str, Any]
    """`CheckReport.to_json()`, its texts clipped; paths of screenshots are relative to `evidence`, and those elsewhere are left out."""
    evidence: str
    """The folder with the screenshots, relative to the state folder (`Config.state`), parts joined by `/`; empty: it is elsewhere."""
    checked_at: datetime


class CheckReports:
    """Questions and answers about reports of the browser checks."""

    def __init__(self, engine: sqlalchemy.Engine, state: Path) -> None:
        """``state``: the folder that screenshots are told relative to."""
        self._engine = engine
        self._state = state

    def record(self, item: Item, report: CheckReport, folder: Path, at: datetime) -> None:
        """Keep a report; ``folder`` holds its screenshots, at any depth. The newest of a version counts."""
        row = {
            "publisher": item.publisher,
            "item_id": item.id,
            "version": report.version,
            "report": clipped_json(_beside(report.to_json(), folder), _LONGEST_TEXT, _MOST_ENTRIES),
            "summary": _summary(report),
            "evidence": _relative(folder, self._state) or "",
            "checked_at": at,
        }
        with self._engine.begin() as connection:
            upsert_newer(connection, check_reports, [row], key=_KEY, update=_FOUND, newer_by="checked_at")

    def find(self, item: Item, version: Version) -> KeptReport | None:
        """The newest report on a version; none when it was never checked."""
        statement = select(check_reports).where(
            check_reports.c.publisher == item.publisher, check_reports.c.item_id == item.id, check_reports.c.version == str(version)
        )
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        if row is None:
            return None
        return KeptReport(item, version, row["report"], row["evidence"], row["checked_at"])


def _summary(report: CheckReport) -> dict[str, Any]:
    """The report without what was found: an overview of many versions reads no more, and a report can be long."""
    checks = [{"check": one.check.value, "status": one.status.value, "flaky": one.is_flaky} for one in report.checks]
    return {"status": report.status, "checks": checks}


def _beside(report: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The report with its pictures told relative to their folder."""
    for check in report["checks"]:
        check["screenshots"] = _inside(check["screenshots"], folder)
        check["trace"] = next(iter(_inside([check["trace"]] if check["trace"] else [], folder)), None)
    return report


def _inside(paths: Iterable[str], folder: Path) -> list[str]:
    return [found for path in paths if (found := _relative(Path(path), folder))]


def _relative(path: Path, folder: Path) -> str | None:
    """A path below a folder; none where it is not below it."""
    whole, root = path.absolute(), folder.absolute()
    if ".." in whole.parts or not whole.is_relative_to(root):
        return None
    return whole.relative_to(root).as_posix()
