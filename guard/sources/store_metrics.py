"""The store itself as a source: users of a day, and what new reviews say. A number a day, so what was read is remembered for a while."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TypeVar

from guard.errors import SourceError, SourceRefused, SourceUnreachable
from guard.model import Absence, Counted, Daily, Interval, NoData, Reading, Sample, Signal
from guard.sources import sentences
from webstore.client import WebStoreClient
from webstore.models import Item, Metric, Review
from webstore.store_errors import CredentialsMissing, CredentialsRefused, ItemNotFound, StoreError, StoreUnreachable
from webstore.versions import Version

_REMEMBERED = timedelta(minutes=10)
_WEEKS = 8
_DAYS_LATE = 7
"""So many days the newest number may be old."""
_MOST_REVIEWS = 1_000
_FEW_STARS = 2

_Found = TypeVar("_Found")


class StoreMetrics:
    """One item of the store."""

    name = "store"
    signals: Sequence[Signal] = ()
    overall_signals: Sequence[Signal] = (Signal.ACTIVE_USERS, Signal.RATING)

    def __init__(self, store: Callable[[], WebStoreClient], item: Item, now: Callable[[], datetime]) -> None:
        """``store`` is only called when something is read; what was read is read again ten minutes later by ``now``."""
        self._store = store
        self._item = item
        self._now = now
        self._held: dict[str, tuple[datetime, object]] = {}

    def probe(self) -> list[str]:
        """The store is proved by what is published, not by its numbers: without those there is only less to judge by."""
        return []

    def read(self, versions: Sequence[Version], interval: Interval) -> list[Sample]:  # noqa: ARG002 - the store knows nothing of one version in time
        """Nothing: the store's numbers of a version come a day late."""
        return []

    def read_overall(self, version: Version, interval: Interval) -> list[Sample]:
        """Users of the newest whole day, and reviews since the interval's start.

        Raises:
            SourceError: the store cannot be read.
        """
        readings = {Signal.ACTIVE_USERS: self._active_users(interval), Signal.RATING: self._rating(interval)}
        return [Sample(signal, version, interval, reading, self.name) for signal, reading in readings.items()]

    def error_texts(self, version: Version, interval: Interval) -> list[str]:  # noqa: ARG002 - as above
        """Nothing: the store hears of no errors."""
        return []

    def active_users(self) -> int | None:
        """Users of the newest day that the store tells; none when it tells none.

        Raises:
            SourceError: the store cannot be read.
        """
        users = self._users()
        return users[max(users)] if users else None

    def _active_users(self, interval: Interval) -> Reading:
        first = interval.start.astimezone(UTC).date() + timedelta(days=1)
        if self._now().astimezone(UTC).date() <= first:
            return NoData(sentences.FIRST_DAY.say(), Absence.NOT_MEASURABLE)
        users = self._users()
        if not users:
            return NoData(sentences.STORE_TELLS_NO_USERS.say())
        day = max(users)
        if day < first:
            return NoData(sentences.STORE_IS_BEHIND.say(day=day, first=first), Absence.NOT_MEASURABLE)
        weeks = (users.get(day - timedelta(weeks=week)) for week in range(1, _WEEKS + 1))
        return Daily(day, users[day], tuple(float(week) for week in weeks if week))

    def _rating(self, interval: Interval) -> Reading:
        reviews = self._reviews(interval.start)
        if not reviews:
            return NoData(sentences.NO_REVIEWS.say())
        return Counted(sum(review.rating <= _FEW_STARS for review in reviews), len(reviews), "reviews")

    def _users(self) -> dict[date, int]:
        """Users by day; today is not over yet."""
        today = self._now().astimezone(UTC).date()
        first = today - timedelta(weeks=_WEEKS, days=_DAYS_LATE)
        rows = self._remembered("users", lambda: list(self._store().metrics(self._item, [Metric.USERS], first=first, last=today)))
        return {row.day: row.counts[Metric.USERS] for row in rows if Metric.USERS in row.counts and row.day < today}

    def _reviews(self, since: datetime) -> list[Review]:
        def read() -> list[Review]:
            found: list[Review] = []
            for review in islice(self._store().reviews(self._item), _MOST_REVIEWS):  # the newest first
                if review.created_at is not None and review.created_at < since:
                    break
                found.append(review)
            return [review for review in found if review.created_at is not None]

        return self._remembered(f"reviews since {since}", read)

    def _remembered(self, what: str, read: Callable[[], _Found]) -> _Found:
        """What was read, or how it was refused, within the last ten minutes; else it is read."""
        at, held = self._held.get(what, (None, None))
        if at is None or self._now() - at >= _REMEMBERED:
            try:
                held = read()
            except StoreError as error:
                held = _as_source_error(error)
                if not isinstance(held, SourceRefused):
                    raise held from error  # it passes: the next poll asks again
            self._held = {key: value for key, value in self._held.items() if self._now() - value[0] < _REMEMBERED}
            self._held[what] = (self._now(), held)
        if isinstance(held, SourceRefused):
            raise held
        return held  # pyright: ignore[reportReturnType] - it was read by the same name


def _as_source_error(error: StoreError) -> SourceError:
    kind = SourceError
    if isinstance(error, StoreUnreachable):
        kind = SourceUnreachable
    elif isinstance(error, CredentialsMissing | CredentialsRefused | ItemNotFound):
        kind = SourceRefused
    return kind(f"the store's numbers: {error}").advise(error.advice)
