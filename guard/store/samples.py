"""Everything that was read of a release, poll by poll: a watch that was cut short goes on with it, and a past one can be replayed."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import or_, select

from guard.judge.watch import BEFORE
from guard.model import Absence, CheckOutcome, Counted, Daily, Events, Expected, Interval, NoData, Reading, Release, Sample, Signal, Value
from guard.store.schema import samples
from guard.store.upsert import upsert_all
from webstore.models import Item
from webstore.versions import Version

_KEY = ("publisher", "item_id", "version", "signal", "unit", "ended_at", "polled_at")
_LONGEST_UNIT = 30


class Samples:
    """Questions and answers about what was read."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def record(self, item: Item, read: Iterable[Sample], polled_at: datetime) -> None:
        """Keep what one poll has read. The same reading twice is one row."""
        rows = {tuple(row[name] for name in _KEY): row for row in (_row(item, sample, polled_at) for sample in read)}
        if rows:
            with self._engine.begin() as connection:
                upsert_all(connection, samples, list(rows.values()), key=_KEY, update=("reading",))

    def polls(self, release: Release, baseline: Version | None) -> list[tuple[datetime, list[Sample]]]:
        """Every poll of the watch over a release, the oldest first: what was read of it, and of its baseline beside it and before it."""
        versions = [str(release.version), *([str(baseline)] if baseline else [])]
        table = samples.c
        statement = (
            select(samples)
            .where(table.publisher == release.item.publisher, table.item_id == release.item.id, table.version.in_(versions))
            .where(or_(table.started_at == release.published_at, table.started_at == release.published_at - BEFORE))
            .order_by(table.polled_at, table.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        grouped = itertools.groupby(rows, key=lambda row: row["polled_at"] or row["ended_at"])
        return [(polled_at, [_sample(row) for row in found]) for polled_at, found in grouped]


def _row(item: Item, sample: Sample, polled_at: datetime) -> dict[str, Any]:
    return {
        "publisher": item.publisher,
        "item_id": item.id,
        "version": str(sample.version),
        "signal": sample.signal.value,
        "unit": _unit(sample),
        "source": sample.source[:60],
        "started_at": sample.interval.start,
        "ended_at": sample.interval.end,
        "polled_at": polled_at,
        "reading": _to_json(sample.reading),
    }


def _unit(sample: Sample) -> str:
    """What tells readings of one signal and time apart."""
    match sample.reading:
        case Counted(unit=unit):
            return unit[:_LONGEST_UNIT]
        case CheckOutcome(check):
            return check[:_LONGEST_UNIT]
        case Daily() | Value():
            return sample.source[:_LONGEST_UNIT]
        case _:
            return ""


def _to_json(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, NoData):
        return {"no_data": reading.reason, "kind": reading.kind.value}
    found = dataclasses.asdict(reading)
    if isinstance(reading, Daily):
        found |= {"day": reading.day.isoformat(), "same_weekday": list(reading.same_weekday)}
    return found


def _sample(row: sqlalchemy.RowMapping) -> Sample:
    interval = Interval(row["started_at"], row["ended_at"])
    return Sample(Signal(row["signal"]), Version.parse(row["version"]), interval, _reading(row["reading"]), row["source"])


def _reading(found: Mapping[str, Any]) -> Reading:
    """A reading as it was kept: each kind has fields that no other has."""
    if "no_data" in found:
        return NoData(found["no_data"], Absence(found.get("kind", Absence.NOTHING)))
    if "same_weekday" in found:
        return Daily(date.fromisoformat(found["day"]), found["value"], tuple(found["same_weekday"]), found["unit"])
    if "failures" in found:
        return Counted(**found)
    if "expected" in found:
        return Expected(**found)
    if "passed" in found:
        return CheckOutcome(**found)
    return Value(**found) if "value" in found else Events(**found)
