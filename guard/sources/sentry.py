"""Sentry as a source: how much of what an extension does fails, how long it takes, what nobody caught, and whether anybody reports at all.

Totals since the release are read anew each time, so that a correction of the past is included at the next poll.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from guard.model import Absence, Counted, Events, Interval, NoData, Reading, Sample, Signal
from guard.sources import sentences
from guard.sources.sentry_answers import cell
from guard.sources.sentry_asking import MINUTE, Asking, Watched, iso, joined, of_release
from guard.sources.sentry_client import SentryClient
from guard.sources.sentry_counts import Counters, Denominator, Denominators
from guard.sources.sentry_overall import ActiveUsers, Silence
from guard.sources.sentry_sessions import Sessions
from guard.sources.sentry_spans import SpanCounts, Spans
from healthchecks.result import plain
from webstore.versions import Version

STALE = "Extension context invalidated"
"""What a content script of the version before says once Chrome has put the next one in its place: it rises with every release."""
FILTER_IS_ON = "Sentry's inbound filter for browser extensions is on: it drops this extension's errors; switch it off in the project"
NO_DENOMINATOR = sentences.ADVICE
_FILTER = "browser-extensions"
_MOST_TEXTS = 10
QUESTIONS_A_POLL = 8
"""At most, of an item whose release and baseline report steadily: one or two each for what is counted, for spans of operations and of
requests, one for errors, and one a minute for silence."""
OPERATIONS = "operations"
"""What spans of what the extension does are called."""

_Read = tuple[Signal, str, Reading]


class SentrySource:
    """One Sentry project, for one extension."""

    name = "sentry"
    signals: Sequence[Signal] = (Signal.ERROR_RATE, Signal.RESPONSE_TIME, Signal.EXTENSION_CRASHES, Signal.API_FAILURES)
    overall_signals: Sequence[Signal] = (Signal.ACTIVE_USERS, Signal.SILENCE)

    def __init__(
        self,
        client: SentryClient,
        *,
        organization: str,
        project: str,
        environment: str | None,
        release_name: str,
        settle: timedelta = timedelta(seconds=90),
        watched: Watched = Watched(),  # noqa: B008 - frozen
        step_seconds: int = MINUTE,
    ) -> None:
        """``release_name`` is a template with ``{version}``; ``settle`` is how long Sentry's newest data stays incomplete.

        ``step_seconds``: the smallest steps of sessions to ask for; where Sentry answers only in larger ones, those are taken.
        """
        self._asking = Asking(client, organization, project, environment, release_name, watched, [step_seconds])
        self._settle = settle
        self._operations = Spans(self._asking, watched.operations, OPERATIONS)
        self._requests = Spans(self._asking, watched.requests, "requests")
        self.denominators = Denominators([Counters(self._asking), self._operations, Sessions(self._asking)])
        """What failures are counted against, the best first."""
        self._silence = Silence(self._asking, self.denominators)
        self._active_users = ActiveUsers(self._asking)

    @property
    def asking(self) -> Asking:
        """The project as it is asked about."""
        return self._asking

    def probe(self) -> list[str]:
        """Ask once for anything at all, and whether Sentry throws extensions' errors away (it does so with a friendly answer).

        Raises:
            SourceError: Sentry is out of reach, or refused the token, the organization or the project.
        """
        client, organization, project = self._asking.client, self._asking.organization, self._asking.project
        client.sessions(organization, [("field", "sum(session)"), ("interval", "1h"), ("statsPeriod", "1d"), ("project", project)])
        return [FILTER_IS_ON] if client.filters(organization, project).get(_FILTER) is True else []

    def read(self, versions: Sequence[Version], interval: Interval) -> list[Sample]:
        """Shares of failures and of slow operations, and errors that nobody caught, since the interval's start; all versions at once.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        settled, named = self._settled(interval), {version: self._asking.release(version) for version in versions}
        heard = self._hear(list(dict.fromkeys(named.values())), settled)
        return [
            Sample(signal, version, settled, reading, source)
            for version, release in named.items()
            for signal, source, reading in _readings(release, heard)
        ]

    def read_overall(self, version: Version, interval: Interval) -> list[Sample]:
        """Reports of all versions since the interval's start, and users of the newest whole day.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        settled = self._settled(interval)
        users, reports = self._active_users.read(settled), self._silence.read(settled)
        chosen = self.denominators.choose(settled)
        return [
            Sample(Signal.ACTIVE_USERS, version, settled, users, Sessions.name),
            Sample(Signal.SILENCE, version, settled, reports, chosen.name if chosen else self.name),
        ]

    def error_texts(self, version: Version, interval: Interval) -> list[str]:
        """What the most frequent errors of a version say, without those that every update brings.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        found = self._asking.client.issues(
            self._asking.organization,
            [
                ("query", of_release(self._asking.release(version))),
                ("sort", "freq"),
                ("limit", str(_MOST_TEXTS)),
                ("start", iso(interval.start)),
                ("end", iso(interval.end)),
                *self._asking.scope(),
            ],
        )
        texts = (_text(issue.title, issue.metadata.get("value")) for issue in found)
        return [text for text in texts if text and STALE not in text]

    def _settled(self, interval: Interval) -> Interval:
        return Interval(interval.start, max(interval.end - self._settle, interval.start + timedelta(seconds=1)))

    def _hear(self, releases: Sequence[str], interval: Interval) -> "_Heard":
        chosen = self.denominators.choose(interval)
        spans = self._operations.measure(releases, interval, users=chosen is self._operations)
        counted: Mapping[str, Sequence[Counted]] = {}
        if chosen is self._operations:
            counted = {release: found.failed for release, found in spans.items()}
        elif chosen:
            counted = chosen.read(releases, interval)
        crashes = self._errors(releases, interval, "error.unhandled:true")
        silent = [release for release in releases if not crashes[release] and not counted.get(release)]
        errors = {**crashes, **(self._errors(silent, interval) if silent else {})}
        return _Heard(chosen, counted, spans, self._requests.measure(releases, interval), crashes, errors)

    def _errors(self, releases: Sequence[str], interval: Interval, more: str = "") -> dict[str, int]:
        """Errors of releases, without those that every update brings."""
        found = self._asking.by_release("errors", ["count()"], releases, joined(more, f'!message:"*{STALE}*"'), interval)
        return {release: sum(cell(row, "count()") for row in found[release]) for release in releases}


