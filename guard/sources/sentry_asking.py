"""Questions about one Sentry project: its scope of project, environment and time, and what counts as what in it."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from guard.errors import SourceError
from guard.model import Interval
from guard.sources.sentry_answers import Series, SessionsAnswer
from guard.sources.sentry_client import SentryClient
from guard.sources.sentry_transport import IntervalTooSmall, Parameters

MINUTE, HOUR, DAY = 60, 3600, 86_400
_STEPS = {"10s": 10, "1m": MINUTE, "1h": HOUR, "1d": DAY}
_MOST_STEPS = 1_900
"""Steps of a series of sessions: groups by status make five of them, and Sentry answers with 10,000 numbers at most."""


@dataclasses.dataclass(frozen=True)
class Watched:
    """What in the project's data says how the extension does; searches are in Sentry's own syntax."""

    counter: str = "ext.operation"
    """The counter that the extension adds one to for each thing it does."""
    outcome: str = "outcome"
    """The counter's attribute that says how it ended."""
    failed: Sequence[str] = ("error",)
    """The outcomes that are failures."""
    ignored: Sequence[str] = ("stale",)
    """Outcomes that count for nothing: what a content script of an older version does once Chrome has put the next one in its place."""
    operations: str = "is_transaction:true"
    """Which spans are things that the extension does."""
    requests: str = "span.op:http.client"
    """Which spans are requests to its backend."""
    slow_seconds: float = 3.0
    """An operation that takes longer is slow."""


@dataclasses.dataclass(frozen=True)
class Asking:
    """Asks about one project, in one environment or in all."""

    client: SentryClient
    organization: str
    project: str
    environment: str | None
    release_name: str
    """Template with ``{version}``."""
    watched: Watched = Watched()
    smallest: list[int] = dataclasses.field(default_factory=lambda: [MINUTE])
    """Seconds of the smallest steps of sessions that this Sentry was found to answer in; one number, which grows."""

    def release(self, version: object) -> str:
        """The name of a version's release."""
        return self.release_name.replace("{version}", str(version))

    def family(self) -> str:
        """A search for releases of this extension, whatever their version; empty when their names begin with nothing of their own."""
        prefix, _, suffix = self.release_name.partition("{version}")
        return f'release:"{_escaped(prefix)}*{_escaped(suffix)}"' if prefix else ""

    def events(self, dataset: str, fields: Sequence[str], query: str, interval: Interval) -> list[dict[str, Any]]:
        """Rows of a dataset. Sampled spans are counted as they are, since what was scaled up says less than it seems to.

        Raises:
            QuestionRefused: this Sentry has no such dataset, or does not know a field.
            SourceError: Sentry is out of reach or refused.
        """
        parameters = [
            ("dataset", dataset),
            *(("field", field) for field in fields),
            ("query", query),
            ("per_page", "100"),
            *self._scope(interval),
        ]
        if dataset != "errors":
            parameters.append(("disableAggregateExtrapolation", "1"))
        return self.client.events(self.organization, parameters).data

    def by_release(
        self, dataset: str, fields: Sequence[str], releases: Sequence[str], search: str, interval: Interval
    ) -> dict[str, list[dict[str, Any]]]:
        """Rows of a dataset for each of some releases, from one question; none for one that has reported nothing that fits.

        Raises:
            QuestionRefused: this Sentry has no such dataset, or does not know a field.
            SourceError: Sentry is out of reach or refused.
        """
        found: dict[str, list[dict[str, Any]]] = {release: [] for release in releases}
        for row in self.events(dataset, ["release", *fields], joined(search, of_releases(releases)), interval):
            found.setdefault(str(row.get("release")), []).append(row)
        return found

    def series(self, dataset: str, field: str, query: str, interval: Interval, step: int) -> Series | None:
        """A dataset counted in steps of ``step`` seconds; none when nothing matches. Sampled spans are scaled up.

        Raises:
            QuestionRefused: this Sentry has no such dataset, or does not know the field.
            SourceError: Sentry is out of reach or refused.
        """
        parameters = [("dataset", dataset), ("yAxis", field), ("query", query), ("interval", str(step)), *self._scope(interval)]
        found = self.client.timeseries(self.organization, parameters).series
        return found[0] if found else None

    def sessions(
        self, fields: Sequence[str], query: str, interval: Interval, *, by: Sequence[str] = (), step: int | None = None
    ) -> SessionsAnswer:
        """Sessions, in steps of the given seconds or of the smallest that suits the interval.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        groups = [("groupBy", name) for name in by]
        search = [("query", query)] if query else []
        for _ in _STEPS:
            seconds = max(step or self.session_step(interval), self.smallest[0])
            name = next(name for name, length in _STEPS.items() if length >= seconds)
            asked = [*(("field", field) for field in fields), ("interval", name), *groups, *search, *self._scope(interval)]
            try:
                return self.client.sessions(self.organization, asked)
            except IntervalTooSmall as error:
                self.smallest[0] = _STEPS[error.interval]  # remembered: this Sentry only answers in larger steps
        raise SourceError("Sentry does not answer about sessions in any step that was tried")

    def session_step(self, interval: Interval) -> int:
        """Seconds of a step of sessions in this interval."""
        length, steps = interval.length.total_seconds(), [step for step in _STEPS.values() if step >= self.smallest[0]]
        return next((step for step in steps if length <= step * _MOST_STEPS), DAY)

    def scope(self) -> Parameters:
        """The project and the environment."""
        scope = [("project", self.project)]
        return [*scope, ("environment", self.environment)] if self.environment else scope

    def _scope(self, interval: Interval) -> Parameters:
        return [*self.scope(), ("start", iso(interval.start)), ("end", iso(interval.end))]


def of_release(release: str) -> str:
    """A search for one release; whatever its name holds is only ever a name in it."""
    return f'release:"{_escaped(release)}"'


def of_releases(releases: Sequence[str]) -> str:
    """A search for any of some releases."""
    return " OR ".join(map(of_release, releases))


def joined(*searches: str) -> str:
    """Searches that must all hold. One with an OR in it stays one: it is put in parentheses."""
    return " ".join(f"({search})" if " OR " in search.upper() else search for search in searches if search)


def _escaped(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")


def iso(moment: datetime) -> str:
    """A time as Sentry takes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def steps_of(answer: SessionsAnswer, field: str, group: Mapping[str, str]) -> dict[int, float]:
    """A series of sessions by the second at which each step begins; groups that fit are added up."""
    found: dict[int, float] = {}
    for one in answer.groups:
        if any(one.by.get(name) != value for name, value in group.items()):
            continue
        for begins, value in zip(answer.intervals, one.series.get(field, ()), strict=False):
            second = int(begins.timestamp())
            found[second] = found.get(second, 0.0) + (value or 0.0)
    return found


def last_day(end: datetime) -> Interval:
    """The day before a moment."""
    return Interval(end - timedelta(days=1), end)
