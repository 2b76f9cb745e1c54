"""All versions together: whether far fewer reports come than at this time of other weeks, and how many used the extension yesterday."""

from datetime import UTC, date, datetime, timedelta

from guard.model import Absence, Daily, Expected, Interval, NoData, Reading
from guard.sources import sentences
from guard.sources.sentry_asking import DAY, Asking, steps_of
from guard.sources.sentry_buckets import AROUND, WEEK, Buckets, dispersion, expected, whole_steps
from guard.sources.sentry_counts import Denominator, Denominators
from guard.sources.sentry_transport import QuestionRefused

_WEEKS = 4
_FEWEST_WEEKS = 2
_AHEAD = timedelta(hours=2)
"""Earlier weeks are read so far past the present, so that they are read again only as often."""
_USERS = "count_unique(user)"


class Silence:
    """Reports of all versions, beside the same time of earlier weeks."""

    def __init__(self, asking: Asking, denominators: Denominators) -> None:
        self._asking = asking
        self._denominators = denominators
        self._weeks: dict[datetime, tuple[datetime, list[Buckets]]] = {}
        """Earlier weeks moved to the present, by the start of the interval; each with the moment until which they reach."""
        self._step = 0
        """Seconds of the steps that were last answered in."""
        self._told: tuple[tuple[Denominator, datetime, int], Reading] | None = None
        """What was read last, with the newest step that can have been part of it."""

    def read(self, interval: Interval) -> Reading:
        """Reports since the interval's start in whole steps, and how many are normal; asked again when another step is whole.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        kind = self._denominators.choose(interval)
        if kind is None:
            return NoData(sentences.NO_VERSION_HEARD.say())
        if self._told and self._told[0] == self._mark(kind, interval):
            return self._told[1]
        try:
            found = self._of(kind, interval)
        except QuestionRefused as refused:
            return NoData(sentences.NOT_BY_TIME.say(unit=kind.counts, error=refused), Absence.NOT_MEASURABLE)
        self._told = (self._mark(kind, interval), found)
        return found

    def _mark(self, kind: Denominator, interval: Interval) -> tuple[Denominator, datetime, int]:
        return kind, interval.start, int(interval.end.timestamp()) // self._step

    def _of(self, kind: Denominator, interval: Interval) -> Reading:
        now = kind.buckets(interval)
        self._step = now.step
        end = min(interval.end.timestamp(), now.complete_until)
        steps = whole_steps(Interval(interval.start, max(datetime.fromtimestamp(end, UTC), interval.start)), now.step)
        if steps.end <= steps.start:
            return NoData(sentences.NO_WHOLE_STEP.say(seconds=now.step), Absence.NOT_MEASURABLE)
        weeks = [week for week in self._earlier(kind, steps) if any(week.counts.values())]
        if len(weeks) < _FEWEST_WEEKS:
            return NoData(sentences.NO_HISTORY.say(weeks=len(weeks), most=_WEEKS, unit=kind.counts), Absence.NOT_MEASURABLE)
        return Expected(round(now.total(steps)), expected(weeks, steps, now.step), dispersion(weeks, steps))

    def _earlier(self, kind: Denominator, interval: Interval) -> list[Buckets]:
        """The same hours of earlier weeks, read once and again when the present has passed them."""
        until, weeks = self._weeks.get(interval.start, (interval.start, []))
        if interval.end + AROUND > until:
            until = interval.end + AROUND + _AHEAD
            start = interval.start - AROUND
            weeks = [kind.buckets(Interval(start - WEEK * k, until - WEEK * k)).shifted(WEEK * k) for k in range(1, _WEEKS + 1)]
            self._weeks = {interval.start: (until, weeks)}
        return weeks


class ActiveUsers:
    """Users of a day, beside the same weekday of earlier weeks."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._read: dict[date, Reading] = {}

    def read(self, interval: Interval) -> Reading:
        """Users of the newest whole day, when that is a day after the release; read once a day.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        today = interval.end.astimezone(UTC).date()
        if today <= interval.start.astimezone(UTC).date() + timedelta(days=1):
            return NoData(sentences.FIRST_DAY.say(), Absence.NOT_MEASURABLE)
        if today not in self._read:
            self._read = {today: self._of(today)}
        return self._read[today]

    def _of(self, today: date) -> Reading:
        midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
        range_ = Interval(midnight - timedelta(days=7 * _WEEKS + 1), midnight)
        answer = self._asking.sessions([_USERS], "", range_, step=DAY)
        users = {datetime.fromtimestamp(begins, UTC).date(): count for begins, count in steps_of(answer, _USERS, {}).items()}
        yesterday = today - timedelta(days=1)
        weeks = tuple(users.get(yesterday - WEEK * k, 0.0) for k in range(1, _WEEKS + 1))
        if not any((users.get(yesterday), *weeks)):
            return NoData(sentences.NO_USERS_BY_SESSIONS.say())
        return Daily(yesterday, users.get(yesterday, 0.0), tuple(week for week in weeks if week))
