"""How the local Sentry keeps what it was sent: rows by release and minute, and sessions counted in cells of ten seconds.

A rehearsal holds tens of thousands of sessions and is asked every half second, so no question looks at all of them.
"""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

Field = str | float | int | bool | None

CELL_SECONDS = 10
STATUSES = ("healthy", "errored", "crashed", "abnormal", "unhandled")
_MINUTE = 60


@dataclasses.dataclass(frozen=True)
class Record:
    """One row of a dataset: an error event, a span or a metric, by the names that questions use."""

    moment: float
    """Seconds since 1970."""
    fields: Mapping[str, Field]

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.moment, UTC)

    @property
    def release(self) -> str:
        """The release that reported it; empty when it named none."""
        return str(self.fields.get("release") or "")

    @property
    def environment(self) -> str:
        """Where it was reported from."""
        return str(self.fields.get("environment") or "")

    @property
    def user(self) -> str | None:
        """The user's id, when it was told."""
        found = self.fields.get("user")
        return None if found is None else str(found)

    @property
    def message(self) -> str:
        """What an error said."""
        return str(self.fields.get("message") or "")

    @property
    def is_unhandled(self) -> bool:
        """Whether nobody caught it."""
        return self.fields.get("error.unhandled") is True


class Shelf:
    """Rows of one dataset."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, list[Record]]] = {}

    def add(self, record: Record) -> None:
        """Keep a row."""
        self._rows.setdefault(record.release, {}).setdefault(int(record.moment // _MINUTE), []).append(record)

    def all(self) -> list[Record]:
        """Every row."""
        return [record for minutes in self._rows.values() for rows in minutes.values() for record in rows]

    def between(self, start: float, end: float, releases: Collection[str] | None = None, prefix: str = "") -> Iterator[Record]:
        """Rows from ``start`` to ``end``, of some releases or of all, where their names begin so."""
        names = self._rows if releases is None else self._rows.keys() & set(releases)
        for release in [name for name in names if name.startswith(prefix)]:
            for minute, rows in self._rows[release].items():
                begins, ends = minute * _MINUTE, (minute + 1) * _MINUTE
                if start <= begins and ends <= end:
                    yield from rows
                elif begins < end and start < ends:
                    yield from (record for record in rows if start <= record.moment < end)


class Cell:
    """Sessions of one release and environment that started within the same ten seconds."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._users: dict[str, Counter[str]] = {status: Counter() for status in STATUSES}

    def add(self, status: str, user: str | None, count: int) -> None:
        """Count sessions; a negative count takes them out again, when one of them has become another."""
        self.counts[status] += count
        if user is not None:
            users = self._users[status]
            users[user] += count
            if users[user] <= 0:
                del users[user]

    def users(self, status: str) -> Collection[str]:
        """Who had a session of that status."""
        return self._users[status].keys()


def users_of(cells: Iterable[Cell], statuses: Iterable[str]) -> set[str]:
    """Everybody who had a session of one of the statuses."""
    wanted = tuple(statuses)
    return set[str]().union(*(cell.users(status) for cell in cells for status in wanted))


class SessionCells:
    """Sessions counted by release and environment, in cells of `CELL_SECONDS`."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], dict[int, Cell]] = {}

    def add(self, key: tuple[str, str], moment: float, status: str, user: str | None, count: int) -> None:
        """Count sessions of a release and environment."""
        number = int(moment // CELL_SECONDS)
        self._cells.setdefault(key, {}).setdefault(number, Cell()).add(status, user, count)

    def keys(self) -> list[tuple[str, str]]:
        """Every release and environment that has sent sessions."""
        return list(self._cells)

    def between(self, key: tuple[str, str], start: int, end: int) -> Iterator[tuple[int, Cell]]:
        """Its cells, each with the second at which it begins."""
        for number, cell in self._cells[key].items():
            if start <= number * CELL_SECONDS < end:
                yield number * CELL_SECONDS, cell