@dataclasses.dataclass(frozen=True)
class _Heard:
    """What Sentry says of some releases, each thing by release."""

    denominator: Denominator | None
    counted: Mapping[str, Sequence[Counted]]
    spans: Mapping[str, SpanCounts]
    requests: Mapping[str, SpanCounts]
    crashes: Mapping[str, int]
    errors: Mapping[str, int]
    """Asked for where nothing else was heard of a release; elsewhere its crashes."""


def _readings(release: str, heard: _Heard) -> Iterator[_Read]:
    chosen, counted, spans = heard.denominator, heard.counted.get(release, ()), heard.spans[release]
    crashes, errors = heard.crashes[release], heard.errors[release]
    for one in counted:
        yield Signal.ERROR_RATE, chosen.name if chosen else SentrySource.name, one
    if not counted and chosen:
        absent = NoData(sentences.NOTHING_YET.say(unit=chosen.counts, release=release))
        yield Signal.ERROR_RATE, chosen.name, absent
    elif not counted:
        yield Signal.ERROR_RATE, SentrySource.name, _without_denominator(release, errors)
    yield from _of_requests(heard.requests[release], release)
    yield Signal.RESPONSE_TIME, Spans.name, spans.slow or NoData(sentences.NONE_TOOK_TIME.say(unit=OPERATIONS, release=release))
    is_heard = bool(counted or spans.failed or errors)
    yield Signal.EXTENSION_CRASHES, "sentry errors", Events(crashes) if is_heard else NoData(sentences.NOT_HEARD.say(release=release))


def _without_denominator(release: str, errors: int) -> NoData:
    if not errors:
        return NoData(sentences.NOT_HEARD_IS_NO_HEALTH.say(release=release))
    return NoData(sentences.ERRORS_ALONE.say(errors=errors, release=release), Absence.NO_DENOMINATOR)


def _of_requests(spans: SpanCounts, release: str) -> Iterator[_Read]:
    for one in spans.failed:
        yield Signal.API_FAILURES, Spans.name, one
    if not spans.failed:
        yield Signal.API_FAILURES, Spans.name, NoData(sentences.NO_REQUESTS.say(release=release))


def _text(title: str, value: object) -> str:
    """Title and value, where the title does not hold it already."""
    title = plain(title)
    value = plain(value[:4000]) if isinstance(value, str) else ""
    return title if not value or value in title else plain(f"{title}: {value}")
